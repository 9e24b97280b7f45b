// SPDX-License-Identifier: Apache-2.0
// A group of the newer protocol under consumers that do anything, against what has to be true of it.
#include <cstdlib>
#include <iostream>
#include <random>

#include "core/group/embedded_protocol.h"
#include "tests/core/group/consumer_group_fixture.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;

// Consumers as they are: they own what they were told, give up first, lose answers, vanish and come back.
struct Consumer {
  enum class Speaks { consumer, eager, cooperative };  // the last two: the classic protocol
  enum class Next { join, sync, heartbeat };

  std::string id;
  Speaks speaks = Speaks::consumer;
  Epoch epoch = 0;
  Assignment owned;
  bool all_at_once = true;  // say everything
  Next next = Next::join;   // of the classic ones
};

class RandomGroup : public ConsumerGroupTest {
 protected:
  RandomGroup() {
    const char* given = std::getenv("MQ_SEED");
    const unsigned seed = given ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
    std::cout << "seed " << seed << "\n";
    random_.seed(seed);
  }
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  void heartbeat(Consumer& consumer, bool lost) {
    if (consumer.speaks != Consumer::Speaks::consumer) return step_classic(consumer, lost);
    auto request = joining(consumer.id);
    request.topics.reset();
    request.pattern = ".*";
    request.epoch = consumer.epoch;
    request.owned = consumer.owned;
    if (!consumer.all_at_once && consumer.epoch > 0) {
      request.rebalance_timeout.reset();
      request.pattern.reset();
    }
    const auto answer = send(request);
    write();
    if (answer.error != Error::none) {
      EXPECT_TRUE(answer.error == Error::fenced_member_epoch || answer.error == Error::unknown_member_id);
      consumer.epoch = 0;
      consumer.owned.clear();
      return;
    }
    consumer.all_at_once = lost;
    if (lost) return;
    EXPECT_GE(answer.epoch, consumer.epoch);
    consumer.epoch = answer.epoch;
    if (!answer.assignment) return;
    consumer.owned = *answer.assignment;  // it stops to read the rest at once, and says so next time
  }

  // One request of the three that the classic protocol has.
  void step_classic(Consumer& consumer, bool lost) {
    rows.clear();
    Error error = Error::none;
    if (consumer.next == Consumer::Next::heartbeat) {
      error = group.heartbeat(consumer.id, {}, consumer.epoch, now, rows);
    } else if (consumer.next == Consumer::Next::join) {
      const auto joined = group.join(joining_classic(consumer), now, rows);
      error = joined.error;
      if (!lost && error == Error::none) consumer.epoch = joined.generation;
      if (!lost && error == Error::none) consumer.next = Consumer::Next::sync;
    } else {
      const auto synced = group.sync(classic_sync(consumer.id, consumer.epoch), now);
      error = synced.error;
      if (!lost && error == Error::none) is_assigned(consumer, synced.assignment);
    }
    write();
    if (lost || error == Error::none) return;
    const bool is_over = error == Error::illegal_generation || error == Error::unknown_member_id;
    EXPECT_TRUE(is_over || error == Error::rebalance_in_progress);
    if (is_over || consumer.speaks == Consumer::Speaks::eager) consumer.owned.clear();
    consumer.next = Consumer::Next::join;
  }
  ClassicGroup::Join joining_classic(const Consumer& consumer) const {
    std::vector<std::string> names{"t"};
    for (int i = 0; i < 4; i++) names.push_back("t" + std::to_string(i));
    NamedPartitions owned;
    for (const std::string& name : names)
      if (const auto facts = topics.find(name); facts && consumer.owned.contains(facts->id))
        owned[name] = consumer.owned.at(facts->id);
    auto join = classic_join(consumer.id, subscription(std::move(names), owned));
    join.session_timeout = 45s;
    return join;
  }
  void is_assigned(Consumer& consumer, const kafka::Bytes& assignment) {
    const Assignment before = consumer.owned;
    consumer.owned = read_assignment(assignment, topics)->partitions;
    const bool gave_up = !is_within(before, consumer.owned);
    consumer.next = gave_up ? Consumer::Next::join : Consumer::Next::heartbeat;
  }

  void event() {
    const int what = below(100);
    if (what < 3) topics.put("t" + std::to_string(below(4)), 1 + below(10));
    if (what == 3) topics.remove("t" + std::to_string(below(4)));
    if (what < 10) now += std::chrono::seconds(below(25));
    if (what < 20) now += 1s;
    if (what < 25 && consumers_.size() < 8) {
      Consumer& consumer = consumers_.emplace_back();
      consumer.id = "m" + std::to_string(++ids_);
      consumer.speaks = static_cast<Consumer::Speaks>(below(3));
    }
    expire();
    if (consumers_.empty()) return;
    const auto at = consumers_.begin() + below(static_cast<int>(consumers_.size()));
    if (what < 95) return heartbeat(*at, below(10) == 0);
    if (what < 98) leave(*at);
    consumers_.erase(at);  // or it vanishes
  }

