// SPDX-License-Identifier: Apache-2.0
// Groups as clients see them: one broker, real sockets, several connections.
#include <gmock/gmock.h>

#include <random>

#include "net/kafka/records/consumer_protocol.h"
#include "net/kafka/records/framing.h"
#include "tests/core/handlers/conversation.h"

namespace mq::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

kafka::Bytes owned(std::string_view text) {
  const auto bytes = bytes_of(text);
  return {bytes.begin(), bytes.end()};
}
std::string text_of(const kafka::Bytes& bytes) {
  return core::text_of(net::Bytes(bytes));
}
kafka::Bytes subscription(std::vector<std::string> topics) {
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

TEST_F(GroupsTest, ThisBrokerCoordinatesEveryGroup) {
  kafka::FindCoordinatorRequest request;
  request.key = "g";
  for (const kafka::Version version : {0, 2, 3}) {
    const auto found = wire->call<kafka::FindCoordinatorResponse>(request, version);
    EXPECT_EQ(found.error_code, 0);
    EXPECT_EQ(found.port, broker->port());
  }
  request.coordinator_keys = {"a", "b", "a"};
  const auto found = wire->call<kafka::FindCoordinatorResponse>(request, 4);
  ASSERT_EQ(found.coordinators.size(), 3u) << "one answer for each key";
  EXPECT_EQ(found.coordinators[1].key, "b");
  EXPECT_EQ(found.coordinators[1].port, broker->port());
  request.key_type = 9;
  EXPECT_EQ(wire->call<kafka::FindCoordinatorResponse>(request, 4).coordinators.at(0).error_code,
            code(Error::invalid_request));
}

TEST_F(GroupsTest, AMemberJoinsSyncsBeatsAndLeaves) {
  const auto joined = alone("g");
  EXPECT_EQ(joined.leader, joined.member_id);
  EXPECT_TRUE(joined.member_id.starts_with("test-"));
  EXPECT_EQ(heartbeat("g", joined), 0);
  EXPECT_THAT(groups(), ElementsAre(std::pair("g", "consumer Stable classic")));
  const auto described = describe("g");
  ASSERT_EQ(described.members.size(), 1u);
  EXPECT_EQ(described.members[0].client_id, "test");
  EXPECT_EQ(described.members[0].client_host, "/127.0.0.1");
  EXPECT_EQ(text_of(described.members[0].member_assignment), "work");
  EXPECT_EQ(described.protocol_data, "range");

  kafka::LeaveGroupRequest leave;
  leave.group_id = "g";
  leave.members.push_back({joined.member_id, {}, {}});
  EXPECT_EQ(wire->call<kafka::LeaveGroupResponse>(leave, 4).members.at(0).error_code, 0);
  EXPECT_EQ(heartbeat("g", joined), code(Error::unknown_member_id));
  EXPECT_THAT(groups(), ElementsAre(std::pair("g", "consumer Empty classic")));
}

TEST_F(GroupsTest, AJoinThatWaitsDoesNotKeepOthersWaiting) {
  const auto first = alone("g");
  Wire second = broker->connect();
  second.send(join_request("g"), 3);
  while (heartbeat("g", first) == 0) {
  }
  EXPECT_EQ(heartbeat("g", first), code(Error::rebalance_in_progress));
  const auto again = wire->call<kafka::JoinGroupResponse>(join_request("g", first.member_id), 3);
  const auto joined = second.receive<kafka::JoinGroupResponse>(3);
  EXPECT_EQ(again.members.size(), 2u);
  EXPECT_EQ(joined.generation_id, again.generation_id);
  EXPECT_EQ(joined.leader, first.member_id);
}

TEST_F(GroupsTest, AClientThatGoesWhileItJoinsDoesNotHoldUpTheGroupForEver) {
  const auto first = alone("g");
  {
    Wire second = broker->connect();
    second.send(join_request("g"), 3);
    while (heartbeat("g", first) == 0) {
    }
  }
  auto request = join_request("g", first.member_id);
  const auto again = wire->call<kafka::JoinGroupResponse>(request, 3);
  EXPECT_EQ(again.error_code, 0);
  EXPECT_EQ(again.members.size(), 2u) << "nobody could know that it is gone";
}

TEST_F(GroupsTest, MembersAreRefusedForTheRightReason) {
  auto request = join_request("");
  EXPECT_EQ(wire->call<kafka::JoinGroupResponse>(request, 5).error_code, code(Error::invalid_group_id));
  request = join_request("g");
  request.session_timeout_ms = 10;
  EXPECT_EQ(wire->call<kafka::JoinGroupResponse>(request, 5).error_code,
            code(Error::invalid_session_timeout));
  request.session_timeout_ms = 10'000'000;
  EXPECT_EQ(wire->call<kafka::JoinGroupResponse>(request, 5).error_code,
            code(Error::invalid_session_timeout));
  request = join_request("g", "nobody");
  EXPECT_EQ(wire->call<kafka::JoinGroupResponse>(request, 5).error_code, code(Error::unknown_member_id));
  request = join_request("g");
  request.protocols.clear();
  const auto refused = wire->call<kafka::JoinGroupResponse>(request, 5);
  EXPECT_EQ(refused.error_code, code(Error::inconsistent_group_protocol));
  EXPECT_EQ(refused.protocol_name, "") << "no null for clients before version 7";
  EXPECT_THAT(groups(), IsEmpty()) << "a name that was only mentioned is no group";

  const auto asked = wire->call<kafka::JoinGroupResponse>(join_request("g"), 4);
  EXPECT_EQ(asked.error_code, code(Error::member_id_required));
  EXPECT_EQ(wire->call<kafka::JoinGroupResponse>(join_request("g", asked.member_id), 4).error_code, 0);

  kafka::SyncGroupRequest sync;
  sync.group_id = "other";
  EXPECT_EQ(wire->call<kafka::SyncGroupResponse>(sync, 3).error_code, code(Error::unknown_member_id));
  EXPECT_EQ(wire->call<kafka::SyncGroupResponse>(sync, 5).error_code,
            code(Error::inconsistent_group_protocol));
  kafka::LeaveGroupRequest leave;
  leave.group_id = "other";
  leave.member_id = "nobody";
  EXPECT_EQ(wire->call<kafka::LeaveGroupResponse>(leave, 2).error_code, code(Error::unknown_member_id));
  leave.group_id = "";
  EXPECT_EQ(wire->call<kafka::LeaveGroupResponse>(leave, 3).error_code, code(Error::invalid_group_id));
}

TEST_F(GroupsTest, MembersAreStillMembersAfterARestart) {
  const auto joined = alone("g");
  restart();
  EXPECT_EQ(heartbeat("g", joined), 0);
  EXPECT_EQ(text_of(describe("g").members.at(0).member_assignment), "work");
  const auto synced = wire->call<kafka::SyncGroupResponse>(sync_request("g", joined), 5);
  EXPECT_EQ(text_of(synced.assignment), "work");
}

// ---- offsets

TEST_F(GroupsTest, WhatIsCommittedIsFetchedByteForByteAlsoAfterARestart) {
  create("t", 3);
  const std::string odd("a\0\xff z", 6);
  EXPECT_EQ(commit({.offset = 7, .metadata = odd}), 0);
  EXPECT_EQ(commit({.partition = 1, .offset = 8}), 0);
  EXPECT_EQ(commit({.partition = 1, .offset = 5}), 0) << "back is allowed";
  for (const bool again : {false, true}) {
    if (again) restart();
    EXPECT_EQ(committed("g").committed_offset, 7);
    EXPECT_EQ(committed("g").metadata, odd);
    EXPECT_EQ(committed("g").committed_leader_epoch, 3);
    EXPECT_EQ(committed("g", 1).committed_offset, 5);
    EXPECT_EQ(committed("g", 1).metadata, "") << "null is stored as empty";
    EXPECT_EQ(committed("g", 2).committed_offset, -1);
    EXPECT_EQ(committed("g", 2).error_code, 0);
    EXPECT_EQ(committed("unknown").committed_offset, -1);
    EXPECT_THAT(groups(), ElementsAre(std::pair("g", " Empty classic")));
  }
  kafka::OffsetFetchRequest all;
  all.group_id = "g";
  EXPECT_EQ(wire->call<kafka::OffsetFetchResponse>(all, 2).topics.at(0).partitions.size(), 2u);
  all.groups.emplace_back().group_id = "g";
  all.groups.emplace_back().group_id = "unknown";
  const auto answer = wire->call<kafka::OffsetFetchResponse>(all, 8);
  EXPECT_EQ(answer.groups.at(0).topics.at(0).partitions.size(), 2u);
  EXPECT_EQ(answer.groups.at(1).error_code, 0);
  EXPECT_THAT(answer.groups.at(1).topics, IsEmpty());
}

TEST_F(GroupsTest, TopicsAreNamedByIdInNewVersions) {
  const auto id = create("t").topic_id;
  kafka::OffsetCommitRequest request;
  request.group_id = "g";
  auto& topic = request.topics.emplace_back();
  topic.topic_id = id;
  topic.partitions.push_back({0, 12, -1, "m"});
  request.topics.emplace_back().topic_id = {std::byte{1}};
  request.topics.back().partitions.push_back({0, 1, -1, {}});
  const auto answer = wire->call<kafka::OffsetCommitResponse>(request, 10);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, 0);
  EXPECT_EQ(answer.topics.at(1).partitions.at(0).error_code, code(Error::unknown_topic_id));
  kafka::OffsetFetchRequest fetch;
  auto& group = fetch.groups.emplace_back();
  group.group_id = "g";
  auto& wanted = group.topics.emplace().emplace_back();
  wanted.topic_id = id;
  wanted.partition_indexes = {0};
  const auto fetched = wire->call<kafka::OffsetFetchResponse>(fetch, 10).groups.at(0).topics.at(0);
  EXPECT_EQ(fetched.topic_id, id);
  EXPECT_EQ(fetched.partitions.at(0).committed_offset, 12);
}

