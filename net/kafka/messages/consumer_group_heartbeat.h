// SPDX-License-Identifier: Apache-2.0
// ConsumerGroupHeartbeat: all that a member of a consumer group (KIP-848) ever says and hears: it joins,
// owns, gives up, leaves; the coordinator assigns. Null means unchanged. Flexible from the start.
//   v1 members choose their ids, subscriptions by regular expression
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ConsumerGroupHeartbeatRequest {
  struct TopicPartitions {
    Uuid topic_id{};
    std::vector<std::int32_t> partitions;
    bool operator==(const TopicPartitions&) const = default;
  };

  std::string group_id;
  std::string member_id;
  std::int32_t member_epoch = 0;
  std::optional<std::string> instance_id;
  std::optional<std::string> rack_id;
  std::int32_t rebalance_timeout_ms = -1;
  std::optional<std::vector<std::string>> subscribed_topic_names;
  std::optional<std::string> subscribed_topic_regex;
  std::optional<std::string> server_assignor;
  std::optional<std::vector<TopicPartitions>> topic_partitions;
  bool operator==(const ConsumerGroupHeartbeatRequest&) const = default;
};

template <>
struct Describe<ConsumerGroupHeartbeatRequest::TopicPartitions> {
  using M = ConsumerGroupHeartbeatRequest::TopicPartitions;
  static constexpr auto fields =
      std::tuple{field("topic_id", &M::topic_id), field("partitions", &M::partitions)};
};

template <>
struct Describe<ConsumerGroupHeartbeatRequest> {
  using M = ConsumerGroupHeartbeatRequest;
  static constexpr std::string_view name = "ConsumerGroupHeartbeatRequest";
  static constexpr std::int16_t key = 68;
  static constexpr Versions valid{0, 1}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("group_id", &M::group_id),
                 field("member_id", &M::member_id),
                 field("member_epoch", &M::member_epoch),
                 field("instance_id", &M::instance_id),
                 field("rack_id", &M::rack_id),
                 field("rebalance_timeout_ms", &M::rebalance_timeout_ms),
                 field("subscribed_topic_names", &M::subscribed_topic_names),
                 field("subscribed_topic_regex", &M::subscribed_topic_regex, {.in = since(1)}),
                 field("server_assignor", &M::server_assignor),
                 field("topic_partitions", &M::topic_partitions)};
};

struct ConsumerGroupHeartbeatResponse {
  struct TopicPartitions {
    Uuid topic_id{};
    std::vector<std::int32_t> partitions;
    bool operator==(const TopicPartitions&) const = default;
  };

  struct Assignment {
    std::vector<TopicPartitions> topic_partitions;
    bool operator==(const Assignment&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::optional<std::string> error_message;
  std::optional<std::string> member_id;
  std::int32_t member_epoch = 0;
  std::int32_t heartbeat_interval_ms = 0;
  std::optional<Assignment> assignment;
  bool operator==(const ConsumerGroupHeartbeatResponse&) const = default;
};

template <>
struct Describe<ConsumerGroupHeartbeatResponse::TopicPartitions> {
  using M = ConsumerGroupHeartbeatResponse::TopicPartitions;
  static constexpr auto fields =
      std::tuple{field("topic_id", &M::topic_id), field("partitions", &M::partitions)};
};

template <>
struct Describe<ConsumerGroupHeartbeatResponse::Assignment> {
  using M = ConsumerGroupHeartbeatResponse::Assignment;
  static constexpr auto fields = std::tuple{field("topic_partitions", &M::topic_partitions)};
};

template <>
struct Describe<ConsumerGroupHeartbeatResponse> {
  using M = ConsumerGroupHeartbeatResponse;
  static constexpr std::string_view name = "ConsumerGroupHeartbeatResponse";
  static constexpr std::int16_t key = 68;
  static constexpr Versions valid{0, 1}, flexible = always;
  static constexpr auto fields = std::tuple{field("throttle_time_ms", &M::throttle_time_ms),
                                            field("error_code", &M::error_code),
                                            field("error_message", &M::error_message),
                                            field("member_id", &M::member_id),
                                            field("member_epoch", &M::member_epoch),
                                            field("heartbeat_interval_ms", &M::heartbeat_interval_ms),
                                            field("assignment", &M::assignment)};
};

}  // namespace mq::kafka
