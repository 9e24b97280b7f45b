// SPDX-License-Identifier: Apache-2.0
// Words that conversations with a broker are made of: builders of requests that hide what does not matter.
#pragma once

#include "core/handlers/handlers.h"
#include "net/kafka/messages/every.h"
#include "net/kafka/record_batch.h"
#include "tests/support/test_broker.h"
#include "tests/support/virtual_broker.h"

namespace mq::core {

using kafka::Error;
using test::TempDir;
using test::TestBroker;

inline std::int16_t code(Error error) {
  return static_cast<std::int16_t>(error);
}
inline net::Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
inline std::string text_of(net::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct BatchOf {
  std::vector<std::string> values = {};
  std::optional<std::string> key = std::nullopt;
  std::int64_t timestamp = 1'000'000;
  kafka::Codec codec = kafka::Codec::none;
  kafka::BatchProducer producer = {};
};
inline std::string batch(const BatchOf& of) {
  kafka::BatchBuilder builder(16 << 20);
  std::int64_t time = of.timestamp;
  for (const std::string& value : of.values)
    builder.append(time++, of.key ? std::optional(bytes_of(*of.key)) : std::nullopt, bytes_of(value));
  const net::Slice plain = builder.finish(kafka::Codec::none, 0, of.producer);
  return text_of(kafka::recompress(plain.bytes(), of.codec)->bytes());  // also where that gains nothing
}

inline kafka::ProduceRequest produce_request(const std::string& topic, std::int32_t partition,
                                             net::Bytes records, std::int16_t acks = -1) {
  kafka::ProduceRequest request;
  request.acks = acks;
  request.timeout_ms = 10'000;
  auto& data = request.topic_data.emplace_back();
  data.name = topic;
  data.partition_data.push_back({partition, kafka::Records{records, {}}});
  return request;
}

// Over sockets, on a disk, in real time; or in the test's thread, in memory, on virtual time.
struct OverSockets {
  using Broker = TestBroker;
  std::unique_ptr<Broker> start(const std::filesystem::path& data, std::function<void(Config&)> adjust) {
    return std::make_unique<Broker>(data, std::move(adjust));
  }
};
struct InMemory {
  using Broker = test::VirtualBroker;
  std::unique_ptr<Broker> start(const std::filesystem::path& data,
                                const std::function<void(Config&)>& adjust) {
    return std::make_unique<Broker>(data, disk, clock, adjust);
  }

  test::VirtualClock clock;
  storage::MemoryDisk disk;
};

template <class Host>
class BasicConversation : public testing::Test {
 protected:
  using Wire = typename Host::Broker::Wire;

  void start(std::function<void(Config&)> adjust = {}) {
    wire.reset();
    broker.reset();
    broker = host.start(dir.path() / "data", std::move(adjust));
    connect();
  }
  void connect() { wire.emplace(*broker); }
  void SetUp() override { start(); }

  kafka::CreateTopicsResponse::CreatableTopicResult create(std::string name, std::int32_t partitions = 1,
                                                           Overrides configs = {}) {
    kafka::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = std::move(name);
    topic.num_partitions = partitions;
    topic.replication_factor = 1;
    for (const auto& [key, value] : configs) topic.configs.push_back({key, value});
    return wire->template call<kafka::CreateTopicsResponse>(request, 7).topics.at(0);
  }

  kafka::ProduceResponse::PartitionProduceResponse produce(const std::string& topic,
                                                           const std::string& records,
                                                           std::int32_t partition = 0,
                                                           kafka::Version version = 9) {
    const auto request = produce_request(topic, partition, bytes_of(records));
    return wire->template call<kafka::ProduceResponse>(request, version)
        .responses.at(0)
        .partition_responses.at(0);
  }

  static kafka::FetchRequest fetch_request(const std::string& topic, std::int64_t offset,
                                           std::int32_t partition = 0) {
    kafka::FetchRequest request;
    request.max_wait_ms = 0;
    request.min_bytes = 1;
    request.max_bytes = 50 << 20;
    auto& wanted = request.topics.emplace_back();
    wanted.topic = topic;
    auto& asked = wanted.partitions.emplace_back();
    asked.partition = partition;
    asked.fetch_offset = offset;
    asked.partition_max_bytes = 10 << 20;
    return request;
  }
  struct Fetched {
    std::int16_t error = 0;
    std::int64_t high_watermark = -1, log_start = -1;
    std::vector<std::string> values;
    std::vector<std::int64_t> offsets;
    bool operator==(const Fetched&) const = default;
  };
  static Fetched read(const kafka::FetchResponse& response) {
    const auto& data = response.responses.at(0).partitions.at(0);
    Fetched fetched{data.error_code, data.high_watermark, data.log_start_offset, {}, {}};
    EXPECT_TRUE(data.records) << "records are never null";
    net::Bytes rest = data.records->bytes;
    while (const auto one = kafka::next_batch(rest)) {
      EXPECT_EQ(kafka::check_batch(*one), Error::none);
      kafka::RecordReader reader(*one);
      while (const auto* record = reader.next()) {
        fetched.values.push_back(text_of(record->value.value_or(net::Bytes{})));
        fetched.offsets.push_back(record->offset);
      }
    }
    return fetched;
  }
  Fetched fetch(const std::string& topic, std::int64_t offset, std::int32_t partition = 0) {
    return read(wire->template call<kafka::FetchResponse>(fetch_request(topic, offset, partition), 12));
  }
  std::int64_t offset_at(const std::string& topic, std::int64_t timestamp) {
    kafka::ListOffsetsRequest request;
    request.replica_id = -1;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    wanted.partitions.push_back({0, -1, timestamp});
    const auto response = wire->template call<kafka::ListOffsetsResponse>(request, 7);
    return response.topics.at(0).partitions.at(0).offset;
  }

  TempDir dir;
  Host host;
  std::unique_ptr<typename Host::Broker> broker;
  std::optional<Wire> wire;
};

using Conversation = BasicConversation<InMemory>;
using SocketConversation = BasicConversation<OverSockets>;

}  // namespace mq::core
