// SPDX-License-Identifier: Apache-2.0
// A broker on loopback that keeps one topic in memory and does what the test scripts: refuses, stays silent,
// hangs up. Lives on the test's loop.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/client/client.h"
#include "net/kafka/header.h"
#include "net/kafka/messages/fetch.h"
#include "net/kafka/messages/init_producer_id.h"
#include "net/kafka/messages/list_offsets.h"
#include "net/kafka/messages/produce.h"
#include "net/kafka/record_batch.h"
#include "net/server.h"

namespace mq::client {

class FakeBroker : public net::Handler {
 public:
  FakeBroker(asio::io_context& loop, int partitions = 1)
      : loop_(loop), logs(static_cast<std::size_t>(partitions)) {
    server_ = net::Server::create(loop, *this, {});
    const auto at = asio::ip::tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0);
    port = server_->listen(at)->port();
    for (int i = 0; i < partitions; i++) next_sequence_[i] = 0;
  }
  ~FakeBroker() override {
    server_->stop_accepting();
    server_->close_all();
  }

  Options options() const {
    Options options;
    options.brokers = {{"127.0.0.1", port}};
    options.timeout = std::chrono::seconds(10);
    return options;
  }

  net::Task<net::Result<net::Pieces>> handle(std::shared_ptr<net::Peer>, net::Slice frame) override {
    auto header = kafka::parse_request_header(frame.bytes());
    if (!header) co_return header.error();
    const net::Bytes body = frame.bytes().subspan(header->body_at);
    requests[header->api_key]++;
    versions[header->api_key] = header->api_version;
    if (hang_up_on.erase(header->api_key)) co_return make_error_code(boost::system::errc::connection_reset);
    co_return answer(*header, body);
  }
  bool overlaps(net::Bytes) const override { return false; }

  // ---- script ----
  std::uint16_t port = 0;
  std::uint16_t advertised_port = 0;  // 0: the real one
  std::string topic = "t";
  bool topic_exists = true;
  kafka::Version api_versions_max = 4;  // a higher one is refused as Kafka does
  kafka::Version metadata_max = 12;
  std::set<std::int16_t> hang_up_on;        // once, at the next request of this key
  std::deque<kafka::Error> produce_errors;  // for the next produce requests; `none` appends
  bool append_before_error = false;         // the record is kept though the answer is an error
  std::int64_t fetch_bytes = INT64_MAX;  // never more than so many bytes of one partition, one batch at least

  std::pair<Offset, Offset> lost{-1, -1};  // of partition 0: what a fetch in between is refused with
  kafka::Error lost_error = kafka::Error::corrupt_message;

  // ---- what came ----
  struct Stored {
    std::vector<std::byte> bytes;
    Offset first = 0, last = 0;
  };
  struct Log {
    std::vector<Stored> batches;
    Offset end = 0;
  };
  std::map<std::int16_t, int> requests;
  std::map<std::int16_t, kafka::Version> versions;
  std::vector<int> asked_timeouts;  // of InitProducerId
  std::vector<std::string> values(int partition) const {
    std::vector<std::string> all;
    for (const Stored& stored : logs[static_cast<std::size_t>(partition)].batches) {
      kafka::RecordReader reader{net::Bytes(stored.bytes)};
      while (const kafka::Record* record = reader.next())
        all.emplace_back(reinterpret_cast<const char*>(record->value->data()), record->value->size());
    }
    return all;
  }
  void store(int partition, net::Slice batch) {
    const auto bytes = batch.bytes();
    std::vector<std::byte> copy(bytes.begin(), bytes.end());
    append(logs[static_cast<std::size_t>(partition)], std::move(copy));
  }

