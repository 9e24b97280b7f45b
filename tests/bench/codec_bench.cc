// SPDX-License-Identifier: Apache-2.0
// What the codec costs: nanoseconds per message of the requests that every client sends.
#include <chrono>
#include <cstdio>

#include "net/kafka/codec.h"
#include "net/kafka/header.h"
#include "net/kafka/messages/fetch.h"
#include "net/kafka/messages/metadata.h"
#include "net/kafka/messages/produce.h"

namespace {

using namespace mq::kafka;
using Clock = std::chrono::steady_clock;

// One line: the average of as many rounds as fit into half a second.
template <class F>
void measure(const char* what, F&& once) {
  constexpr auto long_enough = std::chrono::milliseconds(500);
  std::size_t rounds = 0;
  const auto start = Clock::now();
  for (; Clock::now() - start < long_enough; rounds += 100)
    for (int i = 0; i < 100; i++) once();
  const std::chrono::duration<double, std::nano> taken = Clock::now() - start;
  std::printf("%-44s %8.0f ns\n", what, taken.count() / static_cast<double>(rounds));
}

std::size_t sink = 0;  // so that nothing is optimised away

Bytes flat(const mq::net::Pieces& pieces) {
  const std::byte* from = pieces[0].memory.get();
  return {from + 4, from + pieces[0].size};
}

void produce() {
  const std::vector<std::byte> batch(1000);
  ProduceRequest request;
  request.acks = -1;
  auto& topic = request.topic_data.emplace_back();
  topic.name = "orders";
  topic.partition_data.push_back({0, Records{batch, {}}});
  const Bytes frame = flat(encode_request(1, "bench", request, 9));
  measure("produce request v9, 1 partition: decode", [&] {
    const auto header = parse_request_header(frame);
    const auto message = decode<ProduceRequest>(mq::net::Bytes(frame).subspan(header->body_at), 9);
    sink += message->topic_data.size();
  });
  ProduceResponse response;
  response.responses.emplace_back().name = "orders";
  response.responses[0].partition_responses.emplace_back().base_offset = 1'000'000;
  measure("produce response v9, 1 partition: encode", [&] { sink += encode_frame(1, response, 9)[0].size; });
}

void fetch() {
  const auto memory = std::make_shared<std::vector<std::byte>>(100'000);
  FetchResponse response;
  auto& topic = response.responses.emplace_back();
  topic.topic = "orders";
  for (std::int32_t i = 0; i < 10; i++) {
    auto& partition = topic.partitions.emplace_back();
    partition.partition_index = i;
    partition.records->pieces.push_back({{memory, memory->data()}, nullptr, 0, memory->size()});
  }
  measure("fetch response v12, 10 partitions: encode", [&] { sink += encode_frame(1, response, 12).size(); });

  FetchRequest request;
  auto& asked = request.topics.emplace_back();
  asked.topic = "orders";
  asked.partitions.resize(10);
  const Bytes frame = flat(encode_request(1, "bench", request, 12));
  measure("fetch request v12, 10 partitions: decode", [&] {
    const auto header = parse_request_header(frame);
    sink += decode<FetchRequest>(mq::net::Bytes(frame).subspan(header->body_at), 12)->topics.size();
  });
}

void metadata() {
  MetadataResponse response;
  for (std::int32_t i = 0; i < 3; i++) response.brokers.push_back({i, "broker.example.org", 9092, {}});
  for (int t = 0; t < 100; t++) {
    auto& topic = response.topics.emplace_back();
    topic.name = "topic-" + std::to_string(t);
    topic.partitions.resize(10);
    for (auto& partition : topic.partitions) partition.replica_nodes = partition.isr_nodes = {0, 1, 2};
  }
  measure("metadata response v12, 1000 partitions: encode",
          [&] { sink += encode_frame(1, response, 12)[0].size; });
  const Bytes body = encode(response, 12);
  measure("metadata response v12, 1000 partitions: decode",
          [&] { sink += decode<MetadataResponse>(body, 12)->topics.size(); });
}

}  // namespace

int main() {
  produce();
  fetch();
  metadata();
  return sink == 0;
}