TEST_F(GroupsTest, ATopicThatWasCreatedAnewIsAnotherOne) {
  const auto before = create("t").topic_id;
  const auto commit_by_id = [&](const Uuid& id, std::int64_t offset) {
    kafka::OffsetCommitRequest request;
    request.group_id = "g";
    request.topics.emplace_back().topic_id = id;
    request.topics.back().partitions.push_back({0, offset, -1, {}});
    return wire->call<kafka::OffsetCommitResponse>(request, 10).topics.at(0).partitions.at(0).error_code;
  };
  const auto fetch_by_id = [&](const Uuid& id) {
    kafka::OffsetFetchRequest request;
    auto& asked = request.groups.emplace_back();
    asked.group_id = "g";
    asked.topics.emplace().emplace_back().topic_id = id;
    asked.topics->back().partition_indexes = {0};
    const auto answer = wire->call<kafka::OffsetFetchResponse>(request, 10);
    return answer.groups.at(0).topics.at(0).partitions.at(0);
  };
  EXPECT_EQ(commit_by_id(before, 5), 0);
  kafka::DeleteTopicsRequest request;
  request.topic_names = {"t"};
  request.timeout_ms = 1000;
  EXPECT_EQ(wire->call<kafka::DeleteTopicsResponse>(request, 3).responses.at(0).error_code, 0);
  const auto now = create("t").topic_id;
  EXPECT_EQ(commit_by_id(before, 6), code(Error::unknown_topic_id));
  EXPECT_EQ(fetch_by_id(before).error_code, code(Error::unknown_topic_id));
  EXPECT_EQ(fetch_by_id(before).committed_offset, -1);
  EXPECT_EQ(fetch_by_id(now).error_code, 0);
  EXPECT_EQ(fetch_by_id(now).committed_offset, -1);
  EXPECT_EQ(commit_by_id(now, 1), 0);
  EXPECT_EQ(fetch_by_id(now).committed_offset, 1);
}

