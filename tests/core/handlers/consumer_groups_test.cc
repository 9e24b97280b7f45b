// SPDX-License-Identifier: Apache-2.0
// Consumer groups (KIP-848) as their members and tools see them.
#include "net/kafka/records/consumer_protocol.h"
#include "net/kafka/records/framing.h"
#include "tests/core/handlers/conversation.h"

namespace mq::core {
namespace {

using Heartbeat = kafka::ConsumerGroupHeartbeatRequest;
using Answer = kafka::ConsumerGroupHeartbeatResponse;

class ConsumerGroupsTest : public Conversation {
 protected:
  void SetUp() override {
    Conversation::SetUp();
    create("t", 4);
  }

  static Heartbeat joining(std::string member, std::string group = "g") {
    Heartbeat request;
    request.group_id = std::move(group);
    request.member_id = std::move(member);
    request.rebalance_timeout_ms = 60'000;
    request.subscribed_topic_names = {"t"};
    request.topic_partitions.emplace();
    return request;
  }
  static Heartbeat beating(std::string member, std::int32_t epoch) {
    Heartbeat request;
    request.group_id = "g";
    request.member_id = std::move(member);
    request.member_epoch = epoch;
    return request;
  }
  // After a start groups are there when they have been read.
  Answer send(const Heartbeat& request) {
    for (;;) {
      auto answer = wire->call<Answer>(request, 1);
      if (answer.error_code != code(Error::coordinator_load_in_progress)) return answer;
    }
  }
  static std::size_t partitions(const Answer& answer) {
    std::size_t all = 0;
    if (answer.assignment)
      for (const auto& topic : answer.assignment->topic_partitions) all += topic.partitions.size();
    return all;
  }

