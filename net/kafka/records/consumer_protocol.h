// SPDX-License-Identifier: Apache-2.0
// What consumers say to each other through a classic group: the subscription a member joins with, and the
// assignment its leader gives it. Opaque to the protocol; never flexible, and newer versions only append.
//   v1 owned partitions   v2 generation   v3 rack
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ConsumerProtocolSubscription {
  struct TopicPartition {
    std::string topic;
    std::vector<std::int32_t> partitions;
    bool operator==(const TopicPartition&) const = default;
  };

  std::vector<std::string> topics;
  std::optional<Bytes> user_data;
  std::vector<TopicPartition> owned_partitions;
  std::int32_t generation_id = -1;
  std::optional<std::string> rack_id;
  bool operator==(const ConsumerProtocolSubscription&) const = default;
};

template <>
struct Describe<ConsumerProtocolSubscription::TopicPartition> {
  using M = ConsumerProtocolSubscription::TopicPartition;
  static constexpr auto fields = std::tuple{field("topic", &M::topic), field("partitions", &M::partitions)};
};

template <>
struct Describe<ConsumerProtocolSubscription> {
  using M = ConsumerProtocolSubscription;
  static constexpr std::string_view name = "ConsumerProtocolSubscription";
  static constexpr Versions valid{0, 3}, flexible = never;
  static constexpr bool grows_at_the_end = true;
  static constexpr auto fields = std::tuple{field("topics", &M::topics), field("user_data", &M::user_data),
                                            field("owned_partitions", &M::owned_partitions, {.in = since(1)}),
                                            field("generation_id", &M::generation_id, {.in = since(2)}),
                                            field("rack_id", &M::rack_id, {.in = since(3)})};
};

struct ConsumerProtocolAssignment {
  struct TopicPartition {
    std::string topic;
    std::vector<std::int32_t> partitions;
    bool operator==(const TopicPartition&) const = default;
  };

  std::vector<TopicPartition> assigned_partitions;
  std::optional<Bytes> user_data;
  bool operator==(const ConsumerProtocolAssignment&) const = default;
};

template <>
struct Describe<ConsumerProtocolAssignment::TopicPartition> {
  using M = ConsumerProtocolAssignment::TopicPartition;
  static constexpr auto fields = std::tuple{field("topic", &M::topic), field("partitions", &M::partitions)};
};

template <>
struct Describe<ConsumerProtocolAssignment> {
  using M = ConsumerProtocolAssignment;
  static constexpr std::string_view name = "ConsumerProtocolAssignment";
  static constexpr Versions valid{0, 3}, flexible = never;
  static constexpr bool grows_at_the_end = true;
  static constexpr auto fields =
      std::tuple{field("assigned_partitions", &M::assigned_partitions), field("user_data", &M::user_data)};
};

}  // namespace mq::kafka
