// SPDX-License-Identifier: Apache-2.0
#include "tests/core/handlers/conversation.h"

namespace mq::core {
namespace {

using Values = std::vector<std::string>;

class TransactionsTest : public Conversation {
 protected:
  void SetUp() override {
    Conversation::SetUp();
    create("t", 2);
  }

  kafka::InitProducerIdResponse init(std::string id = "tx", std::int32_t timeout_ms = 60'000,
                                     ProducerEpoch given = {}, kafka::Version version = 4) {
    kafka::InitProducerIdRequest request;
    request.transactional_id = std::move(id);
    request.transaction_timeout_ms = timeout_ms;
    request.producer_id = given.id;
    request.producer_epoch = given.epoch;
    return wire->call<kafka::InitProducerIdResponse>(request, version);
  }
  ProducerEpoch begin(std::string id = "tx", std::int32_t timeout_ms = 60'000) {
    const auto answer = init(std::move(id), timeout_ms);
    EXPECT_EQ(answer.error_code, 0);
    return {answer.producer_id, answer.producer_epoch};
  }
  std::int16_t add(ProducerEpoch who, std::int32_t partition = 0, std::string topic = "t",
                   kafka::Version version = 3, std::string id = "tx") {
    kafka::AddPartitionsToTxnRequest request;
    request.v3_and_below_transactional_id = std::move(id);
    request.v3_and_below_producer_id = who.id;
    request.v3_and_below_producer_epoch = who.epoch;
    request.v3_and_below_topics.push_back({std::move(topic), {partition}});
    const auto answer = wire->call<kafka::AddPartitionsToTxnResponse>(request, version);
    return answer.results_by_topic_v3_and_below.at(0).results_by_partition.at(0).partition_error_code;
  }
  std::int16_t send(ProducerEpoch who, std::int32_t sequence, Values values, kafka::Version version = 9,
                    std::int32_t partition = 0, std::optional<std::string> id = "tx") {
    const std::string records =
        batch({.values = std::move(values), .producer = {who.id, who.epoch, sequence, true}});
    auto request = produce_request("t", partition, bytes_of(records));
    request.transactional_id = std::move(id);
    const auto answer = wire->call<kafka::ProduceResponse>(request, version);
    return answer.responses.at(0).partition_responses.at(0).error_code;
  }
  kafka::EndTxnResponse end(ProducerEpoch who, bool commit, kafka::Version version = 3,
                            std::string id = "tx") {
    return wire->call<kafka::EndTxnResponse>(kafka::EndTxnRequest{std::move(id), who.id, who.epoch, commit},
                                             version);
  }

