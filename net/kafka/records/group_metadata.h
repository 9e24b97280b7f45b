// SPDX-License-Identifier: Apache-2.0
// A classic group in one generation, as __consumer_offsets keeps it.
//   v1 rebalance timeout   v2 when the state began   v3 static members   v4 flexible
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct GroupMetadataKey {
  std::string group;
  bool operator==(const GroupMetadataKey&) const = default;
};

template <>
struct Describe<GroupMetadataKey> {
  using M = GroupMetadataKey;
  static constexpr std::string_view name = "GroupMetadataKey";
  static constexpr std::int16_t type = 2;
  static constexpr auto fields = std::tuple{field("group", &M::group)};
};

struct GroupMetadataValue {
  struct MemberMetadata {
    std::string member_id;
    std::optional<std::string> group_instance_id;
    std::string client_id;
    std::string client_host;
    std::int32_t rebalance_timeout = -1;
    std::int32_t session_timeout = 0;
    Bytes subscription;
    Bytes assignment;
    bool operator==(const MemberMetadata&) const = default;
  };

  std::string protocol_type;
  std::int32_t generation = 0;
  std::optional<std::string> protocol;
  std::optional<std::string> leader;
  std::int64_t current_state_timestamp = -1;
  std::vector<MemberMetadata> members;
  bool operator==(const GroupMetadataValue&) const = default;
};

template <>
struct Describe<GroupMetadataValue::MemberMetadata> {
  using M = GroupMetadataValue::MemberMetadata;
  static constexpr auto fields =
      std::tuple{field("member_id", &M::member_id),
                 field("group_instance_id", &M::group_instance_id, {.in = since(3)}),
                 field("client_id", &M::client_id),
                 field("client_host", &M::client_host),
                 field("rebalance_timeout", &M::rebalance_timeout, {.in = since(1)}),
                 field("session_timeout", &M::session_timeout),
                 field("subscription", &M::subscription),
                 field("assignment", &M::assignment)};
};

template <>
struct Describe<GroupMetadataValue> {
  using M = GroupMetadataValue;
  static constexpr std::string_view name = "GroupMetadataValue";
  static constexpr Versions valid{0, 4}, flexible = since(4);
  static constexpr auto fields =
      std::tuple{field("protocol_type", &M::protocol_type),
                 field("generation", &M::generation),
                 field("protocol", &M::protocol),
                 field("leader", &M::leader),
                 field("current_state_timestamp", &M::current_state_timestamp, {.in = since(2)}),
                 field("members", &M::members)};
};

}  // namespace mq::kafka
