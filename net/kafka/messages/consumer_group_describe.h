// SPDX-License-Identifier: Apache-2.0
// ConsumerGroupDescribe: consumer groups (KIP-848) and their members. Flexible from the start.
//   v1 member type
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ConsumerGroupDescribeRequest {
  std::vector<std::string> group_ids;
  bool include_authorized_operations = false;
  bool operator==(const ConsumerGroupDescribeRequest&) const = default;
};

template <>
struct Describe<ConsumerGroupDescribeRequest> {
  using M = ConsumerGroupDescribeRequest;
  static constexpr std::string_view name = "ConsumerGroupDescribeRequest";
  static constexpr std::int16_t key = 69;
  static constexpr Versions valid{0, 1}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("group_ids", &M::group_ids),
                 field("include_authorized_operations", &M::include_authorized_operations)};
};

struct ConsumerGroupDescribeResponse {
  struct TopicPartitions {
    Uuid topic_id{};
    std::string topic_name;
    std::vector<std::int32_t> partitions;
    bool operator==(const TopicPartitions&) const = default;
  };

  struct Assignment {
    std::vector<TopicPartitions> topic_partitions;
    bool operator==(const Assignment&) const = default;
  };

  struct Member {
    std::string member_id;
    std::optional<std::string> instance_id;
    std::optional<std::string> rack_id;
    std::int32_t member_epoch = 0;
    std::string client_id;
    std::string client_host;
    std::vector<std::string> subscribed_topic_names;
    std::optional<std::string> subscribed_topic_regex;
    Assignment assignment;
    Assignment target_assignment;
    std::int8_t member_type = -1;
    bool operator==(const Member&) const = default;
  };

  struct DescribedGroup {
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    std::string group_id;
    std::string group_state;
    std::int32_t group_epoch = 0;
    std::int32_t assignment_epoch = 0;
    std::string assignor_name;
    std::vector<Member> members;
    std::int32_t authorized_operations = -2147483648;
    bool operator==(const DescribedGroup&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<DescribedGroup> groups;
  bool operator==(const ConsumerGroupDescribeResponse&) const = default;
};

template <>
struct Describe<ConsumerGroupDescribeResponse::TopicPartitions> {
  using M = ConsumerGroupDescribeResponse::TopicPartitions;
  static constexpr auto fields =
      std::tuple{field("topic_id", &M::topic_id), field("topic_name", &M::topic_name),
                 field("partitions", &M::partitions)};
};

template <>
struct Describe<ConsumerGroupDescribeResponse::Assignment> {
  using M = ConsumerGroupDescribeResponse::Assignment;
  static constexpr auto fields = std::tuple{field("topic_partitions", &M::topic_partitions)};
};

template <>
struct Describe<ConsumerGroupDescribeResponse::Member> {
  using M = ConsumerGroupDescribeResponse::Member;
  static constexpr auto fields = std::tuple{field("member_id", &M::member_id),
                                            field("instance_id", &M::instance_id),
                                            field("rack_id", &M::rack_id),
                                            field("member_epoch", &M::member_epoch),
                                            field("client_id", &M::client_id),
                                            field("client_host", &M::client_host),
                                            field("subscribed_topic_names", &M::subscribed_topic_names),
                                            field("subscribed_topic_regex", &M::subscribed_topic_regex),
                                            field("assignment", &M::assignment),
                                            field("target_assignment", &M::target_assignment),
                                            field("member_type", &M::member_type, {.in = since(1)})};
};

template <>
struct Describe<ConsumerGroupDescribeResponse::DescribedGroup> {
  using M = ConsumerGroupDescribeResponse::DescribedGroup;
  static constexpr auto fields = std::tuple{field("error_code", &M::error_code),
                                            field("error_message", &M::error_message),
                                            field("group_id", &M::group_id),
                                            field("group_state", &M::group_state),
                                            field("group_epoch", &M::group_epoch),
                                            field("assignment_epoch", &M::assignment_epoch),
                                            field("assignor_name", &M::assignor_name),
                                            field("members", &M::members),
                                            field("authorized_operations", &M::authorized_operations)};
};

template <>
struct Describe<ConsumerGroupDescribeResponse> {
  using M = ConsumerGroupDescribeResponse;
  static constexpr std::string_view name = "ConsumerGroupDescribeResponse";
  static constexpr std::int16_t key = 69;
  static constexpr Versions valid{0, 1}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("groups", &M::groups)};
};

}  // namespace mq::kafka
