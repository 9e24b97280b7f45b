// SPDX-License-Identifier: Apache-2.0
// What knowing where everything lies costs in memory and time, for as much data as nobody wants to write
// here: a catalogue of many sealed segments, each with some batches of every partition.
//
//   catalogue_bench [DIR=.] [SEGMENTS=8000] [PARTITIONS=1000]    DIR/catalogue_bench.tmp is made and removed
//
// 8,000 segments of 128 MiB are a terabyte. Takes a minute or two.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "storage/catalogue.h"

namespace {

namespace storage = mq::storage;
using Clock = std::chrono::steady_clock;

void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "catalogue_bench: %s\n", what);
  std::abort();
}

double resident_mib() {
  std::ifstream in("/proc/self/status");
  for (std::string name; in >> name;)
    if (double kib; name == "VmRSS:" && in >> kib) return kib / 1024;
  return 0;
}

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

}  // namespace

int main(int argc, char** argv) {
  const auto scratch = storage::Path(argc > 1 ? argv[1] : ".") / "catalogue_bench.tmp";
  const auto segments = static_cast<std::uint32_t>(argc > 2 ? std::atoi(argv[2]) : 8000);
  const auto partitions = static_cast<std::uint32_t>(argc > 3 ? std::atoi(argv[3]) : 1000);
  constexpr storage::Offset batches = 100;  // of a partition in a segment
  std::filesystem::remove_all(scratch);
  std::filesystem::create_directories(scratch);

  const double before = resident_mib();
  auto began = Clock::now();
  {
    auto store = storage::Store::open(storage::real_files(), scratch / "meta");
    check(store.has_value(), "open");
    storage::Catalogue catalogue(**store);
    check(!catalogue.load(), "load");
    std::vector<storage::Catalogue::Run> runs(partitions);
    for (std::uint32_t segment = 1; segment <= segments; segment++) {
      check(!catalogue.opened(segment, segment, 128u << 20), "opened");
      for (std::uint32_t p = 0; p < partitions; p++) {
        auto& run = runs[p];
        run.partition = p + 1;
        run.row.first = (segment - 1) * batches;
        run.last = segment * batches - 1;
        run.row.segment = segment;
        run.row.time_max = segment;
        run.row.bytes = (128u << 20) / partitions;
        run.row.batches = batches;
      }
      check(!catalogue.sealed(segment, {}, runs), "sealed");
    }
  }
  std::printf("%u segments of %u partitions: catalogued in %.1f s, %.2f ms a segment, %.0f MiB resident\n",
              segments, partitions, seconds_since(began), seconds_since(began) * 1e3 / segments,
              resident_mib() - before);

  began = Clock::now();
  auto store = storage::Store::open(storage::real_files(), scratch / "meta");
  check(store.has_value(), "open again");
  storage::Catalogue catalogue(**store);
  check(!catalogue.load(), "load again");
  const double opened_ms = seconds_since(began) * 1e3;
  began = Clock::now();
  constexpr int lookups = 10'000;
  std::srand(1);
  for (int i = 0; i < lookups; i++) {
    const auto partition = static_cast<storage::PartitionNumber>(std::rand()) % partitions + 1;
    const storage::Offset from = std::rand() % (segments * batches);
    const auto found = catalogue.find(partition, from, 1);
    check(found && found->size() == 1 && found->front().last >= from, "find");
  }
  std::printf("reopened in %.1f ms, a lookup by chance %.1f us, %.0f MiB resident (limit 64)\n", opened_ms,
              seconds_since(began) * 1e6 / lookups, resident_mib() - before);
  std::filesystem::remove_all(scratch);
}
