// SPDX-License-Identifier: Apache-2.0
// Two requests in one write: the second sees what the first did, whichever they are. Every request that
// changes something is followed by every request that reads, and the answer is the one that comes later, too.
#include "core/handlers/routes.h"
#include "tests/core/handlers/pipelined_requests.h"

namespace mq::core {
namespace {

using namespace pipelined;

class PipelinedTest : public SocketConversation, public testing::WithParamInterface<Change> {
 protected:
  Subject subject(std::size_t number) {
    const std::string n = std::to_string(number);
    Subject s{*wire, "topic-" + n, "new-topic-" + n, "group-" + n, "new-group-" + n, "transaction-" + n};
    create(s.topic);
    SocketConversation::produce(s.topic, batch({.values = {"a", "b", "c", "d"}}));
    answer(commit(s, 1));
    return s;
  }
  std::string answer(const std::string& frames) {
    wire->send(frames);
    return text_of(wire->receive());
  }
  // How one reading sees the change: before it, in the same write, and later.
  struct Seen {
    std::string before, together, later;
  };
  Seen look(const Reading& reading, std::size_t number) {
    const Change& change = GetParam();
    Subject s = subject(number);
    change.prepare(s);
    Seen seen;
    seen.before = answer(reading.request(s));
    wire->send(change.request(s) + reading.request(s));
    if (change.answered) wire->receive();
    seen.together = text_of(wire->receive());
    seen.later = answer(reading.request(s));
    return seen;
  }
};

TEST_P(PipelinedTest, WhatIsReadInTheSameWriteSeesTheChange) {
  std::size_t number = 0, seeing = 0;
  for (const Reading& reading : readings) {
    const Seen seen = look(reading, number++);
    EXPECT_FALSE(seen.together.empty()) << reading.name;
    EXPECT_TRUE(seen.together == seen.later) << reading.name << " answers as if it had come first";
    seeing += seen.before != seen.later;
  }
  EXPECT_GT(seeing, 0u) << "it changes nothing that anybody reads";
}

INSTANTIATE_TEST_SUITE_P(EveryChange, PipelinedTest, testing::ValuesIn(changes),
                         [](const auto& change) { return std::string(change.param.name); });

TEST(Pipelined, EveryRequestThatIsAnsweredIsAChangeOrARead) {
  std::set<std::int16_t> known;
  for (const Change& change : changes) known.insert(change.key);
  for (const Reading& reading : readings) known.insert(reading.key);
  for (const Route& route : routes()) EXPECT_TRUE(known.contains(route.key)) << route.key;
}

TEST(Pipelined, OnlyProducesOverlap) {
  for (const Route& route : routes())
    EXPECT_EQ(route.overlaps, route.key == key_of<kafka::ProduceRequest>) << route.key;
}

class LongPollTest : public SocketConversation {};

TEST_F(LongPollTest, WhatComesBehindALongPollWaitsForIt) {
  create("t");
  auto polling = SocketConversation::fetch_request("t", 0);
  polling.max_wait_ms = 10'000;
  const std::string records = batch({.values = {"a"}});
  const auto behind = produce_request("t", 0, bytes_of(records));
  wire->send(frame(polling, 12) + frame(behind, 9));
  Wire other = broker->connect();
  const auto first = other.call<kafka::ProduceResponse>(behind, 9);
  EXPECT_EQ(first.responses.at(0).partition_responses.at(0).base_offset, 0) << "of the other connection";
  EXPECT_EQ(read(wire->receive<kafka::FetchResponse>(12)).values, (std::vector<std::string>{"a"}));
  const auto second = wire->receive<kafka::ProduceResponse>(9);
  EXPECT_EQ(second.responses.at(0).partition_responses.at(0).base_offset, 1);
}

}  // namespace
}  // namespace mq::core
