// SPDX-License-Identifier: Apache-2.0
// Topics on a real journal without a broker around them, and a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include "core/metadata/internal_topic.h"
#include "tests/core/metadata/hosted_topics.h"
#include "tests/support/temp_dir.h"

namespace mq::core {

class TestClock final : public Clock {
 public:
  Time now() const override { return Time(moved_) + Clock::now().time_since_epoch(); }
  Timestamp wall_ms() const override {
    return Clock::wall_ms() + std::chrono::duration_cast<std::chrono::milliseconds>(moved_).count();
  }
  void pass(Time::duration time) { moved_ += time; }

 private:
  Time::duration moved_{};
};

class StoredTopics : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void TearDown() override { close(); }

  virtual void open() {
    storage::JournalOptions options;
    options.data = dir.path() / "data";
    options.min_free_bytes = 1 << 20;
    journal = std::move(*storage::Journal::open(files(), loop, std::move(options)));
    topics.emplace(loop, clock, *journal, disk.get_executor());
    topic = std::make_unique<InternalTopic>(*topics->controller, topics->catalog, topics->partitions, loop,
                                            clock, config, offsets_topic);
  }
  virtual storage::FileSystem& files() { return storage::real_files(); }
  virtual void close() {
    topics->stop();
    run(journal->stop());
    topic.reset();
    topics.reset();
    journal.reset();
  }
  template <class T>
  T run(Task<T> task) {
    auto future = asio::co_spawn(loop, std::move(task), asio::use_future);
    while (future.wait_for(std::chrono::seconds(0)) != std::future_status::ready) loop.run_one();
    return future.get();
  }

  // As a broker lets its coordinators know what they coordinate.
  template <class Coordinator>
  void coordinate(std::string_view name, const std::shared_ptr<Coordinator>& coordinator) {
    topics->loader->on_role(
        std::string(name), [coordinator](std::int32_t partition, std::optional<Epoch> leads_in) {
          leads_in ? coordinator->lead(partition, *leads_in) : coordinator->resign(partition);
        });
  }

  // Another broker leads that partition of a topic for a moment, and truncates nothing.
  template <class Coordinator>
  void take_away(std::string_view name, std::int32_t index, Coordinator& coordinator) {
    const auto partition = topics->partitions.find(topics->catalog.find(name)->id, index);
    partition->follow(partition->leader_epoch() + 1);
    coordinator.resign(index);
  }
  template <class Coordinator>
  void give_back(std::string_view name, std::int32_t index, Coordinator& coordinator) {
    const auto partition = topics->partitions.find(topics->catalog.find(name)->id, index);
    PartitionState state = initial_state({1}, 1, {{1, {0, true}}});
    state.leader_epoch = partition->leader_epoch() + 1;
    partition->lead(1, state, state.leader_epoch);
    coordinator.lead(index, state.leader_epoch);
  }
  // As many turns of the loop as can be done at once, at most.
  void turns(int count) {
    loop.restart();
    while (count-- > 0 && loop.poll_one() > 0) continue;
  }

  test::TempDir dir;
  asio::io_context loop{1};
  asio::executor_work_guard<Executor> busy{loop.get_executor()};
  asio::thread_pool disk{1};
  TestClock clock;
  Config config;
  std::unique_ptr<storage::Journal> journal;
  std::optional<HostedTopics> topics;
  std::unique_ptr<InternalTopic> topic;
};

}  // namespace mq::core
