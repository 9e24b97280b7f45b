// SPDX-License-Identifier: Apache-2.0
// What the journal costs beside a bare preallocated file on the same disk in the same run.
//
//   append_bench [DIR=.] [MIB=512] [ROUNDS=3] [LOAD]      DIR/append_bench.tmp is made and removed; only the
//   loads with LOAD in
//                                                         their name
//
// Rounds alternate; medians and ratios are printed. The file layer is counted by what the kernel says this
// process wrote.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/endian/conversion.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "storage/crc32c.h"
#include "storage/journal.h"

namespace {

namespace storage = mq::storage;
namespace asio = boost::asio;
using storage::Batch;
using storage::error_code;
using Clock = std::chrono::steady_clock;

storage::Path scratch;
std::string_view only;

void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "append_bench: %s\n", what);
  std::abort();
}

double seconds() {
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}
double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}
double number_after(const char* file, const char* word) {
  std::ifstream in(file);
  for (std::string name; in >> name;)
    if (double value; name == word && in >> value) return value;
  return 0;
}
double written() {
  return number_after("/proc/self/io", "wchar:");
}
double resident_bytes() {
  return number_after("/proc/self/status", "VmRSS:") * 1024;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::shared_ptr<const std::byte> batch_memory(std::size_t size, storage::Offset first) {
  const std::shared_ptr<unsigned char[]> memory(new unsigned char[size]());
  boost::endian::store_big_s64(memory.get(), first);
  boost::endian::store_big_u32(memory.get() + 8, static_cast<std::uint32_t>(size - 12));
  memory[16] = 2;
  const auto covered = std::as_bytes(std::span(memory.get(), size)).subspan(21);
  boost::endian::store_big_u32(memory.get() + 17, storage::crc32c(covered));
  return {memory, reinterpret_cast<const std::byte*>(memory.get())};
}

struct Load {
  const char* name;
  std::size_t batch, waiting, partitions;
};
struct Figures {
  double rate = 0, cpu = 0, written = 0;  // bytes/s, CPU s/GB, bytes per byte
  double p50_us = 0;                      // of a group
};

Figures figures(const Load& load, std::size_t groups, double start, double cpu, double wrote,
                std::vector<double>& group_us) {
  const auto bytes = static_cast<double>(groups * load.waiting * load.batch);
  return {bytes / (seconds() - start), (cpu_seconds() - cpu) / bytes * 1e9, (written() - wrote) / bytes,
          median(group_us)};
}

// The same groups into preallocated files of 128 MiB, in pieces of 256 KiB, one fdatasync each.
Figures bare(const Load& load, std::size_t groups) {
  constexpr std::size_t file_bytes = 128u << 20, write_bytes = 256u << 10;
  const std::size_t group_bytes = load.waiting * load.batch;
  std::vector<std::byte> data(group_bytes);
  const auto path = (scratch / "bare").string();
  int file = -1;
  std::size_t at = file_bytes;
  std::vector<double> group_us;
  double start = 0, cpu = 0, wrote = 0;
  for (std::size_t i = 0; i < groups; i++) {
    const double began = seconds();
    if (i == 0) start = began, cpu = cpu_seconds(), wrote = written();
    if (at + group_bytes > file_bytes) {
      if (file >= 0) ::close(file), ::unlink(path.c_str());
      file = ::open(path.c_str(), O_CREAT | O_RDWR | O_TRUNC, 0600);
      check(file >= 0 && ::fallocate(file, 0, 0, file_bytes) == 0 && ::fdatasync(file) == 0, "bare file");
      at = 0;
    }
    for (std::size_t done = 0; done < group_bytes;) {
      const std::size_t n = std::min(write_bytes, group_bytes - done);
      check(::pwrite(file, data.data() + done, n, static_cast<off_t>(at)) == static_cast<ssize_t>(n),
            "pwrite");
      done += n, at += n;
    }
    check(::fdatasync(file) == 0, "fdatasync");
    group_us.push_back((seconds() - began) * 1e6);
  }
  auto result = figures(load, groups, start, cpu, wrote, group_us);
  ::close(file);
  ::unlink(path.c_str());
  return result;
}

struct Running {
  explicit Running(std::size_t tail_bytes = 32u << 20) {
    options.data = scratch / "data";
    options.tail_bytes = tail_bytes;
    open();
  }
  ~Running() {
    journal.reset();
    std::filesystem::remove_all(scratch / "data");
  }
  void open() {
    journal.reset();
    auto opened = storage::Journal::open(storage::real_files(), loop, options);
    check(opened.has_value(), "open");
    journal = std::move(*opened);
  }
  asio::io_context loop{1};
  storage::JournalOptions options;
  std::unique_ptr<storage::Journal> journal;
};

// As many batches as are to wait, again and again when all of them are answered.
Figures append(Running& running, const Load& load, std::size_t groups) {
  std::vector<std::shared_ptr<storage::Log>> logs;
  for (std::size_t i = 0; i < load.partitions; i++)
    logs.push_back(running.journal->log(static_cast<storage::PartitionNumber>(i + 1)));
  const auto memory = batch_memory(load.batch, 0);
  std::vector<storage::Offset> next(load.partitions);
  for (std::size_t i = 0; i < load.partitions; i++) next[i] = logs[i]->end();
  std::vector<double> group_us;
  std::size_t turn = 0;
  const double start = seconds(), cpu = cpu_seconds(), wrote = written();
  for (std::size_t i = 0; i < groups; i++) {
    const double began = seconds();
    std::size_t answered = 0;
    for (std::size_t k = 0; k < load.waiting; k++, turn++) {
      const std::size_t p = turn % load.partitions;
      const Batch batch{memory, load.batch, next[p], next[p], 1000};
      next[p]++;
      logs[p]->append(batch, [&](error_code error) {
        check(!error, "append");
        answered++;
      });
    }
    while (answered < load.waiting) running.loop.run_one();
    running.loop.restart();
    group_us.push_back((seconds() - began) * 1e6);
  }
  return figures(load, groups, start, cpu, wrote, group_us);
}

void compare(const Load& load, std::size_t mib, int rounds) {
  if (std::string_view(load.name).find(only) == std::string_view::npos) return;
  const std::size_t group_bytes = load.batch * load.waiting;
  const std::size_t groups = std::clamp<std::size_t>((mib << 20) / group_bytes, 20, 4000);
  std::vector<Figures> bares, journals;
  for (int round = 0; round < rounds; round++) {
    bares.push_back(bare(load, groups));
    Running running;
    journals.push_back(append(running, load, groups));
  }
  const auto of = [](const std::vector<Figures>& all, double Figures::*figure) {
    std::vector<double> values;
    for (const Figures& f : all) values.push_back(f.*figure);
    return median(std::move(values));
  };
  const double rate = of(journals, &Figures::rate), bare_rate = of(bares, &Figures::rate);
  const double p50 = of(journals, &Figures::p50_us), bare_p50 = of(bares, &Figures::p50_us);
  std::printf(
      "%-34s %6.0f MB/s, bare %6.0f: %.2f   group p50 %6.0f us, bare %6.0f: %.2f   CPU %.2f s/GB, bare %.2f  "
      " written %.3f\n",
      load.name, rate / 1e6, bare_rate / 1e6, rate / bare_rate, p50, bare_p50, p50 / bare_p50,
      of(journals, &Figures::cpu), of(bares, &Figures::cpu), of(journals, &Figures::written));
  std::fflush(stdout);
}

storage::Task<void> read_through(std::shared_ptr<storage::Log> log, std::size_t* bytes, bool* done) {
  for (storage::Offset at = log->start(); at < log->end();) {
    const auto read = co_await log->read(at, 1u << 20);
    check(read.has_value() && read->size > 0, "read");
    *bytes += read->size;
    at = read->next;
  }
  *done = true;
}

// Small batches of one partition among many: most of it lies in tables.
void read_back() {
  constexpr std::size_t batch = 200, partitions = 1000;
  Running running(0);
  append(running, {"", batch, 1000, partitions}, 2000);
  std::size_t bytes = 0;
  const double start = seconds();
  for (storage::PartitionNumber p = 1; p <= 20; p++) {
    bool done = false;
    asio::co_spawn(running.loop, read_through(running.journal->log(p), &bytes, &done), asio::detached);
    while (!done) {
      running.loop.restart();
      running.loop.run_one();
    }
  }
  const double batches = static_cast<double>(bytes) / batch;
  std::printf("read back 200 B, 1 partition of 1,000   %.0f batches/s\n", batches / (seconds() - start));
}

void many_partitions() {
  const double before = resident_bytes();
  Running running;
  append(running, {"", 200, 1000, 10'000}, 20);
  const double with = resident_bytes();
  running.open();
  const double start = seconds();
  running.open();
  std::printf("10,000 partitions   %.0f bytes each with a batch in memory, reopened in %.1f ms\n",
              (with - before) / 10'000, (seconds() - start) * 1e3);
}

// What is not sealed is scanned; nothing else depends on how much there is.
void restart(std::size_t mib) {
  Running running;
  append(running, {"", 16u << 10, 64, 50}, mib);
  running.open();
  const auto& found = running.journal->recovery();
  std::printf("reopened %zu MiB in %lld ms: %.0f MiB were not sealed\n", mib,
              static_cast<long long>(found.took.count()),
              static_cast<double>(found.bytes_scanned) / (1 << 20));
}

}  // namespace

int main(int argc, char** argv) {
  scratch = storage::Path(argc > 1 ? argv[1] : ".") / "append_bench.tmp";
  const std::size_t mib = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 512;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
  if (argc > 4) only = argv[4];
  std::filesystem::remove_all(scratch);
  std::filesystem::create_directories(scratch);
  if (only.empty()) many_partitions();  // first, while the memory is fresh
  compare({"64 x 16 KiB, 50 partitions", 16u << 10, 64, 50}, mib, rounds);
  compare({"8 x 1 MiB, 50 partitions", 1u << 20, 8, 50}, mib, rounds);
  compare({"1,000 x 200 B, 1,000 partitions", 200, 1000, 1000}, mib / 4, rounds);
  compare({"1,000 x 200 B, 10 partitions", 200, 1000, 10}, mib / 4, rounds);
  compare({"1,000 x 200 B, 10,000 partitions", 200, 1000, 10'000}, mib / 4, rounds);
  compare({"one 1 KiB batch at a time", 1024, 1, 1}, 2, rounds);
  if (only.empty()) read_back();
  if (only.empty()) restart(4 * mib);
  std::filesystem::remove_all(scratch);
}
