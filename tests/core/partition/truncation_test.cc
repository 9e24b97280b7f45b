// SPDX-License-Identifier: Apache-2.0
// A replica that leads and follows in turns, on a disk that loses its power at any write: after the start it
// knows of producers, transactions and epochs what its log says, as if what was truncated had never been.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "core/partition/partition.h"
#include "net/kafka/record_batch.h"
#include "storage/gather.h"
#include "storage/journal.h"
#include "tests/core/cleaning/wall_clock.h"
#include "tests/storage/support/batches.h"
#include "tests/support/power_cut.h"
#include "tests/support/seed.h"
#include "tests/support/temp_dir.h"

namespace mq::core::truncation_test {
namespace {

using test::PowerCut;

constexpr PartitionNumber numbers[] = {1, 2};

class Replicated {
 public:
  explicit Replicated(std::uint64_t seed) : random(static_cast<std::mt19937::result_type>(seed)) {
    options.data = disk.path() / "data";
    options.min_free_bytes = 0;
    options.segment_bytes_min = options.segment_bytes_max = 3000;
    options.on_snapshot = [this](PartitionNumber number, std::string_view bytes) {
      recovery.on_snapshot(number, bytes);
    };
    options.on_start = [this](PartitionNumber number, storage::Bytes start) {
      recovery.on_start(number, start, clock.wall);
    };
    options.on_truncate = [this](PartitionNumber number, Offset end) { recovery.on_truncate(number, end); };
    options.snapshots = [this](std::vector<PartitionNumber> wanted, auto done) {
      asio::post(loop, [this, wanted = std::move(wanted), done = std::move(done)] {
        storage::JournalOptions::Snapshots all;
        for (const PartitionNumber number : wanted)
          if (const auto found = partitions.find(number); found != partitions.end())
            if (std::string snapshot = found->second->snapshot(); !snapshot.empty())
              all.emplace_back(number, std::move(snapshot));
        done(std::move(all));
      });
    };
  }
  ~Replicated() { close(); }

  error_code open() {
    close();
    auto opened = storage::Journal::open(files, loop, options);
    if (!opened) return opened.error();
    journal = std::move(*opened);
    auto recovered = recovery.take();
    for (const PartitionNumber number : numbers) {
      auto partition = std::make_shared<Partition>(journal->log(number), number, clock);
      if (const auto found = recovered.find(number); found != recovered.end())
        partition->recover(std::move(found->second));
      partitions[number] = partition;
    }
    for (const auto& [number, partition] : partitions) {
      if (partition->is_exact()) continue;
      rebuilt++;
      if (const error_code error = test::wait_for(loop, partition->rebuild())) return error;
    }
    return {};
  }
  void close() {
    partitions.clear();
    journal.reset();
    loop.restart();
    loop.poll();
  }

  // ---- what it does; false: the power went
  bool lead(Partition& partition) {
    PartitionState state;
    state.leader = 1;
    state.leader_broker_epoch = 10;
    state.leader_epoch = ++epoch;
    state.replicas = {1, 2};
    state.isr = {{1, 10}, {2, 10}};
    partition.lead(1, state, ++version);
    for (std::size_t i = 0, n = random() % 12; i < n; i++) {
      const Offset before = partition.end();
      if (!(random() % 5 == 0 ? end_transaction(partition) : send(partition))) return false;
      if (random() % 3 == 0) follower_has(partition, random() % 2 ? before : partition.end());
    }
    return true;
  }
  // Another leads: what it does not have is truncated, then some of its batches come.
  bool follow(Partition& partition) {
    partition.follow(++epoch);
    const Offset safe = std::max(partition.high_watermark(), committed[partition.number()]);
    const Offset keep = safe + below(partition.end() - safe + 1);
    const auto truncated = std::make_shared<std::optional<error_code>>();  // without power it never is
    asio::co_spawn(loop, truncating(partitions.at(partition.number()), keep),
                   [truncated](std::exception_ptr, error_code error) { *truncated = error; });
    test::run_until(loop, [&] { return truncated->has_value() || files.is_cut(); });
    if (*truncated != error_code{}) return false;
    auto& known = ends[partition.number()];
    known.erase(known.lower_bound(keep), known.end());
    Offset before = partition.end();
    for (std::size_t i = 0, n = random() % 4; i < n; i++) {
      before = partition.end();
      const auto taken = std::make_shared<std::optional<error_code>>();
      partition.replicate(batch_of_leader(partition), [taken](error_code answer) { *taken = answer; });
      test::run_until(loop, [&] { return taken->has_value() || files.is_cut(); });
      if (*taken != error_code{}) return false;
      ends[partition.number()].insert(partition.end());
    }
    partition.learn_high_watermark(random() % 2 ? before : partition.end());
    note_committed(partition);
    return true;
  }

