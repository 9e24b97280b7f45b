// SPDX-License-Identifier: Apache-2.0
// What cleaning costs whoever appends, on the same disk in the same run, and what it holds the disk to.
//
//   cleaning_bench [DIR=.] [SECONDS=5] [ROUNDS=3]      DIR/cleaning_bench.tmp is made and removed
//
// Groups of 64 batches of 16 KiB, trimmed all the time to the newest 256 MiB. Nothing is copied when all of
// it dies together. Something is when one batch in eight belongs to a partition that keeps four times as
// long.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/endian/conversion.hpp>
#include <cstdio>
#include <cstdlib>

#include "storage/crc32c.h"
#include "storage/journal.h"
#include "storage/logger.h"

namespace {

namespace storage = mq::storage;
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t batch_bytes = 16 << 10, group_batches = 64;
constexpr storage::Offset short_lived = (256 << 20) / batch_bytes, long_lived = 4 * short_lived / 8;

void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "cleaning_bench: %s\n", what);
  std::abort();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

storage::Batch batch_at(storage::Offset first) {
  const std::shared_ptr<unsigned char[]> memory(new unsigned char[batch_bytes]());
  boost::endian::store_big_s64(memory.get(), first);
  boost::endian::store_big_u32(memory.get() + 8, batch_bytes - 12);
  memory[16] = 2;
  const auto covered = std::as_bytes(std::span(memory.get(), batch_bytes)).subspan(21);
  boost::endian::store_big_u32(memory.get() + 17, storage::crc32c(covered));
  return {{memory, reinterpret_cast<const std::byte*>(memory.get())}, batch_bytes, first, first, 0};
}

struct Outcome {
  double rate = 0;  // bytes/s
  double disk = 0;  // the most that the disk held, less four segments, to what lived then
};

class Run {
 public:
  Run(const storage::Path& dir, bool mixed) : mixed_(mixed) {
    storage::JournalOptions options;
    options.data = dir;
    options.segment_bytes_min = options.segment_bytes_max = segment_bytes;
    auto opened = storage::Journal::open(storage::real_files(), loop_, std::move(options));
    check(opened.has_value(), "the journal does not open");
    journal_ = std::move(*opened);
  }

  Outcome run(double seconds) {
    const auto began = Clock::now();
    const std::chrono::duration<double> length(seconds);
    std::size_t groups = 0;
    Outcome outcome;
    while (Clock::now() - began < length) {
      append();
      if (++groups % 64 != 0) continue;
      trim(1, short_lived);
      trim(2, long_lived);
      if (Clock::now() - began < length / 2) continue;  // it has to be full first
      const auto living = static_cast<double>(journal_->log(1)->bytes() + journal_->log(2)->bytes());
      const auto disk = static_cast<double>(journal_->stats().disk_bytes) - 4.0 * segment_bytes;
      outcome.disk = std::max(outcome.disk, disk / living);
    }
    const std::chrono::duration<double> took = Clock::now() - began;
    outcome.rate = static_cast<double>(groups * group_batches * batch_bytes) / took.count();
    return outcome;
  }

 private:
  static constexpr std::size_t segment_bytes = 64 << 20;

  void append() {
    std::size_t answers = 0;
    for (std::size_t i = 0; i < group_batches; i++) {
      const storage::PartitionNumber partition = mixed_ && i % 8 == 0 ? 2 : 1;
      auto& next = partition == 2 ? next_two_ : next_one_;
      journal_->log(partition)->append(batch_at(next++), [&](storage::error_code error) {
        check(!error, "an append failed");
        answers++;
      });
    }
    while (answers < group_batches) {
      if (loop_.stopped()) loop_.restart();
      loop_.run_one();
    }
  }
  void trim(storage::PartitionNumber partition, storage::Offset keep) {
    const auto log = journal_->log(partition);
    if (log->end() - log->start() <= keep) return;
    bool done = false;
    asio::co_spawn(loop_, log->trim(log->end() - keep), [&](std::exception_ptr, storage::error_code error) {
      check(!error, "a trim failed");
      done = true;
    });
    while (!done) {
      if (loop_.stopped()) loop_.restart();
      loop_.run_one();
    }
  }

  const bool mixed_;
  asio::io_context loop_{1};
  std::unique_ptr<storage::Journal> journal_;
  storage::Offset next_one_ = 0, next_two_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  storage::logger().set_level(spdlog::level::warn);
  const storage::Path scratch = storage::Path(argc > 1 ? argv[1] : ".") / "cleaning_bench.tmp";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
  std::vector<double> together, mixed, disk;
  for (int round = 0; round < 2 * rounds; round++) {
    std::filesystem::remove_all(scratch);
    const bool is_mixed = round % 2 == 1;
    const Outcome outcome = Run(scratch, is_mixed).run(seconds);
    (is_mixed ? mixed : together).push_back(outcome.rate / 1e6);
    if (is_mixed) disk.push_back(outcome.disk);
    std::printf("%-16s %6.0f MB/s   disk %.2f x living + 4 segments\n", is_mixed ? "with copying" : "without",
                outcome.rate / 1e6, outcome.disk);
  }
  std::filesystem::remove_all(scratch);
  std::printf("with / without copying: %.2f (at least 0.80); disk %.2f (at most 2.00)\n",
              median(mixed) / median(together), median(disk));
}
