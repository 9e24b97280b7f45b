// SPDX-License-Identifier: Apache-2.0
#include "core/cleaning/compactor.h"

#include <gtest/gtest.h>

#include <boost/asio/thread_pool.hpp>
#include <future>
#include <map>
#include <random>

#include "core/cleaning/sweeper.h"
#include "net/kafka/record_batch.h"
#include "storage/error.h"
#include "storage/gather.h"
#include "tests/core/cleaning/wall_clock.h"
#include "tests/core/handlers/conversation.h"
#include "tests/core/partition/lead_alone.h"
#include "tests/storage/support/batches.h"
#include "tests/support/power_cut.h"
#include "tests/support/seed.h"

namespace mq::core {
namespace {

using test::PowerCut;

using Map = std::map<std::string, std::string>;

// A compacted partition with random keys, and what a reader from the start has to end up with.
class Compacted {
 public:
  explicit Compacted(std::uint64_t seed) : random(static_cast<std::mt19937::result_type>(seed)) {
    options.data = disk.path() / "data";
    options.min_free_bytes = 0;
    options.segment_bytes_min = options.segment_bytes_max = 3000;
    options.tail_bytes = 0;
    // A map with room for 36 of 60 keys.
    memory_bytes = seed % 2 ? 48 * NewestOffsets::slot_bytes : 1 << 20;
  }
  ~Compacted() { close(); }

  error_code open() {
    close();
    auto opened = storage::Journal::open(files, loop, options);
    if (!opened) return opened.error();
    journal = std::move(*opened);
    partition = std::make_shared<Partition>(journal->log(1), 1, clock);
    lead_alone(*partition);
    compactor = std::make_shared<Compactor>(loop, clock, *journal, io.get_executor(), memory_bytes);
    return compactor->load();
  }
  void close() {
    if (compactor) compactor->stop();
    io.wait_all();
    partition.reset();
    compactor.reset();
    journal.reset();
    loop.restart();
    loop.poll();
  }

  // A few records in one batch; false: it was not acknowledged.
  bool append() {
    kafka::BatchBuilder builder(1 << 20);
    pending = model;
    const auto codec = static_cast<kafka::Codec>(random() % 5);
    for (std::size_t i = 0, n = 1 + random() % 6; i < n; i++) {
      const std::string key = "k" + std::to_string(random() % 60);
      const std::string value(1 + random() % 40, static_cast<char>('a' + random() % 26));
      const bool tombstone = random() % 5 == 0;
      builder.append(clock.wall, bytes_of(key), tombstone ? std::nullopt : std::optional(bytes_of(value)));
      if (tombstone)
        pending.erase(key);
      else
        pending[key] = value;
    }
    const auto answer = std::make_shared<std::optional<Error>>();
    const net::Slice batch = *kafka::recompress(builder.finish().bytes(), codec);
    partition->append(batch, *kafka::BatchHead::parse(batch.bytes()), {},
                      [answer](Partition::Appended appended) { *answer = appended.error; });
    test::run_until(loop, [&] { return answer->has_value() || files.is_cut(); });
    if (*answer != Error::none) return false;
    model = pending;
    return true;
  }

  // Without power it is tried again for ever, so nobody waits for that.
  bool roll() {
    const auto answer = std::make_shared<std::optional<error_code>>();
    boost::asio::co_spawn(loop, seal_with(compactor, answer), boost::asio::detached);
    test::run_until(loop, [&] { return answer->has_value() || files.is_cut(); });
    return *answer == error_code{};
  }
  static Task<void> seal_with(std::shared_ptr<Compactor> compactor,
                              std::shared_ptr<std::optional<error_code>> answer) {
    *answer = co_await compactor->roll();
  }