  // What a reader of committed records gets: aborted ones left out as clients do it.
  struct Committed {
    Values values;
    std::int64_t high_watermark = -1, last_stable = -1;
    std::vector<std::pair<std::int64_t, std::int64_t>> aborted;
  };
  Committed committed(std::int64_t from = 0, std::int32_t partition = 0, std::int32_t wait_ms = 0) {
    auto request = fetch_request("t", from, partition);
    request.isolation_level = 1;
    request.max_wait_ms = wait_ms;
    const auto response = wire->call<kafka::FetchResponse>(request, 12);
    const auto& data = response.responses.at(0).partitions.at(0);
    Committed result{{}, data.high_watermark, data.last_stable_offset, {}};
    EXPECT_TRUE(data.aborted_transactions);
    for (const auto& a : *data.aborted_transactions)
      result.aborted.emplace_back(a.producer_id, a.first_offset);
    auto next_aborted = result.aborted.begin();
    std::set<std::int64_t> skipping;
    net::Bytes rest = data.records->bytes;
    while (const auto one = kafka::next_batch(rest)) {
      const auto head = *kafka::BatchHead::parse(*one);
      EXPECT_LT(head.last_offset(), result.last_stable);
      for (; next_aborted != result.aborted.end() && next_aborted->second <= head.last_offset();
           ++next_aborted)
        skipping.insert(next_aborted->first);
      if (head.is_control()) {
        if (!kafka::read_marker(*one)->commit) skipping.erase(head.producer_id);
        continue;
      }
      if (head.is_transactional() && skipping.contains(head.producer_id)) continue;
      kafka::RecordReader reader(*one);
      while (const auto* record = reader.next()) result.values.push_back(text_of(*record->value));
    }
    return result;
  }
  std::int64_t latest(bool only_committed) {
    kafka::ListOffsetsRequest request;
    request.replica_id = -1;
    request.isolation_level = only_committed;
    auto& wanted = request.topics.emplace_back();
    wanted.name = "t";
    wanted.partitions.push_back({0, -1, -1});
    return wire->call<kafka::ListOffsetsResponse>(request, 7).topics.at(0).partitions.at(0).offset;
  }
  kafka::DescribeTransactionsResponse::TransactionState described(const std::string& id = "tx") {
    return wire->call<kafka::DescribeTransactionsResponse>(kafka::DescribeTransactionsRequest{{id}}, 0)
        .transaction_states.at(0);
  }
  // Until the transaction is over everywhere.
  void ended(const std::string& id = "tx") {
    while (described(id).transaction_state.starts_with("Prepare")) {
    }
  }
};

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
  const auto errors = [&] {
    const auto answer = wire->call<kafka::AddPartitionsToTxnResponse>(request, 5);
    std::vector<std::int16_t> all;
    for (const auto& partition : answer.results_by_transaction.at(0).topic_results.at(0).results_by_partition)
      all.push_back(partition.partition_error_code);
    return all;
  };
  const auto abortable = code(Error::transaction_abortable);
  EXPECT_EQ(errors(), (std::vector<std::int16_t>{abortable, abortable}));
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
  while (described().error_code == 0) {
  }
  EXPECT_EQ(add(who), code(Error::invalid_producer_id_mapping));
  EXPECT_NE(begin().id, who.id);
  start();
  while (described("x").error_code == code(Error::coordinator_load_in_progress)) {
  }
  EXPECT_NE(described().producer_id, who.id);
}

// ---- offsets in transactions

class TxnOffsetsTest : public TransactionsTest {
 protected:
  std::int16_t add_offsets(ProducerEpoch who, const std::string& group = "group") {
    const kafka::AddOffsetsToTxnRequest request{"tx", who.id, who.epoch, group};
    return wire->call<kafka::AddOffsetsToTxnResponse>(request, 3).error_code;
  }
  std::int16_t commit(ProducerEpoch who, std::int64_t offset, kafka::Version version = 3,
                      const std::string& group = "group", std::string topic = "t", std::string id = "tx") {
    kafka::TxnOffsetCommitRequest request;
    request.transactional_id = std::move(id);
    request.group_id = group;
    request.producer_id = who.id;
    request.producer_epoch = who.epoch;
    auto& committed = request.topics.emplace_back();
    committed.name = std::move(topic);
    committed.partitions.push_back({0, offset, -1, "note"});
    return wire->call<kafka::TxnOffsetCommitResponse>(request, version)
        .topics.at(0)
        .partitions.at(0)
        .error_code;
  }
  struct Position {
    std::int16_t error = 0;
    std::int64_t offset = -1;
    bool operator==(const Position&) const = default;
  };
  Position position(bool stable = false, const std::string& group = "group") {
    kafka::OffsetFetchRequest request;
    request.group_id = group;
    request.require_stable = stable;
    request.topics.emplace().push_back({"t", {}, {0}});
    for (;;) {
      const auto answer = wire->call<kafka::OffsetFetchResponse>(request, 7);
      if (answer.error_code == code(Error::coordinator_load_in_progress)) continue;
      const auto& partition = answer.topics.at(0).partitions.at(0);
      return {partition.error_code, partition.committed_offset};
    }
  }
};

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
  add_offsets(who);
  EXPECT_EQ(commit({who.id, 7}, 42), code(Error::invalid_producer_epoch));
  EXPECT_EQ(commit({who.id + 1, who.epoch}, 42), code(Error::invalid_producer_id_mapping));
  EXPECT_EQ(commit(who, 42, 3, "group", "nobody"), code(Error::unknown_topic_or_partition));
  EXPECT_EQ(commit(who, 42, 3, ""), code(Error::invalid_group_id));
  EXPECT_EQ(commit(who, 42, 3, "group", "t", ""), code(Error::invalid_request));
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
  while (described().transaction_state != "CompleteAbort") {
  }
  EXPECT_EQ(position(true), (Position{0, -1}));
}

}  // namespace
}  // namespace mq::core
