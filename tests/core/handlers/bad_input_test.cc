// SPDX-License-Identifier: Apache-2.0
// Requests of groups and transactions that no client should send: each hears what is wrong, and whoever is
// there goes on undisturbed.
#include <gmock/gmock.h>

#include <random>

#include "tests/core/handlers/group_conversation.h"

namespace mq::core {
namespace {

using testing::ElementsAre;
using Beat = kafka::ConsumerGroupHeartbeatRequest;

const std::string too_long(InternalTopic::id_bytes_max + 1, 'x');

class BadInputTest : public GroupsTest {
 protected:
  void SetUp() override {
    GroupsTest::SetUp();
    create("t");
    sane = alone("sane");
    EXPECT_EQ(
        commit({.group = "sane", .offset = 5, .member = sane.member_id, .generation = sane.generation_id}),
        0);
  }
  void TearDown() override {
    EXPECT_EQ(heartbeat("sane", sane), 0);
    EXPECT_EQ(committed("sane").committed_offset, 5);
    EXPECT_THAT(groups(), ElementsAre(testing::Key("sane"))) << "nothing of it is remembered";
  }
  std::int16_t join(const std::function<void(kafka::JoinGroupRequest&)>& change) {
    auto request = join_request("g");
    change(request);
    return wire->call<kafka::JoinGroupResponse>(request, 9).error_code;
  }
  std::int16_t beat(const std::function<void(Beat&)>& change) {
    Beat request;
    request.group_id = "g";
    request.member_id = "m";
    request.rebalance_timeout_ms = 60'000;
    request.subscribed_topic_names = {"t"};
    request.topic_partitions.emplace();
    change(request);
    const auto answer = wire->call<kafka::ConsumerGroupHeartbeatResponse>(request, 1);
    EXPECT_EQ(answer.error_message.has_value(), answer.error_code != 0);
    return answer.error_code;
  }
  kafka::JoinGroupResponse sane;
};

TEST_F(BadInputTest, ANameThatNoRecordCouldHoldIsNoGroup) {
  EXPECT_EQ(join([](auto& r) { r.group_id = too_long; }), code(Error::invalid_group_id));
  EXPECT_EQ(beat([](auto& r) { r.group_id = too_long; }), code(Error::invalid_request));
  EXPECT_EQ(commit({.group = too_long}), code(Error::invalid_group_id));
  EXPECT_EQ(heartbeat(too_long, sane), code(Error::unknown_member_id));
  EXPECT_EQ(committed(too_long).committed_offset, -1);
  EXPECT_EQ(describe(too_long).group_state, "Dead");
  EXPECT_EQ(remove(too_long), code(Error::group_id_not_found));

  kafka::FindCoordinatorRequest find;
  find.coordinator_keys = {"g", too_long, ""};
  const auto errors = [&] {
    std::vector<std::int16_t> all;
    for (const auto& one : wire->call<kafka::FindCoordinatorResponse>(find, 4).coordinators)
      all.push_back(one.error_code);
    return all;
  };
  EXPECT_THAT(errors(), ElementsAre(0, code(Error::invalid_group_id), 0));
  find.key_type = 1;
  EXPECT_THAT(errors(), ElementsAre(0, code(Error::invalid_request), code(Error::invalid_request)));
}

TEST_F(BadInputTest, AMemberIsNotTakenThatCouldNotBeWrittenDown) {
  const auto invalid = code(Error::invalid_request);
  EXPECT_EQ(join([](auto& r) { r.member_id = too_long; }), invalid);
  EXPECT_EQ(join([](auto& r) { r.group_instance_id = too_long; }), invalid);
  EXPECT_EQ(join([](auto& r) { r.protocol_type = too_long; }), invalid);
  EXPECT_EQ(join([](auto& r) { r.protocols[0].name = too_long; }), invalid);
  EXPECT_EQ(join([](auto& r) { r.protocols[0].metadata.resize(ClassicRunner::metadata_bytes_max); }),
            invalid);
  EXPECT_EQ(join([](auto& r) { r.session_timeout_ms = INT32_MIN; }), code(Error::invalid_session_timeout));
}

TEST_F(BadInputTest, LeavingIsAnsweredForEachOfManyWhoAreNotThere) {
  kafka::LeaveGroupRequest leave;
  leave.group_id = "sane";
  for (int i = 0; i < 1000; i++) leave.members.push_back({"m" + std::to_string(i % 10), {}, {}});
  leave.members.push_back({"", {}, {}});
  leave.members.push_back({too_long, too_long, {}});
  std::set<std::int16_t> errors;
  const auto answer = wire->call<kafka::LeaveGroupResponse>(leave, 5);
  for (const auto& member : answer.members) errors.insert(member.error_code);
  EXPECT_EQ(answer.members.size(), leave.members.size());
  EXPECT_THAT(errors, ElementsAre(code(Error::unknown_member_id)));
}

TEST_F(BadInputTest, OffsetsOfWhatIsNotThereAreNotTaken) {
  EXPECT_EQ(commit({.topic = ""}), code(Error::unknown_topic_or_partition));
  EXPECT_EQ(commit({.topic = too_long}), code(Error::unknown_topic_or_partition));
  for (const std::int32_t partition : {-1, 1, INT32_MAX, INT32_MIN})
    EXPECT_EQ(commit({.partition = partition}), code(Error::unknown_topic_or_partition));
  kafka::OffsetDeleteRequest request;
  request.group_id = "sane";
  request.topics.emplace_back().name = "t";
  request.topics[0].partitions = {{-1}, {0}, {0}};
  const auto answers = wire->call<kafka::OffsetDeleteResponse>(request, 0).topics.at(0).partitions;
  EXPECT_EQ(answers.at(0).error_code, code(Error::unknown_topic_or_partition));
  EXPECT_EQ(answers.at(1).error_code, code(Error::group_subscribed_to_topic));
  EXPECT_EQ(answers.at(2).error_code, code(Error::group_subscribed_to_topic)) << "each is answered";
}

TEST_F(BadInputTest, OffsetsThatAreDeletedTwiceInOneRequestAreGone) {
  EXPECT_EQ(commit({.offset = 7}), 0);
  kafka::OffsetDeleteRequest request;
  request.group_id = "g";
  request.topics.emplace_back().name = "t";
  request.topics[0].partitions = {{0}, {0}};
  const auto answer = wire->call<kafka::OffsetDeleteResponse>(request, 0);
  for (const auto& partition : answer.topics.at(0).partitions) EXPECT_EQ(partition.error_code, 0);
  EXPECT_EQ(committed("g").committed_offset, -1);
}

TEST_F(BadInputTest, AHeartbeatMustMakeSense) {
  const std::string long_word(1025, 'x');
  const std::vector<std::function<void(Beat&)>> changes{
      [](auto& r) { r.group_id = ""; },
      [](auto& r) { r.member_id = ""; },
      [&](auto& r) { r.member_id = long_word; },
      [](auto& r) { r.instance_id = ""; },
      [&](auto& r) { r.instance_id = long_word; },
      [](auto& r) { r.rack_id = ""; },
      [](auto& r) { r.member_epoch = -3; },
      [](auto& r) { r.member_epoch = -2; },
      [](auto& r) { r.rebalance_timeout_ms = 0; },
      [](auto& r) {
        r.topic_partitions->push_back({{}, {0}});
      },
      [](auto& r) { r.subscribed_topic_names->resize(10'001); },
      [](auto& r) { r.subscribed_topic_names->push_back(std::string(1 << 20, 'x')); },
  };
  for (std::size_t i = 0; i < changes.size(); i++)
    EXPECT_EQ(beat(changes[i]), code(Error::invalid_request)) << i;
  EXPECT_EQ(beat([](auto& r) { r.server_assignor = "sticky"; }), code(Error::unsupported_assignor));
  EXPECT_EQ(beat([](auto& r) { r.member_epoch = INT32_MAX; }), code(Error::group_id_not_found));
  EXPECT_EQ(beat([](auto& r) { r.member_epoch = -1; }), code(Error::group_id_not_found));
}

TEST_F(BadInputTest, ARegularExpressionIsRefusedWhenItIsNoneOrWouldTakeTooMuch) {
  for (const std::string& regex : {std::string("("), std::string("(a)\\1"), std::string("a**{9999}"),
                                   std::string("((a{1,1000}){1,1000}){1,1000}"), std::string(1025, 'a')})
    EXPECT_EQ(beat([&](auto& r) { r.subscribed_topic_regex = regex; }),
              code(Error::invalid_regular_expression))
        << regex.substr(0, 40);
}

TEST_F(BadInputTest, WhatAMemberSaysThatItOwnsCanBeAnything) {
  EXPECT_EQ(beat([](auto&) {}), 0);
  const auto owns = [&](std::vector<Beat::TopicPartitions> owned) {
    return beat([&](auto& r) {
      r.member_epoch = 1;
      r.topic_partitions = std::move(owned);
    });
  };
  const Uuid unknown{std::byte{1}};
  EXPECT_EQ(owns({{unknown, {0, 0, -1, INT32_MAX}}, {unknown, {}}, {{}, {INT32_MIN}}}), 0);
  EXPECT_EQ(beat([](auto& r) { r.member_epoch = -1; }), 0);
  EXPECT_EQ(remove("g"), 0);
}

TEST_F(BadInputTest, AGroupWhoseMembersSpeakInRiddlesStaysAClassicOne) {
  auto request = join_request("riddles");
  request.protocols.at(0).metadata = owned("\xff\xff");
  const auto joined = wire->call<kafka::JoinGroupResponse>(request, 3);
  EXPECT_EQ(
      wire->call<kafka::SyncGroupResponse>(sync_request("riddles", joined, {{joined.member_id, "?"}}), 5)
          .error_code,
      0);
  EXPECT_EQ(beat([](auto& r) { r.group_id = "riddles"; }), code(Error::group_id_not_found));
  EXPECT_EQ(heartbeat("riddles", joined), 0);
  kafka::LeaveGroupRequest leave{"riddles", joined.member_id, {}};
  EXPECT_EQ(wire->call<kafka::LeaveGroupResponse>(leave, 2).error_code, 0);
  EXPECT_EQ(remove("riddles"), 0);
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
    // A join may wait for others that never come, and what is behind it with it.
    Wire joins = broker->connect(), other = broker->connect();
    joins.send(nonsense.join(), 8);
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

// ---- transactions

TEST_F(BadInputTest, ATransactionalIdMustBeOneThatARecordCanHold) {
  kafka::InitProducerIdRequest request;
  request.transaction_timeout_ms = 1000;
  const auto error = [&](std::string id) {
    request.transactional_id = std::move(id);
    return wire->call<kafka::InitProducerIdResponse>(request, 4).error_code;
  };
  EXPECT_EQ(error(too_long), code(Error::invalid_request));
  EXPECT_EQ(error(""), code(Error::invalid_request));
  EXPECT_EQ(error(too_long.substr(1)), 0);
  request.transaction_timeout_ms = INT32_MIN;
  EXPECT_EQ(error("tx"), code(Error::invalid_transaction_timeout));
}

TEST_F(BadInputTest, WithoutATransactionalIdAProducerIsAlwaysANewOne) {
  kafka::InitProducerIdRequest request;
  const auto first = wire->call<kafka::InitProducerIdResponse>(request, 4);
  request.producer_id = first.producer_id;
  request.producer_epoch = 3;
  const auto second = wire->call<kafka::InitProducerIdResponse>(request, 4);
  EXPECT_EQ(second.error_code, 0);
  EXPECT_NE(second.producer_id, first.producer_id);
  EXPECT_EQ(second.producer_epoch, 0);
  request.producer_epoch = -1;
  EXPECT_EQ(wire->call<kafka::InitProducerIdResponse>(request, 4).error_code, code(Error::invalid_request));
}

TEST_F(BadInputTest, MarkersMustBeOfAProducerAndForAPartition) {
  kafka::WriteTxnMarkersRequest request;
  EXPECT_TRUE(wire->call<kafka::WriteTxnMarkersResponse>(request, 1).markers.empty());
  request.markers.push_back({-1, 0, true, {{"t", {0}}}, 0, 0});
  request.markers.push_back({7, -1, true, {{"t", {0}}}, 0, 0});
  request.markers.push_back({7, 0, true, {{"t", {-1}}, {too_long, {0}}, {"t", {}}}, 0, 0});
  const auto answer = wire->call<kafka::WriteTxnMarkersResponse>(request, 1);
  const auto error = [&](std::size_t marker, std::size_t topic) {
    return answer.markers.at(marker).topics.at(topic).partitions.at(0).error_code;
  };
  EXPECT_EQ(error(0, 0), code(Error::invalid_producer_id_mapping));
  EXPECT_EQ(error(1, 0), code(Error::invalid_producer_epoch));
  EXPECT_EQ(error(2, 0), code(Error::unknown_topic_or_partition));
  EXPECT_EQ(error(2, 1), code(Error::unknown_topic_or_partition));
  EXPECT_TRUE(answer.markers.at(2).topics.at(2).partitions.empty());
  EXPECT_EQ(fetch("t", 0).high_watermark, 0) << "nothing is written";
}

TEST_F(BadInputTest, APartitionThatIsAddedTwiceIsAnsweredTwice) {
  kafka::InitProducerIdRequest init;
  init.transactional_id = "tx";
  init.transaction_timeout_ms = 60'000;
  const auto who = wire->call<kafka::InitProducerIdResponse>(init, 4);
  kafka::AddPartitionsToTxnRequest request;
  const kafka::AddPartitionsToTxnRequest::AddPartitionsToTxnTransaction one{
      "tx", who.producer_id, who.producer_epoch, false, {{"t", {0, 0}}, {"t", {0}}}};
  request.transactions = {one, one};
  const auto answer = wire->call<kafka::AddPartitionsToTxnResponse>(request, 5);
  ASSERT_EQ(answer.results_by_transaction.size(), 2u);
  for (const auto& transaction : answer.results_by_transaction) {
    ASSERT_EQ(transaction.topic_results.size(), 2u);
    EXPECT_EQ(transaction.topic_results[0].results_by_partition.size(), 2u);
    for (const auto& topic : transaction.topic_results)
      for (const auto& partition : topic.results_by_partition) EXPECT_EQ(partition.partition_error_code, 0);
  }
  kafka::AddOffsetsToTxnRequest offsets{"tx", who.producer_id, who.producer_epoch, too_long};
  EXPECT_EQ(wire->call<kafka::AddOffsetsToTxnResponse>(offsets, 3).error_code, code(Error::invalid_group_id));
  kafka::TxnOffsetCommitRequest commit;
  commit.transactional_id = "tx";
  commit.producer_id = who.producer_id;
  commit.producer_epoch = who.producer_epoch;
  commit.topics.emplace_back().name = "t";
  commit.topics[0].partitions = {{0, 1, -1, std::string(4097, 'x')}, {-1, 1, -1, {}}, {0, 1, -1, {}}};
  for (const std::string& group : {too_long, std::string("g")}) {
    commit.group_id = group;
    const auto errors = wire->call<kafka::TxnOffsetCommitResponse>(commit, 5).topics.at(0).partitions;
    EXPECT_EQ(errors.at(0).error_code, code(Error::offset_metadata_too_large));
    EXPECT_EQ(errors.at(1).error_code, code(Error::unknown_topic_or_partition));
    EXPECT_EQ(errors.at(2).error_code, group == "g" ? 0 : code(Error::invalid_group_id));
  }
  kafka::EndTxnRequest end{"tx", who.producer_id, who.producer_epoch, false};
  EXPECT_EQ(wire->call<kafka::EndTxnResponse>(end, 3).error_code, 0);
  while (groups().contains("g")) {  // until the marker has let go of its offsets
  }
}

}  // namespace
}  // namespace mq::core