  error_code compact() {
    clock.wall += 10;
    const auto ranges =
        test::wait_for(loop, partition->ranges(partition->start(), storage::Grain::segment, 10'000));
    if (!ranges) return ranges.error();
    Offset end = 0;
    for (const storage::Range& range : *ranges)
      if (range.sealed) end = range.last + 1;
    CompactionRules rules;
    rules.delete_retention_ms = random() % 2 ? 0 : 25;
    const auto answer = std::make_shared<std::optional<error_code>>();
    compactor->compact(partition, rules, end,
                       [answer](PartitionNumber, error_code error) { *answer = error; });
    test::run_until(loop, [&] { return answer->has_value() || files.is_cut(); });
    return answer->value_or(storage::Errc::stopped);
  }

  // What a reader has who began at the start; and how many records that took.
  Map read(std::size_t* records = nullptr) {
    Map map;
    for (Offset at = partition->start(); at < partition->end();) {
      const auto read = test::wait_for(loop, partition->read(at, 100'000));
      if (!read) {
        ADD_FAILURE() << read.error().message();
        return map;
      }
      EXPECT_GT(read->next, at) << "the end can be reached";
      if (read->next <= at) return map;
      at = read->next;
      const auto bytes = storage::gather(*read);
      if (!bytes) return ADD_FAILURE() << bytes.error().message(), map;
      net::Bytes rest = *bytes;
      while (const auto batch = kafka::next_batch(rest)) {
        EXPECT_EQ(kafka::check_batch(*batch), Error::none);
        kafka::RecordReader reader(*batch);
        while (const auto* record = reader.next()) {
          if (records) ++*records;
          if (record->value)
            map[text_of(*record->key)] = text_of(*record->value);
          else
            map.erase(text_of(*record->key));
        }
        EXPECT_FALSE(reader.error());
      }
    }
    return map;
  }

  std::mt19937 random;
  TempDir disk{TempDir::in_memory()};
  PowerCut files{disk.path()};
  storage::JournalOptions options;
  std::uint64_t memory_bytes = 0;
  asio::io_context loop{1};
  struct Io : asio::thread_pool {  // for meta
    Io() : asio::thread_pool(1) {}
    void wait_all() {
      std::promise<void> done;
      asio::post(*this, [&] { done.set_value(); });
      done.get_future().get();
    }
  } io;
  WallClock clock;
  std::unique_ptr<storage::Journal> journal;
  std::shared_ptr<Partition> partition;
  std::shared_ptr<Compactor> compactor;
  Map model, pending;
};

TEST(Compactor, LeavesOneRecordOfEveryKeyAndTheSameMap) {
  const std::uint64_t seed = test::some_seed();
  for (std::uint64_t variant = 0; variant < 2; variant++) {
    SCOPED_TRACE("MQ_SEED=" + std::to_string(seed + variant));
    Compacted log(seed + variant);
    ASSERT_FALSE(log.open());
    for (int i = 0; i < 400; i++) ASSERT_TRUE(log.append());
    ASSERT_FALSE(test::wait_for(log.loop, log.compactor->roll()));
    const auto bytes = log.partition->bytes();
    const Offset end = log.partition->end();
    for (int i = 0; i < 4; i++) {  // until the time of every tombstone has come
      ASSERT_FALSE(log.compact());
      EXPECT_EQ(log.read(), log.model);
      ASSERT_TRUE(log.append());
      ASSERT_FALSE(test::wait_for(log.loop, log.compactor->roll()));
    }
    EXPECT_GE(log.compactor->clean_until(1), end);
    if (log.memory_bytes < 10'000) {
      EXPECT_GT(log.compactor->passes(), 4u) << "the map was too small for one pass";
    }
    std::size_t records = 0;
    EXPECT_EQ(log.read(&records), log.model);
    EXPECT_LE(records, 60u + 6u) << "one of each key, and what came last";
    EXPECT_LT(log.partition->bytes(), bytes / 3);
  }
}

TEST(Compactor, RemembersHowFarItCameAndForgetsTopicsThatAreGone) {
  Compacted log(1);
  ASSERT_FALSE(log.open());
  for (int i = 0; i < 50; i++) ASSERT_TRUE(log.append());
  ASSERT_FALSE(test::wait_for(log.loop, log.compactor->roll()));
  ASSERT_FALSE(log.compact());
  EXPECT_EQ(log.compactor->clean_until(1), log.partition->end());
  ASSERT_FALSE(log.open());
  EXPECT_EQ(log.compactor->clean_until(1), log.partition->end());
  log.compactor->forget(1);
  ASSERT_FALSE(log.open());
  EXPECT_EQ(log.compactor->clean_until(1), 0);
}

// Any life, cut anywhere: what was acknowledged is there, and of each key the newest.
TEST(Compactor, AReaderEndsWithTheNewestOfEveryKeyAfterAnyCrash) {
  const std::uint64_t seed = test::some_seed();
  for (std::uint64_t round = 0; round < 40; round++) {
    SCOPED_TRACE("MQ_SEED=" + std::to_string(seed) + ", round " + std::to_string(round));
    Compacted log(seed + round);
    ASSERT_FALSE(log.open());
    for (std::size_t i = 0, n = log.random() % 80; i < n; i++) ASSERT_TRUE(log.append());
    log.files.cut_at(1 + log.random() % 120);
    for (bool good = true; good && !log.files.is_cut();) {
      for (std::size_t i = 0, n = log.random() % 30; i < n && good; i++) good = log.append();
      if (good && log.random() % 2) good = log.roll();
      if (good) good = !log.compact();
    }
    log.close();
    log.files.reboot(round % 2 ? PowerCut::Loss::random : PowerCut::Loss::all, seed);
    ASSERT_FALSE(log.open());
    EXPECT_TRUE(log.journal->recovery().damaged.empty());
    const Map found = log.read();
    EXPECT_TRUE(found == log.model || found == log.pending);
    log.model = found;
    for (int i = 0; i < 10; i++) ASSERT_TRUE(log.append());
    ASSERT_FALSE(test::wait_for(log.loop, log.compactor->roll()));
    ASSERT_FALSE(log.compact());
    EXPECT_EQ(log.read(), log.model);
    if (testing::Test::HasFailure()) return;
  }
}

// ---------------------------------------------------------------------------------------------- in a broker

using CompactionTalk = SocketConversation;

TEST_F(CompactionTalk, ACompactedTopicEndsWithTheNewestOfEveryKey) {
  start([](Config& config) { config.retention_check_interval = Milliseconds(1); });
  create("t", 1, {{"cleanup.policy", "compact"}, {"segment.ms", "1"}, {"max.compaction.lag.ms", "1"}});
  for (int i = 0; i < 60; i++) {
    const std::string key = "k" + std::to_string(i % 3);
    EXPECT_EQ(produce("t", batch({.values = {std::to_string(i)}, .key = key})).error_code, 0);
  }
  Fetched fetched = fetch("t", 0);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const std::vector<std::string> newest{"57", "58", "59"};
  while (fetched.values != newest && std::chrono::steady_clock::now() < deadline) fetched = fetch("t", 0);
  EXPECT_EQ(fetched.values, newest);
  EXPECT_EQ(fetched.offsets, (std::vector<std::int64_t>{57, 58, 59}));
  EXPECT_EQ(fetched.high_watermark, 60);
  EXPECT_EQ(fetched.log_start, 0);
}

TEST_F(CompactionTalk, ARecordWithoutAKeyIsRefused) {
  create("t", 1, {{"cleanup.policy", "compact"}});
  EXPECT_EQ(produce("t", batch({.values = {"x"}})).error_code, code(Error::invalid_record));
}

}  // namespace
}  // namespace mq::core
