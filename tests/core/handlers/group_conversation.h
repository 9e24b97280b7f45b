// SPDX-License-Identifier: Apache-2.0
// What a client says to be a member of a classic group, to commit and to look at groups.
#pragma once

#include "net/kafka/records/consumer_protocol.h"
#include "net/kafka/records/framing.h"
#include "tests/core/handlers/conversation.h"

namespace mq::core {

inline kafka::Bytes owned(std::string_view text) {
  const auto bytes = bytes_of(text);
  return {bytes.begin(), bytes.end()};
}
inline std::string text_of(const kafka::Bytes& bytes) {
  return core::text_of(net::Bytes(bytes));
}
inline kafka::Bytes subscription(std::vector<std::string> topics) {
  kafka::ConsumerProtocolSubscription said;
  said.topics = std::move(topics);
  return kafka::encode_value(said, 1);
}

class GroupsTest : public Conversation {
 protected:
  static kafka::JoinGroupRequest join_request(const std::string& group, const std::string& member = "") {
    kafka::JoinGroupRequest request;
    request.group_id = group;
    request.session_timeout_ms = 10'000;
    request.rebalance_timeout_ms = 10'000;
    request.member_id = member;
    request.protocol_type = "consumer";
    request.protocols.push_back({"range", subscription({"t"})});
    return request;
  }
  static kafka::SyncGroupRequest sync_request(const std::string& group,
                                              const kafka::JoinGroupResponse& joined,
                                              std::vector<std::pair<std::string, std::string>> work = {}) {
    kafka::SyncGroupRequest request;
    request.group_id = group;
    request.generation_id = joined.generation_id;
    request.member_id = joined.member_id;
    request.protocol_type = "consumer";
    request.protocol_name = joined.protocol_name;
    for (auto& [member, what] : work) request.assignments.push_back({member, owned(what)});
    return request;
  }
  // The only member of a stable group.
  kafka::JoinGroupResponse alone(const std::string& group) {
    auto request = join_request(group);
    auto joined = wire->call<kafka::JoinGroupResponse>(request, 3);
    EXPECT_EQ(joined.error_code, 0);
    const auto synced =
        wire->call<kafka::SyncGroupResponse>(sync_request(group, joined, {{joined.member_id, "work"}}), 5);
    EXPECT_EQ(synced.error_code, 0);
    EXPECT_EQ(text_of(synced.assignment), "work");
    return joined;
  }
  std::int16_t heartbeat(const std::string& group, const kafka::JoinGroupResponse& as) {
    kafka::HeartbeatRequest request;
    request.group_id = group;
    request.generation_id = as.generation_id;
    request.member_id = as.member_id;
    return wire->call<kafka::HeartbeatResponse>(request, 4).error_code;
  }
  struct Committing {
    std::string group = "g", topic = "t";
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::optional<std::string> metadata = std::nullopt;
    std::string member = "";
    std::int32_t generation = -1;
    kafka::Version version = 8;
  };
  std::int16_t commit(const Committing& what) {
    kafka::OffsetCommitRequest request;
    request.group_id = what.group;
    request.member_id = what.member;
    request.generation_id_or_member_epoch = what.generation;
    auto& topic = request.topics.emplace_back();
    topic.name = what.topic;
    topic.partitions.push_back({what.partition, what.offset, 3, what.metadata});
    return wire->call<kafka::OffsetCommitResponse>(request, what.version)
        .topics.at(0)
        .partitions.at(0)
        .error_code;
  }
  kafka::OffsetFetchResponse::OffsetFetchResponsePartition committed(const std::string& group,
                                                                     std::int32_t partition = 0) {
    kafka::OffsetFetchRequest request;
    request.group_id = group;
    auto& topic = request.topics.emplace().emplace_back();
    topic.name = "t";
    topic.partition_indexes = {partition};
    return wire->call<kafka::OffsetFetchResponse>(request, 7).topics.at(0).partitions.at(0);
  }
  // group → "type state"
  std::map<std::string, std::string> groups(std::vector<std::string> states = {},
                                            std::vector<std::string> types = {}) {
    kafka::ListGroupsRequest request;
    request.states_filter = std::move(states);
    request.types_filter = std::move(types);
    std::map<std::string, std::string> listed;
    for (const auto& group : wire->call<kafka::ListGroupsResponse>(request, 5).groups)
      listed[group.group_id] = group.protocol_type + " " + group.group_state + " " + group.group_type;
    return listed;
  }
  kafka::DescribeGroupsResponse::DescribedGroup describe(const std::string& group,
                                                         kafka::Version version = 5) {
    kafka::DescribeGroupsRequest request;
    request.groups = {group};
    return wire->call<kafka::DescribeGroupsResponse>(request, version).groups.at(0);
  }
  std::int16_t remove(const std::string& group) {
    kafka::DeleteGroupsRequest request;
    request.groups_names = {group};
    return wire->call<kafka::DeleteGroupsResponse>(request, 2).results.at(0).error_code;
  }
  // A restart loads what the log remembers; until then clients are told to wait.
  void restart() {
    start();
    for (;;) {
      const auto answer = wire->call<kafka::ListGroupsResponse>(kafka::ListGroupsRequest{}, 4);
      if (answer.error_code == 0) return;
      ASSERT_EQ(answer.error_code, code(Error::coordinator_load_in_progress));
    }
  }
};

}  // namespace mq::core
