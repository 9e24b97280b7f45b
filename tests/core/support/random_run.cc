// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/random_run.h"

#include "storage/error.h"

namespace mq::core {

void RandomRun::start() {
  broker_ = std::make_unique<test::VirtualBroker>(dir_.path() / "data", disk_, clock_);
}

void RandomRun::crash() {
  for (auto& actor : actors_) actor->disconnect();
  broker_->crash();
  broker_.reset();
  events_.push_back("crash");
  start();
}

void RandomRun::step() {
  switch (chance(40)) {
    case 0:
      crash();
      break;
    case 1:
      broker_->hold();
      break;
    case 2:
    case 3:
    case 4:
      broker_->release();
      broker_->journal().fail_with({});
      broker_->journal().has_room_for(UINT64_MAX);
      break;
    case 5:
      broker_->journal().fail_with(make_error_code(storage::Errc::io));
      break;
    case 6:
      broker_->journal().has_room_for(chance(2000));
      break;
    case 7:
      broker_->pass(std::chrono::milliseconds(chance(chance(10) ? 1000 : 40'000)));
      break;
    default:
      actors_[chance(actors_.size())]->act();
  }
  broker_->pass(std::chrono::milliseconds(0));
  for (auto& actor : actors_) actor->collect();
}

// The disk works, and everybody comes to an end.
void RandomRun::heal() {
  ending_ = true;
  broker_->release();
  broker_->journal().fail_with({});
  broker_->journal().has_room_for(UINT64_MAX);
  const auto rest = [this] {
    return std::ranges::all_of(actors_, [](const auto& actor) { return actor->is_at_rest(); });
  };
  for (int round = 0; round < 1000 && !rest(); round++) {
    for (auto& actor : actors_)
      if (!actor->is_at_rest()) actor->act();
    broker_->pass(std::chrono::milliseconds(200));
    for (auto& actor : actors_) actor->collect();
  }
  broker_->pass(std::chrono::seconds(30));  // markers that failed are written again
  EXPECT_TRUE(rest()) << "somebody waits for ever: " << last_events(100);
}

std::string RandomRun::last_events(std::size_t count) const {
  std::string text;
  for (std::size_t i = events_.size() - std::min(count, events_.size()); i < events_.size(); i++)
    text += "\n  " + events_[i];
  return text;
}

void RandomRun::check_logs() {
  test::VirtualWire wire(*broker_);
  std::map<std::string, std::int64_t> seen;
  std::set<std::string> committed;
  for (std::int32_t partition = 0; partition < partitions; partition++) {
    kafka::FetchRequest request;
    request.min_bytes = 1;
    request.max_bytes = 50 << 20;
    request.isolation_level = 1;
    auto& topic = request.topics.emplace_back();
    topic.topic = "t";
    auto& asked = topic.partitions.emplace_back();
    asked.partition = partition;
    asked.partition_max_bytes = 50 << 20;
    const auto response = wire.call<kafka::FetchResponse>(request, 12);
    const auto& data = response.responses.at(0).partitions.at(0);
    ASSERT_EQ(data.error_code, 0);
    EXPECT_EQ(data.last_stable_offset, data.high_watermark) << "a transaction is open for ever";
    std::map<std::int64_t, std::set<std::int64_t>> begins;  // of aborted transactions, by offset
    for (const auto& aborted : *data.aborted_transactions)
      begins[aborted.first_offset].insert(aborted.producer_id);
    std::set<std::int64_t> skipping;
    net::Bytes rest = data.records->bytes;
    std::int64_t next = 0;
    while (const auto one = kafka::next_batch(rest)) {
      const auto head = *kafka::BatchHead::parse(*one);
      EXPECT_EQ(head.base_offset, next) << "offsets have no gap";
      next = head.last_offset() + 1;
      for (const std::int64_t id : begins[head.base_offset]) skipping.insert(id);
      if (head.is_control()) {
        skipping.erase(head.producer_id);
        continue;
      }
      kafka::RecordReader reader(*one);
      while (const auto* record = reader.next()) {
        const std::string value = text_of(*record->value);
        EXPECT_TRUE(seen.emplace(value, record->offset).second) << value << " is there twice";
        if (!head.is_transactional() || !skipping.contains(head.producer_id)) committed.insert(value);
      }
    }
  }
  for (const auto& [value, sent] : sent_) {
    if (sent.fate == Sent::Fate::there) {
      ASSERT_TRUE(seen.contains(value)) << value << " was acknowledged at " << sent.offset.value_or(-1);
      EXPECT_EQ(seen[value], sent.offset.value_or(seen[value])) << value;
      EXPECT_TRUE(committed.contains(value)) << value;
    }
    EXPECT_FALSE(sent.fate == Sent::Fate::gone && committed.contains(value)) << value << " was aborted";
  }
}

void RandomRun::run(int steps) {
  start();
  {
    test::VirtualWire wire(*broker_);
    kafka::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    topic.num_partitions = partitions;
    topic.replication_factor = 1;
    topic.configs.push_back({"retention.ms", "-1"});
    ASSERT_EQ(wire.call<kafka::CreateTopicsResponse>(request, 7).topics.at(0).error_code, 0);
  }
  make_actors();
  for (int i = 0; i < steps && !testing::Test::HasFailure(); i++) step();
  heal();
  check_logs();
  for (auto& actor : actors_) actor->disconnect();
  broker_.reset();
}

}  // namespace mq::core