TEST_F(GroupsTest, CommitsAreRefusedForTheRightReason) {
  create("t");
  EXPECT_EQ(commit({.topic = "unknown"}), code(Error::unknown_topic_or_partition));
  EXPECT_EQ(commit({.partition = 1}), code(Error::unknown_topic_or_partition));
  EXPECT_EQ(commit({.metadata = std::string(4097, 'x')}), code(Error::offset_metadata_too_large));
  EXPECT_EQ(commit({.metadata = std::string(4096, 'x')}), 0);
  EXPECT_EQ(commit({.group = "new", .generation = 1}), code(Error::illegal_generation));
  EXPECT_EQ(commit({.group = "new", .generation = 1, .version = 9}), code(Error::group_id_not_found));
  EXPECT_EQ(commit({.group = "", .version = 9}), code(Error::invalid_group_id));
  EXPECT_EQ(commit({.group = "", .version = 8}), 0) << "old consumers without a group";
  const auto joined = alone("members");
  const auto as = [&](std::string member, std::int32_t generation) {
    return commit({.group = "members", .offset = 1, .member = std::move(member), .generation = generation});
  };
  EXPECT_EQ(as(joined.member_id, joined.generation_id), 0);
  EXPECT_EQ(as(joined.member_id, joined.generation_id + 1), code(Error::illegal_generation));
  EXPECT_EQ(as("nobody", joined.generation_id), code(Error::unknown_member_id));
  EXPECT_EQ(as("", -1), code(Error::unknown_member_id)) << "only members, while there are some";
}

