// SPDX-License-Identifier: Apache-2.0
#include "tests/core/handlers/transaction_conversation.h"

namespace mq::core {
namespace {

TEST_F(TransactionsTest, TheCoordinatorIsThisBroker) {
  kafka::FindCoordinatorRequest request;
  request.key_type = 1;
  request.coordinator_keys = {"tx", "other"};
  const auto many = wire->call<kafka::FindCoordinatorResponse>(request, 4);
  ASSERT_EQ(many.coordinators.size(), 2u);
  for (const auto& one : many.coordinators) {
    EXPECT_EQ(one.error_code, 0);
    EXPECT_EQ(one.port, broker->port());
  }
  request.key = "tx";
  EXPECT_EQ(wire->call<kafka::FindCoordinatorResponse>(request, 2).port, broker->port());
  request.key_type = 9;
  EXPECT_EQ(wire->call<kafka::FindCoordinatorResponse>(request, 2).error_code, code(Error::invalid_request));
}

TEST_F(TransactionsTest, ReadersOfCommittedRecordsSeeATransactionWhenItIsCommitted) {
  const auto who = begin();
  EXPECT_EQ(add(who), 0);
  EXPECT_EQ(send(who, 0, {"a", "b"}), 0);
  EXPECT_EQ(fetch("t", 0).values, (Values{"a", "b"})) << "others see it at once";
  EXPECT_EQ(committed().values, Values{});
  EXPECT_EQ(committed().last_stable, 0);
  EXPECT_EQ(committed().high_watermark, 2);
  EXPECT_EQ(latest(true), 0);
  EXPECT_EQ(latest(false), 2);
  EXPECT_EQ(end(who, true).error_code, 0);
  EXPECT_EQ(committed(0, 0, 60'000).values, (Values{"a", "b"})) << "the marker wakes who waits";
  EXPECT_EQ(latest(true), 3) << "the marker has an offset of its own";
}

TEST_F(TransactionsTest, ReadersOfCommittedRecordsAreToldWhatWasAborted) {
  const auto who = begin(), other = begin("other");
  add(who), add(other, 0, "t", 3, "other");
  send(other, 0, {"kept"}, 9, 0, "other");
  send(who, 0, {"gone"});
  produce("t", batch({{"plain"}}));
  end(who, false), ended();
  EXPECT_EQ(committed().last_stable, 0) << "the other one is still open";
  end(other, true, 3, "other"), ended("other");
  const auto all = committed();
  EXPECT_EQ(all.values, (Values{"kept", "plain"}));
  EXPECT_EQ(all.aborted, (std::vector<std::pair<std::int64_t, std::int64_t>>{{who.id, 1}}));
  EXPECT_EQ(committed(5).aborted.size(), 0u) << "nothing of it is sent";
}

// What is written behind an open transaction moves the high watermark and nothing that this reader may read.
TEST_F(TransactionsTest, AReaderThatWaitedInVainIsToldWhereTheLogEndsNow) {
  const auto who = begin();
  add(who);
  EXPECT_EQ(send(who, 0, {"open"}), 0);
  auto waiting = fetch_request("t", 0);
  waiting.isolation_level = 1;
  Wire other = broker->connect();
  const std::string records = batch({.values = {"behind"}});
  waiting.max_wait_ms = 200;
  wire->send(waiting, 12);
  other.call<kafka::ProduceResponse>(produce_request("t", 0, bytes_of(records)), 9);
  const auto answer = wire->receive<kafka::FetchResponse>(12).responses.at(0).partitions.at(0);
  EXPECT_EQ(answer.last_stable_offset, 0);
  EXPECT_EQ(answer.high_watermark, 2);
}

TEST_F(TransactionsTest, ATransactionWithoutWritesCanEnd) {
  const auto who = begin();
  add(who);
  EXPECT_EQ(end(who, true).error_code, 0);
  EXPECT_EQ(end(who, true).error_code, 0) << "again";
  EXPECT_EQ(end(who, false).error_code, code(Error::invalid_txn_state));
  EXPECT_EQ(add(who), 0) << "the next one";
}

TEST_F(TransactionsTest, WhatIsWrittenMustBelongToAnOpenTransaction) {
  const auto who = begin();
  EXPECT_EQ(send(who, 0, {"a"}), code(Error::invalid_txn_state)) << "it would hang for ever";
  EXPECT_EQ(send(who, 0, {"a"}, 11), code(Error::transaction_abortable));
  EXPECT_EQ(send(who, 0, {"a"}, 9, 0, std::nullopt), code(Error::transactional_id_authorization_failed));
  EXPECT_EQ(send(who, 0, {"a"}, 9, 0, "nobody"), code(Error::invalid_producer_id_mapping));
  add(who);
  EXPECT_EQ(send(who, 0, {"a"}, 9, 1), code(Error::invalid_txn_state)) << "another partition";
  EXPECT_EQ(send({who.id + 1, 0}, 0, {"a"}), code(Error::invalid_producer_id_mapping));
  EXPECT_EQ(send({who.id, 5}, 0, {"a"}), code(Error::invalid_producer_epoch));
  EXPECT_EQ(send(who, 0, {"a"}), 0);
  const auto plain = batch({.values = {"b"}, .producer = {who.id, who.epoch, 1, false}});
  EXPECT_EQ(produce("t", plain).error_code, code(Error::invalid_txn_state)) << "outside, meanwhile";
  end(who, true), ended();
  EXPECT_EQ(send(who, 1, {"late"}), code(Error::invalid_txn_state));
}

TEST_F(TransactionsTest, WhoWritesWhileItsTransactionEndsIsToldToTryAgain) {
  const auto who = begin();
  const std::string late = batch({.values = {"late"}, .producer = {who.id, who.epoch, 0, true}});
  auto write = produce_request("t", 0, bytes_of(late));
  write.transactional_id = "tx";
  add(who);
  broker->hold();
  wire->send(kafka::EndTxnRequest{"tx", who.id, who.epoch, true}, 3);
  broker->wait_for_sync();
  broker->sync();  // what was decided is on the disk, the markers are not
  EXPECT_EQ(wire->receive<kafka::EndTxnResponse>(3).error_code, 0);
  const auto answer = wire->call<kafka::ProduceResponse>(write, 9);
  EXPECT_EQ(answer.responses.at(0).partition_responses.at(0).error_code, code(Error::not_enough_replicas))
      << "what producers try again after";
  broker->release();
  ended();
  EXPECT_EQ(committed().values, Values{});
}

TEST_F(TransactionsTest, OneRequestCannotWriteForTwoProducers) {
  const auto who = begin(), other = begin("other");
  add(who), add(who, 1);
  const std::string one = batch({.values = {"a"}, .producer = {who.id, who.epoch, 0, true}});
  const std::string two = batch({.values = {"b"}, .producer = {other.id, other.epoch, 0, true}});
  auto request = produce_request("t", 0, bytes_of(one));
  request.transactional_id = "tx";
  request.topic_data[0].partition_data.push_back({1, kafka::Records{bytes_of(two), {}}});
  const auto response = wire->call<kafka::ProduceResponse>(request, 9);
  for (const auto& answer : response.responses.at(0).partition_responses)
    EXPECT_EQ(answer.error_code, code(Error::invalid_producer_id_mapping));
}

TEST_F(TransactionsTest, TheOlderOfTwoProducersIsFencedInEverythingItDoes) {
  const auto old = begin();
  add(old);
  send(old, 0, {"old"});
  const auto fresh = begin();  // aborts what is open
  EXPECT_EQ(fresh.id, old.id);
  EXPECT_EQ(fresh.epoch, old.epoch + 2) << "one to fence, one to begin";
  EXPECT_EQ(add(old), code(Error::producer_fenced));
  EXPECT_EQ(add(old, 0, "t", 1), code(Error::invalid_producer_epoch)) << "it does not know the other word";
  EXPECT_EQ(send(old, 1, {"old"}), code(Error::invalid_producer_epoch));
  EXPECT_EQ(end(old, true).error_code, code(Error::producer_fenced));
  EXPECT_EQ(end(old, true, 1).error_code, code(Error::invalid_producer_epoch));
  EXPECT_EQ(init("tx", 1000, old).error_code, code(Error::producer_fenced));
  EXPECT_EQ(init("tx", 1000, old, 3).error_code, code(Error::invalid_producer_epoch));
  add(fresh);
  send(fresh, 0, {"fresh"});
  end(fresh, true), ended();
  EXPECT_EQ(committed().values, Values{"fresh"});
}

TEST_F(TransactionsTest, WhatTakesTooLongIsAborted) {
  const auto who = begin("tx", 50);
  add(who);
  send(who, 0, {"slow"});
  const auto read = committed(0, 0, 60'000);  // wakes when it is decided
  EXPECT_EQ(read.values, Values{});
  EXPECT_EQ(read.last_stable, 2);
  EXPECT_EQ(send(who, 1, {"late"}), code(Error::invalid_producer_epoch));
  EXPECT_EQ(end(who, true).error_code, code(Error::producer_fenced));
}

TEST_F(TransactionsTest, ARestartChangesNothing) {
  const auto open = begin("open"), done = begin("done"), gone = begin("gone");
  add(done, 0, "t", 3, "done"), send(done, 0, {"done"}, 9, 0, "done");
  add(gone, 0, "t", 3, "gone"), send(gone, 0, {"gone"}, 9, 0, "gone");
  add(open, 0, "t", 3, "open"), send(open, 0, {"open"}, 9, 0, "open");
  end(done, true, 3, "done"), ended("done");
  end(gone, false, 3, "gone"), ended("gone");
  for (int restart = 0; restart < 2; restart++) {
    start();
    while (described("open").error_code == code(Error::coordinator_load_in_progress)) {
    }
    const auto before = committed();
    EXPECT_EQ(before.values, Values{"done"});
    EXPECT_EQ(before.last_stable, 2) << "not past what is open";
    EXPECT_EQ(before.aborted.size(), 1u);
    EXPECT_EQ(described("open").transaction_state, "Ongoing");
  }
  EXPECT_EQ(send(open, 1, {"more"}, 9, 0, "open"), 0);
  EXPECT_EQ(end(open, true, 3, "open").error_code, 0);
  ended("open");
  EXPECT_EQ(committed().values, (Values{"done", "open", "more"}));
  EXPECT_EQ(init("done").producer_epoch, done.epoch + 1) << "the id is known";
}

TEST_F(TransactionsTest, PartitionsAreAddedAllOrNone) {
  const auto who = begin();
  kafka::AddPartitionsToTxnRequest request;
  request.v3_and_below_transactional_id = "tx";
  request.v3_and_below_producer_id = who.id;
  request.v3_and_below_producer_epoch = who.epoch;
  request.v3_and_below_topics.push_back({"t", {0, 7}});
  request.v3_and_below_topics.push_back({"nobody", {0}});
  request.v3_and_below_topics.push_back({"__transaction_state", {0}});
  const auto answer = wire->call<kafka::AddPartitionsToTxnResponse>(request, 3).results_by_topic_v3_and_below;
  EXPECT_EQ(answer.at(0).results_by_partition.at(0).partition_error_code,
            code(Error::operation_not_attempted));
  EXPECT_EQ(answer.at(0).results_by_partition.at(1).partition_error_code,
            code(Error::unknown_topic_or_partition));
  EXPECT_EQ(answer.at(1).results_by_partition.at(0).partition_error_code,
            code(Error::unknown_topic_or_partition));
  EXPECT_EQ(answer.at(2).results_by_partition.at(0).partition_error_code,
            code(Error::topic_authorization_failed));
  EXPECT_EQ(described().transaction_state, "Empty");
}

TEST_F(TransactionsTest, NewerClientsAddManyAtOnceOrOnlyAsk) {
  const auto who = begin();
  kafka::AddPartitionsToTxnRequest request;
  auto& one = request.transactions.emplace_back();
  one = {"tx", who.id, who.epoch, true, {{"t", {0, 1}}}};
  const auto errors = [&](kafka::Version version = 5) {
    const auto answer = wire->call<kafka::AddPartitionsToTxnResponse>(request, version);
    std::vector<std::int16_t> all;
    for (const auto& partition : answer.results_by_transaction.at(0).topic_results.at(0).results_by_partition)
      all.push_back(partition.partition_error_code);
    return all;
  };
  const auto abortable = code(Error::transaction_abortable);
  EXPECT_EQ(errors(), (std::vector<std::int16_t>{abortable, abortable}));
  const auto old = code(Error::invalid_txn_state);
  EXPECT_EQ(errors(4), (std::vector<std::int16_t>{old, old})) << "it does not know the other word";
  one.producer_epoch++;
  EXPECT_EQ(errors().at(0), code(Error::producer_fenced));
  one.producer_epoch--;
  one.transactional_id = "nobody";
  EXPECT_EQ(errors().at(0), code(Error::invalid_producer_id_mapping));
  one.transactional_id = "tx";
  one.verify_only = false;
  EXPECT_EQ(errors(), (std::vector<std::int16_t>{0, 0}));
  one.verify_only = true;
  EXPECT_EQ(errors(), (std::vector<std::int16_t>{0, 0}));
}

TEST_F(TransactionsTest, AGroupsOffsetsBelongToATransactionToo) {
  const auto who = begin();
  kafka::AddOffsetsToTxnRequest request{"tx", who.id, who.epoch, "group"};
  EXPECT_EQ(wire->call<kafka::AddOffsetsToTxnResponse>(request, 3).error_code, 0);
  EXPECT_EQ(described().topics.at(0).topic, "__consumer_offsets");
  request.group_id = "";
  EXPECT_EQ(wire->call<kafka::AddOffsetsToTxnResponse>(request, 3).error_code, code(Error::invalid_group_id));
  request = {"nobody", who.id, who.epoch, "group"};
  EXPECT_EQ(wire->call<kafka::AddOffsetsToTxnResponse>(request, 3).error_code,
            code(Error::invalid_producer_id_mapping));
  EXPECT_EQ(end(who, true).error_code, 0);
}

TEST_F(TransactionsTest, EveryVersionIsAnswered) {
  for (kafka::Version version = 0; version <= 5; version++) {
    const std::string id = "v" + std::to_string(version);
    const auto answer = init(id, 1000, {}, version);
    EXPECT_EQ(answer.error_code, 0) << version;
    const ProducerEpoch who{answer.producer_id, answer.producer_epoch};
    EXPECT_EQ(add(who, 0, "t", std::min<kafka::Version>(version, 3), id), 0) << version;
    if (version <= 4) {
      const kafka::AddOffsetsToTxnRequest request{id, who.id, who.epoch, "group"};
      EXPECT_EQ(wire->call<kafka::AddOffsetsToTxnResponse>(request, version).error_code, 0) << version;
    }
    EXPECT_EQ(end(who, version % 2, version, id).error_code, 0) << version;
    ended(id);
    EXPECT_EQ(described(id).transaction_state, version % 2 ? "CompleteCommit" : "CompleteAbort");
  }
}

// ---- the second version

TEST_F(TransactionsTest, WritingAddsThePartitionAndEveryTransactionHasAnEpoch) {
  auto who = begin();
  for (std::int16_t i = 0; i < 3; i++) {
    EXPECT_EQ(send(who, 0, {"v" + std::to_string(i)}, 12), 0);
    EXPECT_EQ(send(who, 0, {"w" + std::to_string(i)}, 12, 1), 0);
    const auto answer = end(who, i != 1, 5);
    EXPECT_EQ(answer.error_code, 0);
    EXPECT_EQ(answer.producer_epoch, who.epoch + 1);
    EXPECT_EQ(end(who, i != 1, 5).producer_epoch, answer.producer_epoch) << "again";
    who = {answer.producer_id, answer.producer_epoch};
  }
  ended();
  EXPECT_EQ(committed().values, (Values{"v0", "v2"}));
  EXPECT_EQ(committed(0, 1).values, (Values{"w0", "w2"}));
  EXPECT_EQ(send({who.id, static_cast<std::int16_t>(who.epoch - 1)}, 1, {"late"}, 12),
            code(Error::invalid_producer_epoch));
}

TEST_F(TransactionsTest, WritesOfOneConnectionStayInOrderWhileTheFirstAddsThePartition) {
  const auto who = begin();
  for (std::int32_t i = 0; i < 5; i++) {
    const std::string records =
        batch({.values = {std::to_string(i)}, .producer = {who.id, who.epoch, i, true}});
    auto request = produce_request("t", 0, bytes_of(records));
    request.transactional_id = "tx";
    wire->send(request, 12);
  }
  for (std::int32_t i = 0; i < 5; i++)
    EXPECT_EQ(wire->receive<kafka::ProduceResponse>(12).responses.at(0).partition_responses.at(0).error_code,
              0);
  EXPECT_EQ(fetch("t", 0).values, (Values{"0", "1", "2", "3", "4"}));
}

TEST_F(TransactionsTest, TheFirstBatchOfAProducerInAPartitionBeginsAtZero) {
  const auto who = begin();
  EXPECT_EQ(send(who, 3, {"a"}, 12), code(Error::out_of_order_sequence_number));
  EXPECT_EQ(send(who, 0, {"a"}, 12), 0);
}

TEST_F(TransactionsTest, ClientsLearnThatTheSecondVersionIsSpoken) {
  kafka::ApiVersionsRequest request{"test", "1"};
  const auto answer = wire->call<kafka::ApiVersionsResponse>(request, 4);
  const auto ours = std::ranges::find(answer.finalized_features, "transaction.version",
                                      &kafka::ApiVersionsResponse::FinalizedFeatureKey::name);
  ASSERT_NE(ours, answer.finalized_features.end());
  EXPECT_EQ(ours->max_version_level, 2);
}

// ---- looking and repairing

TEST_F(TransactionsTest, TransactionsAreListedAndDescribed) {
  const auto who = begin(), other = begin("other");
  add(who);
  const auto one = described();
  EXPECT_EQ(one.error_code, 0);
  EXPECT_EQ(one.transaction_state, "Ongoing");
  EXPECT_EQ(one.producer_id, who.id);
  EXPECT_EQ(one.transaction_timeout_ms, 60'000);
  EXPECT_GT(one.transaction_start_time_ms, 0);
  EXPECT_EQ(one.topics.at(0).partitions, std::vector<std::int32_t>{0});
  EXPECT_EQ(described("other").transaction_start_time_ms, -1);
  EXPECT_EQ(described("nobody").error_code, code(Error::transactional_id_not_found));

  const auto list = [&](kafka::ListTransactionsRequest request) {
    const auto answer = wire->call<kafka::ListTransactionsResponse>(request, 2);
    std::set<std::string> ids;
    for (const auto& state : answer.transaction_states) ids.insert(state.transactional_id);
    return ids;
  };
  using Ids = std::set<std::string>;
  EXPECT_EQ(list({}), (Ids{"tx", "other"}));
  EXPECT_EQ(list({{"Ongoing"}, {}, -1, {}}), Ids{"tx"});
  EXPECT_EQ(list({{}, {other.id}, -1, {}}), Ids{"other"});
  EXPECT_EQ(list({{}, {}, 3'600'000, {}}), Ids{});
  EXPECT_EQ(list({{}, {}, -1, "o.*"}), Ids{"other"});
  kafka::ListTransactionsRequest request{{"Strange"}, {}, -1, "("};
  auto answer = wire->call<kafka::ListTransactionsResponse>(request, 2);
  EXPECT_EQ(answer.error_code, code(Error::invalid_regular_expression));
  answer = wire->call<kafka::ListTransactionsResponse>(request, 1);
  EXPECT_EQ(answer.unknown_state_filters, Values{"Strange"});

  end(who, true);
  EXPECT_EQ(described().transaction_start_time_ms, one.transaction_start_time_ms) << "of the last one";
  begin();
  EXPECT_EQ(described().transaction_start_time_ms, -1);
}

TEST_F(TransactionsTest, AnAdministratorCanEndATransaction) {
  const auto who = begin();
  add(who);
  send(who, 0, {"a"});
  kafka::DescribeProducersRequest producers;
  producers.topics.push_back({"t", {0}});
  const auto producer = wire->call<kafka::DescribeProducersResponse>(producers, 0)
                            .topics.at(0)
                            .partitions.at(0)
                            .active_producers.at(0);
  EXPECT_EQ(producer.current_txn_start_offset, 0);
  EXPECT_EQ(producer.coordinator_epoch, -1);

  kafka::WriteTxnMarkersRequest request;
  auto& marker = request.markers.emplace_back();
  marker.producer_id = who.id;
  marker.producer_epoch = who.epoch;
  marker.topics.push_back({"t", {0, 9}});
  const auto answer =
      wire->call<kafka::WriteTxnMarkersResponse>(request, 1).markers.at(0).topics.at(0).partitions;
  EXPECT_EQ(answer.at(0).error_code, 0);
  EXPECT_EQ(answer.at(1).error_code, code(Error::unknown_topic_or_partition));
  EXPECT_EQ(committed().last_stable, 2);
  EXPECT_EQ(committed().aborted.size(), 1u);
  marker.producer_epoch = -1;
  EXPECT_EQ(wire->call<kafka::WriteTxnMarkersResponse>(request, 1)
                .markers.at(0)
                .topics.at(0)
                .partitions.at(0)
                .error_code,
            code(Error::invalid_producer_epoch));
}

TEST_F(TransactionsTest, AMarkerOfTheSecondVersionEndsOnlyWhatIsOfAnEarlierEpoch) {
  const auto who = begin();
  add(who);
  send(who, 0, {"a"});
  const auto mark = [&](ProducerEpoch producer, std::int8_t transaction_version,
                        std::int32_t coordinator = 5) {
    kafka::WriteTxnMarkersRequest request;
    request.markers.push_back(
        {producer.id, producer.epoch, true, {{"t", {0}}}, coordinator, transaction_version});
    const auto answer = wire->call<kafka::WriteTxnMarkersResponse>(request, 2);
    return answer.markers.at(0).topics.at(0).partitions.at(0).error_code;
  };
  const ProducerEpoch next{who.id, static_cast<std::int16_t>(who.epoch + 1)};
  EXPECT_EQ(mark(who, 2), code(Error::invalid_producer_epoch));
  EXPECT_EQ(committed().last_stable, 0) << "it is still open";
  EXPECT_EQ(mark(next, 2), 0);
  EXPECT_EQ(committed().last_stable, 2);
  EXPECT_EQ(mark(next, 2), 0) << "once more";
  EXPECT_EQ(mark(who, 1), code(Error::invalid_producer_epoch));
  EXPECT_EQ(mark(next, 1, 4), code(Error::transaction_coordinator_fenced));
}

TEST_F(TransactionsTest, DeletedTopicsDoNotKeepATransactionFromEnding) {
  create("doomed");
  const auto who = begin();
  add(who, 0, "doomed");
  kafka::DeleteTopicsRequest request;
  request.topic_names = {"doomed"};
  request.timeout_ms = 10'000;
  wire->call<kafka::DeleteTopicsResponse>(request, 5);
  EXPECT_EQ(end(who, true).error_code, 0);
  ended();
  EXPECT_EQ(described().transaction_state, "CompleteCommit");
}

TEST_F(TransactionsTest, NonsenseIsRefused) {
  EXPECT_EQ(init("").error_code, code(Error::invalid_request));
  EXPECT_EQ(init("tx", 0).error_code, code(Error::invalid_transaction_timeout));
  EXPECT_EQ(init("tx", 900'001).error_code, code(Error::invalid_transaction_timeout));
  EXPECT_EQ(init("tx", 1000, {5, -1}).error_code, code(Error::invalid_request));
  EXPECT_EQ(described().error_code, code(Error::transactional_id_not_found)) << "nothing was remembered";
  const auto who = begin();
  EXPECT_EQ(add(who, 0, "t", 3, ""), code(Error::invalid_request));
  EXPECT_EQ(add(who, 0, "t", 3, "nobody"), code(Error::invalid_producer_id_mapping));
  EXPECT_EQ(add(who, -1), code(Error::unknown_topic_or_partition));
  EXPECT_EQ(end(who, true, 3, "").error_code, code(Error::invalid_producer_id_mapping));
  EXPECT_EQ(end(who, true, 3, "nobody").error_code, code(Error::invalid_producer_id_mapping));
  EXPECT_EQ(end(who, true).error_code, code(Error::invalid_txn_state));
  EXPECT_EQ(end({}, true).error_code, code(Error::invalid_producer_id_mapping));
}

TEST_F(TransactionsTest, IdsThatNobodyUsesExpire) {
  start([](Config& config) { config.transactional_id_expiration = Milliseconds(50); });
  const auto who = begin("tx", 60'000);
  while (described().error_code == 0) broker->pass(std::chrono::milliseconds(10));
  EXPECT_EQ(add(who), code(Error::invalid_producer_id_mapping));
  EXPECT_NE(begin().id, who.id);
  start();
  while (described("x").error_code == code(Error::coordinator_load_in_progress)) {
  }
  EXPECT_NE(described().producer_id, who.id);
}

}  // namespace
}  // namespace mq::core
