// SPDX-License-Identifier: Apache-2.0
// Groups as clients see them: one broker, real sockets, several connections.
#include <gmock/gmock.h>

#include "net/kafka/records/group_metadata.h"
#include "net/kafka/records/offset_commit.h"
#include "tests/core/handlers/group_conversation.h"

namespace mq::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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
  const auto refused = wire->call<kafka::FindCoordinatorResponse>(request, 4);
  ASSERT_EQ(refused.coordinators.size(), 3u);
  for (const auto& one : refused.coordinators) {
    EXPECT_EQ(one.error_code, code(Error::invalid_request));
    EXPECT_EQ(one.node_id, -1);
  }
  const auto old = wire->call<kafka::FindCoordinatorResponse>(request, 3);
  EXPECT_EQ(old.error_code, code(Error::invalid_request));
  EXPECT_EQ(old.node_id, -1);
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
  EXPECT_EQ(wire->call<kafka::JoinGroupResponse>(request, 7).protocol_name, std::nullopt);
  EXPECT_THAT(groups(), IsEmpty()) << "a name that was only mentioned is no group";

  const auto asked = wire->call<kafka::JoinGroupResponse>(join_request("g"), 4);
  EXPECT_EQ(asked.error_code, code(Error::member_id_required));
  EXPECT_EQ(wire->call<kafka::JoinGroupResponse>(join_request("g", asked.member_id), 4).error_code, 0);

  kafka::SyncGroupRequest sync;
  sync.group_id = "other";
  EXPECT_EQ(wire->call<kafka::SyncGroupResponse>(sync, 3).error_code, code(Error::unknown_member_id));
  EXPECT_EQ(wire->call<kafka::SyncGroupResponse>(sync, 5).error_code,
            code(Error::inconsistent_group_protocol));
  sync.group_id = "";
  EXPECT_EQ(wire->call<kafka::SyncGroupResponse>(sync, 3).error_code, code(Error::invalid_group_id));
  EXPECT_EQ(heartbeat("", asked), code(Error::invalid_group_id));
  EXPECT_EQ(heartbeat("other", asked), code(Error::unknown_member_id));
  kafka::LeaveGroupRequest leave;
  leave.group_id = "other";
  leave.member_id = "nobody";
  EXPECT_EQ(wire->call<kafka::LeaveGroupResponse>(leave, 2).error_code, code(Error::unknown_member_id));
  leave.group_id = "";
  EXPECT_EQ(wire->call<kafka::LeaveGroupResponse>(leave, 3).error_code, code(Error::invalid_group_id));
}

TEST_F(GroupsTest, AStaticMemberIsKnownByItsName) {
  auto request = join_request("g");
  request.group_instance_id = "i";
  const auto first = wire->call<kafka::JoinGroupResponse>(request, 5);
  EXPECT_EQ(first.error_code, 0) << "it needs not ask for an id";
  EXPECT_TRUE(first.member_id.starts_with("i-"));
  EXPECT_EQ(first.members.at(0).group_instance_id, "i");
  EXPECT_EQ(wire->call<kafka::SyncGroupResponse>(sync_request("g", first), 5).error_code, 0);
  const auto second = wire->call<kafka::JoinGroupResponse>(request, 5);
  EXPECT_NE(second.member_id, first.member_id);
  EXPECT_EQ(second.generation_id, first.generation_id);

  kafka::LeaveGroupRequest leave;
  leave.group_id = "g";
  leave.members = {{first.member_id, "i", {}}, {"", "nobody", {}}, {"", "i", {}}};
  const auto left = wire->call<kafka::LeaveGroupResponse>(leave, 5).members;
  EXPECT_EQ(left.at(0).error_code, code(Error::fenced_instance_id));
  EXPECT_EQ(left.at(1).error_code, code(Error::unknown_member_id));
  EXPECT_EQ(left.at(2).error_code, 0);
}