TEST_F(GroupsTest, OffsetsGoWithTheirTopic) {
  create("t", 2);
  commit({.offset = 5});
  kafka::DeleteTopicsRequest request;
  request.topic_names = {"t"};
  request.timeout_ms = 1000;
  EXPECT_EQ(wire->call<kafka::DeleteTopicsResponse>(request, 3).responses.at(0).error_code, 0);
  create("t", 2);
  EXPECT_EQ(committed("g").committed_offset, -1) << "at once";
  restart();
  EXPECT_EQ(committed("g").committed_offset, -1);
}

TEST_F(GroupsTest, OffsetsAreDeletedUnlessTheyAreInUse) {
  create("t", 2);
  create("other");
  const auto joined = alone("g");
  for (const char* topic : {"t", "other"})
    EXPECT_EQ(
        commit({.topic = topic, .offset = 5, .member = joined.member_id, .generation = joined.generation_id}),
        0);
  kafka::OffsetDeleteRequest request;
  request.group_id = "g";
  for (const char* name : {"t", "other", "unknown"}) {
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.partitions.push_back({0});
  }
  const auto answer = wire->call<kafka::OffsetDeleteResponse>(request, 0);
  EXPECT_EQ(answer.error_code, 0);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, code(Error::group_subscribed_to_topic));
  EXPECT_EQ(answer.topics.at(1).partitions.at(0).error_code, 0);
  EXPECT_EQ(answer.topics.at(2).partitions.at(0).error_code, code(Error::unknown_topic_or_partition));
  kafka::OffsetFetchRequest all;
  all.group_id = "g";
  EXPECT_EQ(wire->call<kafka::OffsetFetchResponse>(all, 2).topics.size(), 1u);
  request.group_id = "unknown";
  EXPECT_EQ(wire->call<kafka::OffsetDeleteResponse>(request, 0).error_code, code(Error::group_id_not_found));
}

TEST_F(GroupsTest, WhatNobodyCanReadCountsAsASubscriptionToEverything) {
  create("t");
  auto request = join_request("g");
  request.protocols.at(0).metadata = owned("\xff\xff not a subscription");
  const auto joined = wire->call<kafka::JoinGroupResponse>(request, 3);
  EXPECT_EQ(wire->call<kafka::SyncGroupResponse>(sync_request("g", joined), 5).error_code, 0);
  EXPECT_EQ(commit({.offset = 5, .member = joined.member_id, .generation = joined.generation_id}), 0);
  kafka::OffsetDeleteRequest remove_offsets;
  remove_offsets.group_id = "g";
  remove_offsets.topics.emplace_back().name = "t";
  remove_offsets.topics.back().partitions.push_back({0});
  EXPECT_EQ(
      wire->call<kafka::OffsetDeleteResponse>(remove_offsets, 0).topics.at(0).partitions.at(0).error_code,
      code(Error::group_subscribed_to_topic));
}

TEST_F(GroupsTest, DuplicatesInARequestAreAnsweredOneByOne) {
  create("t");
  kafka::OffsetCommitRequest request;
  request.group_id = "g";
  for (std::int64_t offset : {5, 6}) {
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    topic.partitions.push_back({0, offset, -1, {}});
    topic.partitions.push_back({0, offset + 2, -1, {}});
  }
  const auto answer = wire->call<kafka::OffsetCommitResponse>(request, 8);
  ASSERT_EQ(answer.topics.size(), 2u);
  EXPECT_EQ(answer.topics[1].partitions.size(), 2u);
  EXPECT_EQ(committed("g").committed_offset, 8) << "the last one counts";

  kafka::LeaveGroupRequest leave;
  leave.group_id = "m";
  const auto joined = alone("m");
  leave.members = {{joined.member_id, {}, {}}, {joined.member_id, {}, {}}};
  const auto left = wire->call<kafka::LeaveGroupResponse>(leave, 4);
  EXPECT_EQ(left.members.at(0).error_code, 0);
  EXPECT_EQ(left.members.at(1).error_code, code(Error::unknown_member_id));

  kafka::DeleteGroupsRequest remove_groups;
  remove_groups.groups_names = {"g", "g", ""};
  const auto removed = wire->call<kafka::DeleteGroupsResponse>(remove_groups, 2);
  ASSERT_EQ(removed.results.size(), 2u);
  EXPECT_EQ(removed.results[0].error_code, 0);
  EXPECT_EQ(removed.results[1].error_code, code(Error::invalid_group_id));
}

// Values that no client sends, in any combination.
class Nonsense {
 public:
  explicit Nonsense(unsigned seed) : random_(seed) {}

