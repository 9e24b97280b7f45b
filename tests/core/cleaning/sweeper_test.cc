// SPDX-License-Identifier: Apache-2.0
#include "core/cleaning/sweeper.h"

#include <boost/asio/thread_pool.hpp>

#include "core/metadata/entries.h"
#include "tests/core/cleaning/wall_clock.h"
#include "tests/core/handlers/conversation.h"
#include "tests/core/metadata/hosted_topics.h"
#include "tests/storage/support/batches.h"

namespace mq::core {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

class SweeperTest : public testing::Test {
 protected:
  void open() {
    close();
    storage::JournalOptions options;
    options.data = dir / "data";
    options.min_free_bytes = 0;
    options.segment_bytes_min = options.segment_bytes_max = 100'000;
    journal = std::move(*storage::Journal::open(storage::real_files(), loop, options));
    topics.emplace(loop, clock, *journal, disk.get_executor());
    sweeper = std::make_shared<Sweeper>(loop, clock, Milliseconds(60'000), nullptr);
    sweeper->watch(topics->catalog, topics->partitions, *topics->loader);
  }
  void close() {
    if (sweeper) sweeper->stop();
    if (topics) topics->stop();
    loop.restart();
    loop.poll();
    topics.reset();
    journal.reset();
    loop.restart();
    loop.poll();
  }
  void SetUp() override { open(); }
  void TearDown() override { close(); }

  std::shared_ptr<Partition> create(Overrides overrides, std::string name = "t") {
    std::vector<NewTopic> wanted{{std::move(name), 1, std::move(overrides)}};
    auto created = test::wait_for(loop, topics->controller->create(std::move(wanted)));
    return topics->partitions.find(created.at(0).topic->id, 0);
  }
  void configure(Overrides overrides) {
    EXPECT_EQ(test::wait_for(loop, topics->controller->configure(topic_kind, "t", std::move(overrides))),
              Error::none);
  }
  void append(Partition& partition, Timestamp time, std::size_t size = 100) {
    kafka::BatchBuilder builder(16 << 20);
    const std::string value(size, 'v');
    builder.append(time, std::nullopt, bytes_of(value));
    bool answered = false;
    const net::Slice batch = builder.finish();
    partition.append(batch, *kafka::BatchHead::parse(batch.bytes()), {}, [&](Partition::Appended appended) {
      EXPECT_EQ(appended.error, Error::none);
      answered = true;
    });
    test::run_until(loop, [&] { return answered; });
  }
  void until_start_is(Partition& partition, Offset start) {
    test::run_until(loop, [&] { return partition.start() >= start; });
    EXPECT_EQ(partition.start(), start);
  }

  TempDir dir{TempDir::in_memory()};
  asio::io_context loop{1};
  asio::thread_pool disk{1};
  WallClock clock;
  std::unique_ptr<storage::Journal> journal;
  std::optional<HostedTopics> topics;
  std::shared_ptr<Sweeper> sweeper;
};

TEST_F(SweeperTest, WithNothingThatCanExpireNoTimerIsArmed) {
  const auto partition = create({});
  test::run_until(loop, [&] { return sweeper->looks() == 1; });
  loop.poll();
  EXPECT_EQ(sweeper->next(), end_of_time);
}

TEST_F(SweeperTest, TheTimerIsForTheOldestBatch) {
  const auto partition = create({{"retention.ms", std::to_string(day_ms)}});
  append(*partition, clock.wall);
  append(*partition, clock.wall + 5);
  test::run_until(loop, [&] { return sweeper->next() != end_of_time; });
  EXPECT_EQ(sweeper->next(), clock.wall + day_ms + 1);
}

TEST_F(SweeperTest, WhatIsTooOldGoesBatchByBatch) {
  const auto partition = create({{"retention.ms", std::to_string(day_ms)}});
  for (int i = 0; i < 10; i++) append(*partition, clock.wall + i * 1000, i < 5 ? 40'000 : 100);
  clock.wall += day_ms + 5500;
  sweeper->tick();
  until_start_is(*partition, 6);
  test::run_until(loop, [&] { return sweeper->next() != end_of_time; });
  EXPECT_EQ(sweeper->next(), clock.wall + 60'000)
      << "the next is due in a second, but waits for the interval";
}

TEST_F(SweeperTest, WhatIsTooOldWhenItComesStaysForAnInterval) {
  const auto partition = create({{"retention.ms", std::to_string(day_ms)}});
  test::run_until(loop, [&] { return sweeper->looks() == 1; });
  clock.wall += 10 * 60'000;  // nothing was due meanwhile: there was no tick
  append(*partition, clock.wall - 2 * day_ms);
  test::run_until(loop, [&] { return sweeper->next() != end_of_time; });
  EXPECT_EQ(partition->start(), 0);
  EXPECT_EQ(sweeper->next(), clock.wall + 60'000);
  clock.wall += 60'000;
  sweeper->tick();
  until_start_is(*partition, 1);
}

TEST_F(SweeperTest, WhatIsTooOldWhenItComesDoesNotGoWithWhatIsDueElsewhere) {
  const auto other = create({{"retention.ms", std::to_string(day_ms)}}, "other");
  append(*other, clock.wall);
  const auto partition = create({{"retention.ms", std::to_string(day_ms)}});
  test::run_until(loop, [&] { return sweeper->looks() == 3; });
  clock.wall += day_ms + 1;
  append(*partition, clock.wall - 2 * day_ms);
  test::run_until(loop, [&] { return sweeper->looks() == 4; });
  loop.poll();
  sweeper->tick();
  until_start_is(*other, 1);
  loop.poll();
  EXPECT_EQ(partition->start(), 0);
}

TEST_F(SweeperTest, WhatComesBeforeTheFirstLookAtANewTopicStaysForAnInterval) {
  const auto partition = create({{"retention.ms", std::to_string(day_ms)}});
  append(*partition, clock.wall - 2 * day_ms);
  test::run_until(loop, [&] { return sweeper->next() != end_of_time; });
  EXPECT_EQ(partition->start(), 0);
  EXPECT_EQ(sweeper->next(), clock.wall + 60'000);
}

TEST_F(SweeperTest, AClockThatIsSetFarAheadTakesNothingAlong) {
  const auto partition = create({{"retention.ms", std::to_string(day_ms)}});
  append(*partition, clock.wall);
  test::run_until(loop, [&] { return sweeper->next() != end_of_time; });
  clock.jumped_ms = 365 * day_ms;
  clock.wall += 60'000;
  const auto looks = sweeper->looks();
  sweeper->tick();
  append(*partition, clock.wall);
  configure({{"retention.ms", std::to_string(day_ms + 1)}});
  test::run_until(loop, [&] { return sweeper->looks() > looks && sweeper->next() != end_of_time; });
  EXPECT_EQ(partition->start(), 0);
  EXPECT_LE(sweeper->next(), clock.wall + day_ms);
}

TEST_F(SweeperTest, WhatIsTooOldGoesAlsoAfterARestart) {
  append(*create({{"retention.ms", std::to_string(day_ms)}}), clock.wall);
  open();
  const auto partition = topics->partitions.find(topics->catalog.find("t")->id, 0);
  EXPECT_EQ(sweeper->next(), clock.wall + 30'000);
  clock.wall += day_ms + 1;
  sweeper->tick();
  until_start_is(*partition, 1);
  EXPECT_EQ(partition->end(), 1);
  EXPECT_EQ(sweeper->next(), end_of_time);
}

TEST_F(SweeperTest, WhatIsTooMuchGoesAsThePartitionGrows) {
  const auto partition = create({{"retention.ms", "-1"}, {"retention.bytes", "300000"}});
  for (int i = 0; i < 200; i++) append(*partition, clock.wall, 10'000);
  test::run_until(loop, [&] { return partition->end() - partition->start() <= 37; });
  EXPECT_GE(partition->end() - partition->start(), 29);
  EXPECT_EQ(sweeper->next(), end_of_time) << "size needs no clock";
}

TEST_F(SweeperTest, AChangedTopicIsLookedAtAtOnce) {
  const auto partition = create({{"retention.ms", "-1"}});
  for (int i = 0; i < 10; i++) append(*partition, clock.wall - 10 + i, 1000);
  configure({{"retention.ms", "-1"}, {"retention.bytes", "3000"}});
  until_start_is(*partition, 7);
  configure({{"retention.ms", "1"}});
  until_start_is(*partition, 9);
}

TEST_F(SweeperTest, ACompactedTopicKeepsWhatIsOldAndMuch) {
  const auto partition =
      create({{"cleanup.policy", "compact"}, {"retention.ms", "1"}, {"retention.bytes", "1"}});
  for (int i = 0; i < 10; i++) append(*partition, 1000, 20'000);
  sweeper->tick();
  loop.poll();
  EXPECT_EQ(sweeper->looks(), 0u);
  EXPECT_EQ(partition->start(), 0);
}

TEST_F(SweeperTest, ATopicThatIsGoneIsForgotten) {
  const auto partition = create({{"retention.ms", std::to_string(day_ms)}});
  append(*partition, clock.wall);
  test::run_until(loop, [&] { return sweeper->next() != end_of_time; });
  EXPECT_EQ(test::wait_for(loop, topics->controller->remove("t")), Error::none);
  clock.wall += 2 * day_ms;
  sweeper->tick();
  EXPECT_EQ(sweeper->next(), end_of_time);
}

using RetentionTalk = SocketConversation;

TEST_F(RetentionTalk, AConsumerOfWhatIsGoneHearsThatItsOffsetIsOutOfRange) {
  create("t", 1, {{"retention.bytes", "100000"}});
  const std::string value(10'000, 'v');
  for (int i = 0; i < 50; i++) EXPECT_EQ(produce("t", batch({.values = {value}})).error_code, 0);
  Fetched fetched = fetch("t", 0);
  for (; fetched.error == 0; fetched = fetch("t", 0)) produce("t", batch({.values = {value}}));
  EXPECT_EQ(fetched.error, code(Error::offset_out_of_range));
  EXPECT_GT(offset_at("t", -2), 0);
  for (fetched.error = -1; fetched.error != 0;) fetched = fetch("t", offset_at("t", -2));  // it may move on
  EXPECT_FALSE(fetched.offsets.empty());
}

TEST_F(RetentionTalk, OldRecordsGoByThemselvesAfterTheInterval) {
  start([](Config& config) { config.retention_check_interval = Milliseconds(1); });
  create("t", 1, {{"retention.ms", "1000"}});
  produce("t", batch({.values = {"old"}}));
  while (offset_at("t", -2) == 0) std::this_thread::yield();
  EXPECT_EQ(offset_at("t", -1), 1);
}

}  // namespace
}  // namespace mq::core