  void leave(const Consumer& consumer) {
    rows.clear();
    const std::vector<ClassicGroup::Leaving> leaving{{consumer.id, {}}};
    if (consumer.speaks == Consumer::Speaks::consumer)
      beat(consumer.id, -1);
    else
      group.leave(leaving, rows);
    write();
  }

  void expire() {
    if (!group.wake_at() || *group.wake_at() > now) return;
    rows.clear();
    group.expire(now, rows);
    write();
  }

  // As a compacted log keeps it.
  void write() {
    for (KeyedRecord& record : records_of("g", &group, rows)) {
      EXPECT_EQ(read_consumer_group_key(record.key), "g");
      log_[std::move(record.key)] = std::move(record.value);
    }
  }
  void restart() {
    ConsumerGroup again(limits, topics);
    for (const auto& [key, value] : log_)
      EXPECT_TRUE(restore(again, key, value ? std::optional<net::Bytes>(*value) : std::nullopt));
    again.restored(now);
    EXPECT_EQ(again.epoch(), group.epoch());
    EXPECT_EQ(again.target_epoch(), group.target_epoch());
    EXPECT_EQ(again.topics_hash(), group.topics_hash());
    ASSERT_EQ(again.members().size(), group.members().size());
    for (const auto& [id, member] : group.members()) {
      const ConsumerMember* restored = again.find(id);
      ASSERT_TRUE(restored) << id;
      EXPECT_EQ(restored->owns, member.owns);
      EXPECT_EQ(restored->target, member.target);
      EXPECT_EQ(restored->topics, member.topics);
      EXPECT_EQ(restored->pattern, member.pattern);
      EXPECT_EQ(restored->rebalance_timeout, member.rebalance_timeout);
      EXPECT_EQ(restored->classic, member.classic);
    }
  }

  void check() {
    EXPECT_LE(epoch_, group.epoch());
    EXPECT_LE(group.target_epoch(), group.epoch());
    epoch_ = group.epoch();
    Assignment all;
    for (const auto& [id, member] : group.members()) {
      EXPECT_LE(member.owns.epoch, group.target_epoch());
      for (const Assignment* part : {&member.owns.assigned, &member.owns.revoking}) {
        EXPECT_FALSE(have_common(all, *part)) << "a partition of two owners";
        add(all, *part);
      }
      const Time end = std::min(member.session_end, member.asked_until.value_or(Time::max()));
      EXPECT_GT(end, now) << id << " is there beyond its time";
      EXPECT_LE(*group.wake_at(), end);
    }
    Assignment read;
    for (const Consumer& consumer : consumers_) {
      if (!group.find(consumer.id)) continue;  // it is removed, and has not heard so
      const Assignment there = of_topics_that_exist(consumer.owned);
      EXPECT_FALSE(have_common(read, there)) << consumer.id << " reads what another reads";
      add(read, there);
    }
  }
  // Nobody can read the others, whoever takes them for its own.
  Assignment of_topics_that_exist(const Assignment& all) const {
    Assignment out;
    topics.each_name([&](const std::string& name) {
      const auto owned = all.find(topics.id(name));
      if (owned != all.end()) out.insert(*owned);
    });
    return out;
  }

  std::mt19937 random_;
  std::vector<Consumer> consumers_;
  int ids_ = 0;
  Epoch epoch_ = 0;
  std::map<kafka::Bytes, std::optional<kafka::Bytes>> log_;
};

TEST_F(RandomGroup, WhatIsWrittenIsTheWholeGroup) {
  for (int i = 0; i < 400 && !HasFailure(); i++) {
    event();
    restart();
  }
}

TEST_F(RandomGroup, APartitionHasOneReaderWhateverHappens) {
  for (int i = 0; i < 5000 && !HasFailure(); i++) {
    event();
    check();
  }
}

TEST_F(RandomGroup, EverybodyGetsThereOnceNothingChangesAnyMore) {
  for (int round = 0; round < 40 && !HasFailure(); round++) {
    for (int i = 0; i < 100; i++) event();
    if (consumers_.empty()) continue;
    now += 46s;  // those that vanished are gone
    for (Consumer& consumer : consumers_) heartbeat(consumer, false);
    expire();
    for (int turn = 0; turn < 40; turn++)
      for (Consumer& consumer : consumers_) heartbeat(consumer, false);
    EXPECT_EQ(group.state(), ConsumerGroupState::stable);
    std::size_t all = 0;
    for (const Consumer& consumer : consumers_) {
      EXPECT_EQ(consumer.owned, group.find(consumer.id)->target);
      all += size_of(consumer.owned);
    }
    EXPECT_EQ(all, topics.partitions());
  }
}

}  // namespace
}  // namespace mq::core