 private:
  net::Pieces answer(const kafka::RequestHeader& header, net::Bytes body) {
    switch (header.api_key) {
      case 0:
        return produce(header, *kafka::decode<kafka::ProduceRequest>(body, header.api_version));
      case 1:
        return fetch(header, *kafka::decode<kafka::FetchRequest>(body, header.api_version));
      case 2:
        return list_offsets(header, *kafka::decode<kafka::ListOffsetsRequest>(body, header.api_version));
      case 3:
        return metadata(header);
      case 18:
        return api_versions(header);
      default: {
        asked_timeouts.push_back(
            kafka::decode<kafka::InitProducerIdRequest>(body, header.api_version)->transaction_timeout_ms);
        kafka::InitProducerIdResponse response;
        response.producer_id = 7;
        return kafka::encode_frame(header.correlation_id, response, header.api_version);
      }
    }
  }

  net::Pieces api_versions(const kafka::RequestHeader& header) {
    kafka::ApiVersionsResponse response;
    const bool known = header.api_version <= api_versions_max;
    if (!known) response.error_code = 35;
    const auto add = [&](std::int16_t key, std::int16_t min, std::int16_t max) {
      auto& api = response.api_keys.emplace_back();
      api.api_key = key, api.min_version = min, api.max_version = max;
    };
    add(18, 0, api_versions_max);
    if (known) add(22, 0, 4), add(0, 3, 9), add(1, 4, 12), add(2, 1, 7), add(3, 0, metadata_max);
    return kafka::encode_frame(header.correlation_id, response,
                               known ? header.api_version : kafka::Version{0});
  }

  net::Pieces metadata(const kafka::RequestHeader& header) {
    kafka::MetadataResponse response;
    auto& broker = response.brokers.emplace_back();
    broker.node_id = 1, broker.host = "127.0.0.1", broker.port = advertised_port ? advertised_port : port;
    response.controller_id = 1;
    auto& described = response.topics.emplace_back();
    described.name = topic;
    if (!topic_exists) described.error_code = 3;
    for (std::size_t i = 0; topic_exists && i < logs.size(); i++) {
      auto& partition = described.partitions.emplace_back();
      partition.partition_index = static_cast<std::int32_t>(i), partition.leader_id = 1;
    }
    return kafka::encode_frame(header.correlation_id, response, header.api_version);
  }

  net::Pieces produce(const kafka::RequestHeader& header, const kafka::ProduceRequest& request) {
    kafka::ProduceResponse response;
    const kafka::Error scripted = produce_errors.empty() ? kafka::Error::none : produce_errors.front();
    if (!produce_errors.empty()) produce_errors.pop_front();
    auto& answered = response.responses.emplace_back();
    answered.name = topic;
    for (const auto& partition : request.topic_data[0].partition_data) {
      auto& result = answered.partition_responses.emplace_back();
      result.index = partition.index;
      kafka::Error error = scripted;
      if (error == kafka::Error::none || append_before_error) {
        const auto outcome = accept(partition.index, partition.records->bytes, result.base_offset);
        if (error == kafka::Error::none) error = outcome;
      }
      result.error_code = kafka::number_of(error);
    }
    if (request.acks == 0) return {};
    return kafka::encode_frame(header.correlation_id, response, header.api_version);
  }

  // As a broker does: in sequence, each batch once.
  kafka::Error accept(std::int32_t partition, net::Bytes batch, Offset& base_offset) {
    if (const auto error = kafka::check_batch(batch); error != kafka::Error::none) return error;
    const auto head = *kafka::BatchHead::parse(batch);
    Log& log = logs[static_cast<std::size_t>(partition)];
    if (head.producer_id >= 0) {
      for (const Stored& stored : log.batches)
        if (kafka::BatchHead::parse(stored.bytes)->base_sequence == head.base_sequence)
          return base_offset = stored.first, kafka::Error::none;
      if (head.base_sequence != next_sequence_[partition]) return kafka::Error::out_of_order_sequence_number;
      next_sequence_[partition] += head.record_count;
    }
    base_offset = log.end;
    append(log, {batch.begin(), batch.end()});
    return kafka::Error::none;
  }

