// SPDX-License-Identifier: Apache-2.0
// What a client says to write, to commit offsets and to read in transactions.
#pragma once

#include "tests/core/handlers/conversation.h"

namespace mq::core {

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

class TxnOffsetsTest : public TransactionsTest {
 protected:
  std::int16_t add_offsets(ProducerEpoch who, const std::string& group = "group",
                           kafka::Version version = 3) {
    const kafka::AddOffsetsToTxnRequest request{"tx", who.id, who.epoch, group};
    return wire->call<kafka::AddOffsetsToTxnResponse>(request, version).error_code;
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

}  // namespace mq::core