TEST_F(GroupsTest, ToolsReadInTheLogWhatIsRememberedOfAGroup) {
  create("t");
  auto request = join_request("g");
  request.rebalance_timeout_ms = 60'000;
  const auto joined = wire->call<kafka::JoinGroupResponse>(request, 0);
  EXPECT_EQ(wire->call<kafka::SyncGroupResponse>(sync_request("g", joined, {{joined.member_id, "work"}}), 0)
                .error_code,
            0);
  const auto last = [&] { return fetch("__consumer_offsets", 0, java_hash("g") % 50).values.back(); };
  const auto group = kafka::decode_value<kafka::GroupMetadataValue>(bytes_of(last()));
  ASSERT_TRUE(group);
  EXPECT_EQ(kafka::first_number(bytes_of(last())), 3) << "every reader knows this version";
  EXPECT_EQ(group->protocol_type, "consumer");
  EXPECT_EQ(group->generation, 1);
  EXPECT_EQ(group->leader, joined.member_id);
  EXPECT_EQ(group->members.at(0).session_timeout, 10'000);
  EXPECT_EQ(group->members.at(0).rebalance_timeout, 10'000) << "version 0 knows only the other one";
  EXPECT_EQ(text_of(group->members.at(0).assignment), "work");

  kafka::OffsetCommitRequest commit;
  commit.group_id = "g";
  commit.member_id = joined.member_id;
  commit.generation_id_or_member_epoch = 1;
  commit.topics.emplace_back().name = "t";
  commit.topics[0].partitions.push_back({0, 5, -1, "note"});
  for (const std::int64_t retention : {std::int64_t{-1}, std::int64_t{1'000'000}, INT64_MAX}) {
    commit.retention_time_ms = retention;
    EXPECT_EQ(wire->call<kafka::OffsetCommitResponse>(commit, 2).topics.at(0).partitions.at(0).error_code, 0);
    const auto offset = kafka::decode_value<kafka::OffsetCommitValue>(bytes_of(last()));
    ASSERT_TRUE(offset);
    EXPECT_EQ(kafka::first_number(bytes_of(last())), retention < 0 ? 4 : 1);
    EXPECT_EQ(offset->metadata, "note");
    const Timestamp end = retention < INT64_MAX ? offset->commit_timestamp + retention : INT64_MAX;
    EXPECT_EQ(offset->expire_timestamp, retention < 0 ? -1 : end);
    EXPECT_EQ(committed("g").committed_offset, 5);
  }
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
    EXPECT_EQ(committed("g", 2).committed_leader_epoch, -1);
    EXPECT_EQ(committed("g", 2).metadata, "");
    EXPECT_EQ(committed("g", 9).committed_offset, -1) << "of a partition that is not there, too";
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
  EXPECT_EQ(commit({.group = "", .offset = 4, .version = 8}), 0) << "old consumers without a group";
  EXPECT_EQ(committed("").committed_offset, 4);
  const auto joined = alone("members");
  const auto as = [&](std::string member, std::int32_t generation) {
    return commit({.group = "members", .offset = 1, .member = std::move(member), .generation = generation});
  };
  EXPECT_EQ(as(joined.member_id, joined.generation_id), 0);
  EXPECT_EQ(as(joined.member_id, joined.generation_id + 1), code(Error::illegal_generation));
  EXPECT_EQ(as("nobody", joined.generation_id), code(Error::unknown_member_id));
  EXPECT_EQ(as("", -1), code(Error::unknown_member_id)) << "only members, while there are some";
  EXPECT_EQ(commit({.group = "", .member = "m", .generation = 1}), code(Error::unknown_member_id));

  kafka::OffsetCommitRequest request;
  request.group_id = "members";
  request.member_id = joined.member_id;
  request.generation_id_or_member_epoch = joined.generation_id + 1;
  request.topics.emplace_back().name = "t";
  request.topics[0].partitions = {{0, 1, -1, {}}, {7, 1, -1, {}}};
  const auto answers = wire->call<kafka::OffsetCommitResponse>(request, 8).topics.at(0).partitions;
  EXPECT_EQ(answers.at(0).error_code, code(Error::illegal_generation)) << "what is wrong with all";
  EXPECT_EQ(answers.at(1).error_code, code(Error::unknown_topic_or_partition)) << "what is wrong with it";
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

TEST_F(GroupsTest, WhatMembersSaidIsShownOnlyWhileItIsSettled) {
  const auto joined = wire->call<kafka::JoinGroupResponse>(join_request("g"), 3);
  EXPECT_EQ(describe("g").group_state, "CompletingRebalance");
  EXPECT_EQ(describe("g").protocol_data, "");
  EXPECT_THAT(describe("g").members.at(0).member_metadata, IsEmpty());
  EXPECT_EQ(wire->call<kafka::SyncGroupResponse>(sync_request("g", joined), 5).error_code, 0);
  EXPECT_EQ(describe("g").members.at(0).member_metadata, subscription({"t"}));
}

TEST_F(GroupsTest, AnUnknownGroupIsDeadToOldClientsAndAnErrorToNewOnes) {
  EXPECT_EQ(describe("unknown").group_state, "Dead");
  EXPECT_EQ(describe("unknown").error_code, 0);
  EXPECT_EQ(describe("unknown", 6).error_code, code(Error::group_id_not_found));
}

}  // namespace
}  // namespace mq::core