  static void append(Log& log, std::vector<std::byte> bytes) {
    kafka::stamp(bytes.data(), log.end, 0);
    const auto head = *kafka::BatchHead::parse(bytes);
    log.batches.push_back({std::move(bytes), log.end, head.last_offset()});
    log.end = head.last_offset() + 1;
  }

  net::Pieces list_offsets(const kafka::RequestHeader& header, const kafka::ListOffsetsRequest& request) {
    kafka::ListOffsetsResponse response;
    for (const auto& asked : request.topics) {
      auto& answered = response.topics.emplace_back();
      answered.name = asked.name;
      for (const auto& partition : asked.partitions) {
        auto& result = answered.partitions.emplace_back();
        const Log& log = logs[static_cast<std::size_t>(partition.partition_index)];
        result.partition_index = partition.partition_index;
        result.offset = partition.timestamp != -2 ? log.end
                        : log.batches.empty()     ? log.end
                                                  : log.batches[0].first;
      }
    }
    return kafka::encode_frame(header.correlation_id, response, header.api_version);
  }

  net::Pieces fetch(const kafka::RequestHeader& header, const kafka::FetchRequest& request) {
    kafka::FetchResponse response;
    auto& answered = response.responses.emplace_back();
    answered.topic = topic;
    sent_.clear();
    for (const auto& asked : request.topics[0].partitions) {
      auto& result = answered.partitions.emplace_back();
      const Log& log = logs[static_cast<std::size_t>(asked.partition)];
      result.partition_index = asked.partition;
      result.high_watermark = result.last_stable_offset = log.end;
      auto& bytes = sent_.emplace_back();
      const bool is_lost =
          asked.partition == 0 && asked.fetch_offset >= lost.first && asked.fetch_offset < lost.second;
      for (const Stored& stored : log.batches) {
        if (stored.last < asked.fetch_offset || is_lost) continue;
        if (asked.partition == 0 && stored.first >= lost.first && asked.fetch_offset < lost.first) break;
        if (!bytes.empty() && static_cast<std::int64_t>(bytes.size() + stored.bytes.size()) > fetch_bytes)
          break;
        bytes.insert(bytes.end(), stored.bytes.begin(), stored.bytes.end());
      }
      const Offset start = log.batches.empty() ? log.end : log.batches[0].first;
      if (asked.fetch_offset < start || asked.fetch_offset > log.end) result.error_code = 1;
      if (is_lost) result.error_code = kafka::number_of(lost_error);
      result.records.emplace().bytes = bytes;
    }
    return kafka::encode_frame(header.correlation_id, response, header.api_version);
  }

  asio::io_context& loop_;
  std::unique_ptr<net::Server> server_;
  std::deque<std::vector<std::byte>> sent_;

 public:
  std::vector<Log> logs;

 private:
  std::map<int, std::int32_t> next_sequence_;
};

// Runs the loop until the task is done; a test that takes longer than `limit` fails here.
template <class T>
T run_until_done(asio::io_context& loop, net::Task<T> task, Duration limit = std::chrono::seconds(30)) {
  std::optional<T> result;
  asio::co_spawn(loop, std::move(task), [&](std::exception_ptr failed, T value) {
    if (failed) std::rethrow_exception(failed);
    result.emplace(std::move(value));
  });
  const Time deadline = std::chrono::steady_clock::now() + limit;
  while (!result && loop.run_one_until(deadline) > 0) continue;
  if (!result) throw std::runtime_error("not done in time");
  return std::move(*result);
}

inline net::Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline net::Slice batch_of(const std::vector<std::string>& values, std::int64_t timestamp = 1000,
                           kafka::Codec codec = kafka::Codec::none) {
  kafka::BatchBuilder builder(1 << 20);
  for (const std::string& value : values) builder.append(timestamp, std::nullopt, bytes_of(value));
  return *kafka::recompress(builder.finish().bytes(), codec);
}

}  // namespace mq::client