  std::string text() {
    const std::size_t sizes[] = {0, 1, 2, 5, 300, 40'000};
    return std::string(sizes[random_() % 6], "gx\0\xff"[random_() % 4]);
  }
  std::optional<std::string> maybe() { return random_() % 2 ? std::optional(text()) : std::nullopt; }
  std::int32_t number() {
    const std::int32_t numbers[] = {0, 1, -1, 7000, INT32_MAX, INT32_MIN};
    return numbers[random_() % 6];
  }
  std::size_t few() { return random_() % 4; }

  kafka::JoinGroupRequest join() {
    kafka::JoinGroupRequest request{text(), 7000, number(), text(), maybe(), text(), {}, maybe()};
    if (few() == 0) request.session_timeout_ms = number();
    for (std::size_t i = few(); i > 0; i--) request.protocols.push_back({text(), owned(text())});
    return request;
  }
  kafka::SyncGroupRequest sync() {
    kafka::SyncGroupRequest request{text(), number(), text(), maybe(), maybe(), maybe(), {}};
    for (std::size_t i = few(); i > 0; i--) request.assignments.push_back({text(), owned(text())});
    return request;
  }
  kafka::OffsetCommitRequest commit() {
    kafka::OffsetCommitRequest request;
    request.group_id = text();
    request.member_id = text();
    request.generation_id_or_member_epoch = number();
    request.group_instance_id = maybe();
    for (std::size_t i = few(); i > 0; i--) {
      auto& topic = request.topics.emplace_back();
      topic.name = few() ? "t" : text();
      for (std::size_t k = few(); k > 0; k--)
        topic.partitions.push_back({number(), number(), number(), maybe()});
    }
    return request;
  }
  kafka::LeaveGroupRequest leave() {
    kafka::LeaveGroupRequest request;
    request.group_id = text();
    for (std::size_t i = few(); i > 0; i--) request.members.push_back({text(), maybe(), maybe()});
    return request;
  }

 private:
  std::mt19937 random_;
};

TEST_F(GroupsTest, NonsenseIsAnsweredAndDisturbsNobody) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Nonsense nonsense(seed);
  create("t");
  const auto joined = alone("sane");
  for (int i = 0; i < 60; i++) {
    Wire other = broker->connect();  // a join may wait for others that never come
    other.send(nonsense.join(), 8);
    other.send(nonsense.sync(), 5);
    other.send(nonsense.commit(), 8);
    other.send(nonsense.leave(), 5);
    const auto request = nonsense.join();
    kafka::HeartbeatRequest beat{request.group_id, request.session_timeout_ms, request.member_id, {}};
    EXPECT_NE(wire->call<kafka::HeartbeatResponse>(beat, 4).error_code, 0);
    ASSERT_NE(wire->call<kafka::OffsetCommitResponse>(nonsense.commit(), 8).throttle_time_ms, 1);
    ASSERT_EQ(heartbeat("sane", joined), 0);
  }
  EXPECT_EQ(describe("sane").group_state, "Stable");
}

// ---- from outside

TEST_F(GroupsTest, AGroupIsDeletedOnlyWithoutMembers) {
  create("t");
  const auto joined = alone("busy");
  commit({.group = "idle", .offset = 5});
  EXPECT_EQ(remove("busy"), code(Error::non_empty_group));
  EXPECT_EQ(remove("unknown"), code(Error::group_id_not_found));
  EXPECT_EQ(remove("idle"), 0);
  EXPECT_EQ(remove("idle"), code(Error::group_id_not_found));
  EXPECT_EQ(committed("idle").committed_offset, -1);
  restart();
  EXPECT_EQ(committed("idle").committed_offset, -1);
  EXPECT_THAT(groups(), ElementsAre(std::pair("busy", "consumer Stable classic")));
}

TEST_F(GroupsTest, ListsAreFilteredByStateAndType) {
  create("t");
  alone("busy");
  commit({.group = "idle", .offset = 5});
  EXPECT_EQ(groups({"stable"}).size(), 1u) << "small and capital letters are the same";
  EXPECT_EQ(groups({"Empty"}).count("idle"), 1u);
  EXPECT_THAT(groups({"Dead"}), IsEmpty());
  EXPECT_EQ(groups({}, {"Classic"}).size(), 2u);
  EXPECT_THAT(groups({}, {"share"}), IsEmpty());
}

TEST_F(GroupsTest, AnUnknownGroupIsDeadToOldClientsAndAnErrorToNewOnes) {
  EXPECT_EQ(describe("unknown").group_state, "Dead");
  EXPECT_EQ(describe("unknown").error_code, 0);
  EXPECT_EQ(describe("unknown", 6).error_code, code(Error::group_id_not_found));
}

}  // namespace
}  // namespace mq::core