  // ---- what it has to know
  void expect_what_the_log_says(const Partition& partition) {
    Producers producers;
    Epochs epochs;
    for (Offset at = partition.start(); at < partition.end();) {
      const auto read = test::wait_for(loop, const_cast<Partition&>(partition).read(at, 100'000));
      if (!read && files.is_cut()) return;
      ASSERT_TRUE(read) << read.error().message();
      if (read->size == 0) break;  // what followed was truncated up to here
      at = read->next;
      const auto bytes = *storage::gather(*read);
      net::Bytes rest = bytes;
      while (const auto batch = kafka::next_batch(rest)) {
        ASSERT_EQ(kafka::check_batch(*batch), kafka::Error::none);
        apply_batch(producers, epochs, 1, *kafka::BatchHead::parse(*batch), *batch, clock.wall);
      }
    }
    producers.advance(partition.high_watermark(), partition.end());
    Epochs known = partition.epochs();
    known.trim(partition.start());
    epochs.trim(partition.start());
    EXPECT_EQ(known.all(), epochs.all());
    EXPECT_EQ(partition.producers().all(), producers.all());
    EXPECT_EQ(partition.producers().transactions(), producers.transactions());
  }

  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  }

  std::mt19937 random;
  test::TempDir disk{test::TempDir::in_memory()};
  PowerCut files{disk.path()};
  storage::JournalOptions options;
  asio::io_context loop{1};
  WallClock clock;
  PartitionRecovery recovery;
  std::unique_ptr<storage::Journal> journal;
  std::map<PartitionNumber, std::shared_ptr<Partition>> partitions;
  Epoch epoch = 0;
  StateVersion version = 0;
  int rebuilt = 0;
  std::map<PartitionNumber, Offset> committed;
  std::map<PartitionNumber, std::set<Offset>> ends;  // of batches, ever

 private:
  static Task<error_code> truncating(std::shared_ptr<Partition> partition, Offset end) {
    co_return co_await partition->truncate(end);
  }
  void follower_has(Partition& partition, Offset end) {
    partition.change_replicas([&](Replicas& replicas) {
      return replicas.fetched({2, 10, partition.leader_epoch(), end}, clock.now());
    });
    note_committed(partition);
  }

  // Where the last batch ends that was told to be committed; a gap behind it ends with the power.
  void note_committed(const Partition& partition) {
    const auto& all = ends[partition.number()];
    const auto behind = all.upper_bound(partition.high_watermark());
    Offset& known = committed[partition.number()];
    if (behind != all.begin()) known = std::max(known, *std::prev(behind));
  }

  kafka::BatchProducer next_producer(const Partition& partition) {
    const ProducerId id = below(4);
    const auto known = partition.producers().all().find(id);
    const bool transactional = partition.producers().transactions().open(id) || random() % 3 == 0;
    if (known == partition.producers().all().end()) return {id, 0, 0, transactional};
    const auto& producer = known->second;
    if (random() % 8 == 0 && !partition.producers().transactions().open(id))
      return {id, static_cast<std::int16_t>(producer.epoch + 1), 0, transactional};
    const std::int32_t sequence =
        producer.batches.empty() ? producer.resumes_at : producer.batches.back().last_sequence + 1;
    return {id, producer.epoch, sequence, transactional};
  }
  net::Slice batch(const Partition& partition) {
    kafka::BatchBuilder builder(1 << 16);
    const std::string value(1 + random() % 200, 'v');
    for (std::size_t i = 0, n = 1 + random() % 3; i < n; i++)
      builder.append(clock.wall, std::nullopt, std::as_bytes(std::span(value)));
    return builder.finish(kafka::Codec::none, 0,
                          random() % 6 == 0 ? kafka::BatchProducer{} : next_producer(partition));
  }
  net::Slice batch_of_leader(const Partition& partition) {
    const auto& open = partition.producers().transactions().all_open();
    net::Slice made = !open.empty() && random() % 3 == 0
                          ? kafka::marker_batch(open.front().first, epoch_of(partition, open.front().first),
                                                {random() % 2 == 0, 0}, clock.wall)
                          : batch(partition);
    kafka::stamp(made.data.get(), partition.end() + below(3), epoch);
    return made;
  }
  static std::int16_t epoch_of(const Partition& partition, ProducerId id) {
    return partition.producers().all().at(id).epoch;
  }

  bool send(Partition& partition) {
    const net::Slice sent = batch(partition);
    const auto answer = std::make_shared<std::optional<Appended>>();  // it may come after the end
    partition.append(sent, *kafka::BatchHead::parse(sent.bytes()), {},
                     [answer](Appended appended) { *answer = appended; });
    test::run_until(loop, [&] { return answer->has_value() || files.is_cut(); });
    if (!*answer || (*answer)->error != kafka::Error::none) return false;
    ends[partition.number()].insert(partition.end());
    return true;
  }
  bool end_transaction(Partition& partition) {
    const auto open = partition.producers().transactions().all_open();
    if (open.empty()) return true;
    const ProducerId id = open.front().first;
    const Offset before = partition.end();
    partition.append_marker(id, epoch_of(partition, id), {random() % 2 == 0, 0}, [](Appended) {});
    test::run_until(loop, [&] { return partition.end() > before || files.is_cut(); });
    ends[partition.number()].insert(partition.end());
    return partition.end() > before;
  }
};

TEST(Truncation, IsAsIfItHadNeverBeenWhereverThePowerGoes) {
  const std::uint64_t seed = test::some_seed();
  int rebuilt = 0;
  for (std::uint64_t round = 0; round < 40; round++) {
    SCOPED_TRACE("MQ_SEED=" + std::to_string(seed) + ", round " + std::to_string(round));
    Replicated replica(seed + round);
    ASSERT_FALSE(replica.open());
    for (int life = 0; life < 4; life++) {
      replica.files.cut_at(1 + static_cast<std::uint64_t>(replica.below(120)));
      for (bool good = true; good && !replica.files.is_cut();) {
        Partition& partition = *replica.partitions.at(numbers[replica.random() % 2]);
        good = replica.random() % 2 ? replica.lead(partition) : replica.follow(partition);
        if (good && !replica.files.is_cut()) replica.expect_what_the_log_says(partition);
        if (testing::Test::HasFailure()) return;
      }
      replica.close();
      replica.files.reboot(replica.random() % 2 ? PowerCut::Loss::random : PowerCut::Loss::all, seed + round);
      ASSERT_FALSE(replica.open());
      for (const auto& [number, partition] : replica.partitions) {
        EXPECT_GE(partition->end(), replica.committed[number]);
        replica.expect_what_the_log_says(*partition);
      }
      if (testing::Test::HasFailure()) return;
    }
    rebuilt += replica.rebuilt;
  }
  EXPECT_LT(rebuilt, 40 * 4 * 2) << "it is the exception";
}

}  // namespace
}  // namespace mq::core::truncation_test