  std::int16_t commit(const std::string& member, std::int32_t epoch, std::int64_t offset,
                      kafka::Version version = 9, std::int32_t partition = 0) {
    kafka::OffsetCommitRequest request;
    request.group_id = "g";
    request.member_id = member;
    request.generation_id_or_member_epoch = epoch;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    topic.partitions.push_back({partition, offset, -1, {}});
    return wire->call<kafka::OffsetCommitResponse>(request, version).topics.at(0).partitions.at(0).error_code;
  }
  kafka::OffsetFetchResponse::OffsetFetchResponseGroup fetch_offsets(std::optional<std::string> member,
                                                                     std::int32_t epoch) {
    kafka::OffsetFetchRequest request;
    auto& group = request.groups.emplace_back();
    group.group_id = "g";
    group.member_id = std::move(member);
    group.member_epoch = epoch;
    return wire->call<kafka::OffsetFetchResponse>(request, 9).groups.at(0);
  }
  kafka::ConsumerGroupDescribeResponse::DescribedGroup describe(const std::string& group) {
    kafka::ConsumerGroupDescribeRequest request;
    request.group_ids = {group};
    for (;;) {
      auto answer = wire->call<kafka::ConsumerGroupDescribeResponse>(request, 1).groups.at(0);
      if (answer.error_code != code(Error::coordinator_load_in_progress)) return answer;
    }
  }
  kafka::JoinGroupResponse join_classic(const std::string& group, kafka::Bytes metadata = {}) {
    kafka::JoinGroupRequest request;
    request.group_id = group;
    request.session_timeout_ms = request.rebalance_timeout_ms = 30'000;
    request.protocol_type = "consumer";
    request.protocols.push_back({"range", std::move(metadata)});
    return wire->call<kafka::JoinGroupResponse>(request, 3);  // no member id is handed out first
  }
  std::int16_t leave_classic(const std::string& group, const std::string& member) {
    kafka::LeaveGroupRequest request;
    request.group_id = group;
    request.member_id = member;
    return wire->call<kafka::LeaveGroupResponse>(request, 2).error_code;
  }
};

TEST_F(ConsumerGroupsTest, BrokersSayThatTheySpeakTheProtocol) {
  const auto answer = wire->call<kafka::ApiVersionsResponse>(kafka::ApiVersionsRequest{"test", "1.0"}, 4);
  ASSERT_FALSE(answer.finalized_features.empty());
  EXPECT_GE(answer.finalized_features_epoch, 0);
  const auto is_group = [](const auto& feature) { return feature.name == "group.version"; };
  const auto finalized = std::ranges::find_if(answer.finalized_features, is_group);
  ASSERT_NE(finalized, answer.finalized_features.end());
  EXPECT_EQ(finalized->max_version_level, 1);
  const auto old = wire->call<kafka::ApiVersionsResponse>(kafka::ApiVersionsRequest{"test", "1.0"}, 3);
  for (const auto& feature : old.supported_features)
    EXPECT_GT(feature.min_version, 0) << "older clients break at a feature that starts at 0";
}

TEST_F(ConsumerGroupsTest, AMemberJoinsOwnsAndLeaves) {
  const auto answer = send(joining("m1"));
  EXPECT_EQ(answer.error_code, 0);
  EXPECT_EQ(answer.member_id, "m1");
  EXPECT_EQ(answer.member_epoch, 1);
  EXPECT_EQ(answer.heartbeat_interval_ms, 5000);
  EXPECT_EQ(partitions(answer), 4u);
  EXPECT_FALSE(send(beating("m1", 1)).assignment);
  EXPECT_EQ(send(beating("m1", -1)).member_epoch, -1);
  EXPECT_EQ(describe("g").group_state, "Empty");
}

TEST_F(ConsumerGroupsTest, AGroupMayHaveAHeartbeatIntervalOfItsOwn) {
  kafka::IncrementalAlterConfigsRequest request;
  auto& wanted = request.resources.emplace_back();
  wanted.resource_type = 32;
  wanted.resource_name = "g";
  wanted.configs.push_back({"consumer.heartbeat.interval.ms", 0, "700"});
  wire->call<kafka::IncrementalAlterConfigsResponse>(request, 1);
  EXPECT_EQ(send(joining("m1")).heartbeat_interval_ms, 700);
  EXPECT_EQ(send(joining("m1", "other")).heartbeat_interval_ms, 5000);
}

TEST_F(ConsumerGroupsTest, AMemberOfTheFirstVersionIsGivenAnId) {
  auto request = joining("");
  EXPECT_EQ(send(request).error_code, code(Error::invalid_request)) << "later ones choose it themselves";
  const auto answer = wire->call<Answer>(request, 0);
  EXPECT_EQ(answer.error_code, 0);
  EXPECT_FALSE(answer.member_id->empty());
}

TEST_F(ConsumerGroupsTest, AJoinMustSayEverything) {
  auto request = joining("m1");
  request.rebalance_timeout_ms = -1;
  EXPECT_EQ(send(request).error_code, code(Error::invalid_request));
  request = joining("m1");
  request.topic_partitions.reset();
  EXPECT_EQ(send(request).error_code, code(Error::invalid_request));
  request = joining("m1");
  request.subscribed_topic_names.reset();
  EXPECT_EQ(send(request).error_code, code(Error::invalid_request));
  EXPECT_EQ(send(beating("m1", 1)).error_code, code(Error::group_id_not_found)) << "nobody has joined";
}

TEST_F(ConsumerGroupsTest, TwoMembersShareAndATopicThatGrowsIsSharedAnew) {
  send(joining("m1"));
  send(joining("m2"));
  const auto told = send(beating("m1", 1));
  EXPECT_EQ(partitions(told), 2u);
  auto given_up = beating("m1", 1);
  given_up.topic_partitions.emplace();
  for (const auto& topic : told.assignment->topic_partitions)
    given_up.topic_partitions->push_back({topic.topic_id, topic.partitions});
  EXPECT_EQ(send(given_up).member_epoch, 2);
  EXPECT_EQ(partitions(send(beating("m2", 2))), 2u);

  kafka::CreatePartitionsRequest more;
  auto& topic = more.topics.emplace_back();
  topic.name = "t";
  topic.count = 6;
  wire->call<kafka::CreatePartitionsResponse>(more, 1);
  EXPECT_EQ(partitions(send(beating("m1", 2))), 3u);
  EXPECT_EQ(partitions(send(beating("m2", 2))), 3u);
  EXPECT_EQ(describe("g").group_state, "Stable");
}

TEST_F(ConsumerGroupsTest, APatternFollowsTopicsThatComeLater) {
  auto request = joining("m1");
  request.subscribed_topic_names.reset();
  request.subscribed_topic_regex = "(t|orders-.*)";
  EXPECT_EQ(partitions(send(request)), 4u);
  create("orders-eu", 3);
  EXPECT_EQ(partitions(send(beating("m1", 1))), 7u);
  request.subscribed_topic_regex = "(";
  EXPECT_EQ(send(request).error_code, code(Error::invalid_regular_expression));
}

TEST_F(ConsumerGroupsTest, OffsetsAreTakenFromAMemberInItsEpoch) {
  send(joining("m1"));
  EXPECT_EQ(commit("m1", 1, 7), 0);
  EXPECT_EQ(commit("m1", 0, 7), code(Error::stale_member_epoch));
  EXPECT_EQ(commit("m2", 1, 7), code(Error::unknown_member_id));
  EXPECT_EQ(commit("m1", 1, 7, 8), code(Error::unsupported_version)) << "it cannot say its epoch";
  EXPECT_EQ(fetch_offsets("m1", 1).topics.at(0).partitions.at(0).committed_offset, 7);
  EXPECT_EQ(fetch_offsets("m1", 2).error_code, code(Error::stale_member_epoch));
  EXPECT_EQ(fetch_offsets("m2", 1).error_code, code(Error::unknown_member_id));
  EXPECT_EQ(fetch_offsets(std::nullopt, -1).error_code, 0) << "a tool";
}

TEST_F(ConsumerGroupsTest, AnEarlierEpochWillDoForWhatHasBeenTheMembersSince) {
  send(joining("m1"));
  send(joining("m2"));
  const auto told = send(beating("m1", 1));
  auto given_up = beating("m1", 1);
  given_up.topic_partitions.emplace();
  std::set<std::int32_t> kept;
  for (const auto& topic : told.assignment->topic_partitions) {
    given_up.topic_partitions->push_back({topic.topic_id, topic.partitions});
    kept.insert(topic.partitions.begin(), topic.partitions.end());
  }
  ASSERT_EQ(send(given_up).member_epoch, 2);
  send(beating("m2", 2));
  for (const bool restarted : {false, true}) {
    if (restarted) start();
    for (std::int32_t partition = 0; partition < 4; partition++) {
      const bool mine = kept.contains(partition);
      EXPECT_EQ(commit("m1", 1, 7, 9, partition), mine ? 0 : code(Error::stale_member_epoch)) << partition;
      EXPECT_EQ(commit("m2", 1, 7, 9, partition), code(Error::stale_member_epoch)) << partition;
      EXPECT_EQ(commit("m2", 2, 7, 9, partition), 0) << partition;
    }
  }
}

TEST_F(ConsumerGroupsTest, ARestartChangesNothingForMembers) {
  send(joining("m1"));
  commit("m1", 1, 7);
  start();
  const Answer answer = send(beating("m1", 1));
  EXPECT_EQ(answer.error_code, 0);
  EXPECT_EQ(answer.member_epoch, 1);
  EXPECT_FALSE(answer.assignment);
  const auto group = describe("g");
  EXPECT_EQ(group.group_state, "Stable");
  EXPECT_EQ(group.members.at(0).assignment, group.members.at(0).target_assignment);
  EXPECT_EQ(fetch_offsets("m1", 1).topics.at(0).partitions.at(0).committed_offset, 7);
}

TEST_F(ConsumerGroupsTest, AGroupDescribesItselfToTools) {
  auto request = joining("m1");
  request.instance_id = "i";
  request.rack_id = "r";
  request.server_assignor = "range";
  send(request);
  const auto group = describe("g");
  EXPECT_EQ(group.error_code, 0);
  EXPECT_EQ(group.group_state, "Stable");
  EXPECT_EQ(group.group_epoch, 1);
  EXPECT_EQ(group.assignment_epoch, 1);
  EXPECT_EQ(group.assignor_name, "range");
  const auto& member = group.members.at(0);
  EXPECT_EQ(member.member_id, "m1");
  EXPECT_EQ(member.instance_id, "i");
  EXPECT_EQ(member.rack_id, "r");
  EXPECT_EQ(member.client_id, "test");
  EXPECT_EQ(member.subscribed_topic_names, std::vector<std::string>{"t"});
  EXPECT_EQ(member.assignment.topic_partitions.at(0).topic_name, "t");
  EXPECT_EQ(member.member_type, 1);
  EXPECT_EQ(describe("nobody").error_code, code(Error::group_id_not_found));

  const auto listed = wire->call<kafka::ListGroupsResponse>(kafka::ListGroupsRequest{{}, {"consumer"}}, 5);
  ASSERT_EQ(listed.groups.size(), 1u);
  EXPECT_EQ(listed.groups.at(0),
            (kafka::ListGroupsResponse::ListedGroup{"g", "consumer", "Stable", "consumer"}));
  EXPECT_TRUE(
      wire->call<kafka::ListGroupsResponse>(kafka::ListGroupsRequest{{}, {"classic"}}, 5).groups.empty());

  kafka::DescribeGroupsRequest classic;
  classic.groups = {"g"};
  const auto dead = wire->call<kafka::DescribeGroupsResponse>(classic, 6).groups.at(0);
  EXPECT_EQ(dead.group_state, "Dead");
  EXPECT_EQ(dead.error_code, code(Error::group_id_not_found));
}

TEST_F(ConsumerGroupsTest, AnEmptyGroupIsTakenOverByTheOtherProtocolWithItsOffsets) {
  send(joining("m1"));
  commit("m1", 1, 7);
  EXPECT_EQ(join_classic("g").error_code, code(Error::inconsistent_group_protocol)) << "m1 is there";
  send(beating("m1", -1));
  const auto classic = join_classic("g");
  EXPECT_EQ(classic.error_code, 0);
  EXPECT_GT(classic.generation_id, 2) << "its epochs go on";
  EXPECT_EQ(describe("g").error_code, code(Error::group_id_not_found));
  EXPECT_EQ(send(joining("m1")).error_code, code(Error::group_id_not_found)) << "a classic member is there";

  EXPECT_EQ(leave_classic("g", classic.member_id), 0);
  const auto back = send(joining("m1"));
  EXPECT_EQ(back.error_code, 0);
  EXPECT_GT(back.member_epoch, classic.generation_id);
  EXPECT_EQ(fetch_offsets("m1", back.member_epoch).topics.at(0).partitions.at(0).committed_offset, 7);

  start();
  EXPECT_EQ(send(beating("m1", back.member_epoch)).error_code, 0);
  EXPECT_EQ(describe("g").members.size(), 1u) << "after a restart it is still what it was";
}

TEST_F(ConsumerGroupsTest, MembersOfBothProtocolsShareAGroup) {
  send(joining("m1"));
  kafka::ConsumerProtocolSubscription said;
  said.topics = {"t"};
  const auto joined = join_classic("g", kafka::encode_value(said, 1));
  EXPECT_EQ(joined.error_code, 0);
  EXPECT_EQ(joined.generation_id, 2);
  EXPECT_EQ(joined.protocol_name, "range");
  EXPECT_EQ(joined.leader, "");
  kafka::SyncGroupRequest sync;
  sync.group_id = "g";
  sync.member_id = joined.member_id;
  sync.generation_id = joined.generation_id;
  const auto synced = wire->call<kafka::SyncGroupResponse>(sync, 3);
  EXPECT_EQ(synced.error_code, 0);
  EXPECT_TRUE(kafka::decode_value<kafka::ConsumerProtocolAssignment>(synced.assignment));
  EXPECT_EQ(commit(joined.member_id, joined.generation_id, 7, 8), 0);
  EXPECT_EQ(commit(joined.member_id, 1, 7, 8), code(Error::illegal_generation));

  const auto group = describe("g");
  ASSERT_EQ(group.members.size(), 2u);
  for (const auto& member : group.members) EXPECT_EQ(member.member_type, member.member_id == "m1" ? 1 : 0);
  EXPECT_EQ(leave_classic("g", joined.member_id), 0);
  EXPECT_EQ(describe("g").members.size(), 1u);
}

TEST_F(ConsumerGroupsTest, OnlyAGroupWithoutMembersIsDeleted) {
  send(joining("m1"));
  const kafka::DeleteGroupsRequest request{{"g"}};
  const auto remove = [&] {
    return wire->call<kafka::DeleteGroupsResponse>(request, 2).results.at(0).error_code;
  };
  EXPECT_EQ(remove(), code(Error::non_empty_group));
  send(beating("m1", -1));
  EXPECT_EQ(remove(), 0);
  EXPECT_EQ(describe("g").error_code, code(Error::group_id_not_found));
  start();
  EXPECT_EQ(describe("g").error_code, code(Error::group_id_not_found));
}

TEST_F(ConsumerGroupsTest, OffsetsOfWhatIsReadAreNotDeleted) {
  send(joining("m1"));
  commit("m1", 1, 7);
  kafka::OffsetDeleteRequest request;
  request.group_id = "g";
  auto& topic = request.topics.emplace_back();
  topic.name = "t";
  topic.partitions.push_back({0});
  const auto answer = wire->call<kafka::OffsetDeleteResponse>(request, 0);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, code(Error::group_subscribed_to_topic));
}

}  // namespace
}  // namespace mq::core
