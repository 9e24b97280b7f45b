// SPDX-License-Identifier: Apache-2.0
// Offsets that are committed within transactions.
#include "tests/core/handlers/transaction_conversation.h"

namespace mq::core {
namespace {

TEST_F(TxnOffsetsTest, OffsetsAreCommittedWithTheirTransaction) {
  const auto who = begin();
  EXPECT_EQ(add_offsets(who), 0);
  EXPECT_EQ(commit(who, 42), 0);
  EXPECT_EQ(position(), (Position{0, -1})) << "not before";
  EXPECT_EQ(position(true).error, code(Error::unstable_offset_commit));
  EXPECT_EQ(end(who, true).error_code, 0);
  ended();
  EXPECT_EQ(position(true), (Position{0, 42}));
}

TEST_F(TxnOffsetsTest, OffsetsOfAnAbortedTransactionNeverWere) {
  const auto who = begin();
  add_offsets(who), commit(who, 42), end(who, true), ended();
  add_offsets(who), commit(who, 99), end(who, false), ended();
  EXPECT_EQ(position(true), (Position{0, 42}));
}

TEST_F(TxnOffsetsTest, OffsetsMustBelongToTheTransaction) {
  const auto who = begin();
  EXPECT_EQ(commit(who, 42), code(Error::invalid_txn_state));
  EXPECT_EQ(commit(who, 42, 4), code(Error::transaction_abortable));
  add_offsets(who);
  EXPECT_EQ(commit(who, 42, 3, "other"), code(Error::invalid_txn_state)) << "another group";
  EXPECT_EQ(commit({who.id, 7}, 42), code(Error::invalid_producer_epoch));
  EXPECT_EQ(commit({who.id + 1, who.epoch}, 42), code(Error::invalid_producer_id_mapping));
  EXPECT_EQ(commit(who, 42, 3, "group", "nobody"), code(Error::unknown_topic_or_partition));
  EXPECT_EQ(commit(who, 42, 3, ""), code(Error::invalid_group_id));
  EXPECT_EQ(commit(who, 42, 3, "group", "t", ""), code(Error::invalid_request));
  begin();
  EXPECT_EQ(commit(who, 42), code(Error::invalid_producer_epoch)) << "another producer is there";
  EXPECT_EQ(add_offsets(who), code(Error::producer_fenced));
  EXPECT_EQ(add_offsets(who, "group", 1), code(Error::invalid_producer_epoch));
}

TEST_F(TxnOffsetsTest, AMemberThatCommitsMustBeWhoItSays) {
  kafka::JoinGroupRequest join;
  join.group_id = "group";
  join.session_timeout_ms = join.rebalance_timeout_ms = 30'000;
  join.protocol_type = "consumer";
  join.protocols.push_back({"range", {}});
  join.group_instance_id = "i";
  const auto old = wire->call<kafka::JoinGroupResponse>(join, 5);
  const auto member = wire->call<kafka::JoinGroupResponse>(join, 5);
  ASSERT_EQ(member.error_code, 0);

  const auto who = begin();
  add_offsets(who), add_offsets(who, "empty");
  kafka::TxnOffsetCommitRequest request;
  request.transactional_id = "tx";
  request.producer_id = who.id;
  request.producer_epoch = who.epoch;
  request.topics.emplace_back().name = "t";
  request.topics[0].partitions.push_back({0, 42, -1, {}});
  const auto commit_as = [&](std::string group, std::string id, std::int32_t generation,
                             std::optional<std::string> instance = {}) {
    request.group_id = std::move(group);
    request.member_id = std::move(id);
    request.generation_id_or_member_epoch = generation;
    request.group_instance_id = std::move(instance);
    const auto answer = wire->call<kafka::TxnOffsetCommitResponse>(request, 3);
    return answer.topics.at(0).partitions.at(0).error_code;
  };
  const std::int32_t generation = member.generation_id;
  EXPECT_EQ(commit_as("group", member.member_id, generation, "i"), 0);
  EXPECT_EQ(commit_as("group", "nobody", generation), code(Error::unknown_member_id));
  EXPECT_EQ(commit_as("group", member.member_id, generation - 1), code(Error::illegal_generation));
  EXPECT_EQ(commit_as("group", old.member_id, generation, "i"), code(Error::fenced_instance_id));
  EXPECT_EQ(commit_as("group", "", -1), 0) << "older producers do not say";
  EXPECT_EQ(commit_as("empty", "nobody", 1), code(Error::illegal_generation)) << "there is no such group";
}

TEST_F(TxnOffsetsTest, NewerClientsAddTheGroupByCommitting) {
  const auto who = begin();
  EXPECT_EQ(commit(who, 42, 5), 0);
  EXPECT_EQ(described().topics.at(0).topic, "__consumer_offsets");
  const auto next = end(who, true, 5);
  ended();
  EXPECT_EQ(position(true), (Position{0, 42}));
  EXPECT_EQ(commit(who, 43, 5), code(Error::invalid_producer_epoch)) << "that epoch is over";
  EXPECT_EQ(commit({next.producer_id, next.producer_epoch}, 43, 5), 0);
}

TEST_F(TxnOffsetsTest, EveryVersionIsAnswered) {
  const auto who = begin();
  add_offsets(who);
  for (kafka::Version version = 0; version <= 5; version++)
    EXPECT_EQ(commit(who, version, version), 0) << version;
  end(who, true), ended();
  EXPECT_EQ(position(), (Position{0, 5}));
}

TEST_F(TxnOffsetsTest, PendingOffsetsOutliveARestart) {
  const auto who = begin();
  add_offsets(who), commit(who, 42);
  start();
  EXPECT_EQ(position(true).error, code(Error::unstable_offset_commit));
  while (described().error_code == code(Error::coordinator_load_in_progress)) {
  }
  EXPECT_EQ(end(who, true).error_code, 0);
  ended();
  EXPECT_EQ(position(true), (Position{0, 42}));
  start();
  EXPECT_EQ(position(true), (Position{0, 42}));
}

TEST_F(TxnOffsetsTest, ATransactionThatTakesTooLongLetsGoOfItsOffsets) {
  const auto who = begin("tx", 50);
  add_offsets(who), commit(who, 42);
  while (described().transaction_state != "CompleteAbort") broker->pass(std::chrono::milliseconds(10));
  EXPECT_EQ(position(true), (Position{0, -1}));
}

}  // namespace
}  // namespace mq::core
