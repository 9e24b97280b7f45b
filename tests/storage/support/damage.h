// SPDX-License-Identifier: Apache-2.0
// What tests of harmed data directories have in common.
#pragma once

#include <algorithm>

#include "storage/inspect.h"
#include "tests/storage/support/dead.h"

namespace mq::test {

using Problems = std::vector<storage::Inspection::Problem>;

inline Problems problems_of(storage::FileSystem& files, const storage::Path& data) {
  return (*storage::Inspection::open(files, data))->verify().problems;
}

inline bool names(const Problems& problems, const storage::Path& file) {
  return std::ranges::any_of(problems, [&](const auto& problem) { return problem.file == file; });
}

// Given as core does it, and on the disk.
inline void give_partitions(Opened& opened, int count) {
  for (int i = 0; i < count; i++) opened.journal->next_partition();
  storage::Store::Change change;
  change.puts["core/topic"] = "configuration";
  ASSERT_FALSE(opened.journal->meta().commit(change));
}

// Behind the last byte that is not zero.
inline std::size_t end_of_data(const std::string& bytes) {
  return bytes.find_last_not_of('\0') + 1;
}

// Segment 1: small and large batches; its table names the large ones in the .log.
struct SealedOnce {
  explicit SealedOnce(std::size_t large = 5000) : dead(64 << 10) {
    for (int i = 0; i < 6; i++) {
      EXPECT_FALSE(dead.opened.put(1, 1, 300));
      EXPECT_FALSE(dead.opened.put(2, 1, large));
    }
    for (int i = 0; i < 3; i++) EXPECT_FALSE(dead.opened.put(3, 1, 300));
    EXPECT_FALSE(wait_for(dead.opened.loop, dead.opened.journal->rewriter().roll()));
    for (int i = 0; i < 3; i++) EXPECT_FALSE(dead.opened.put(3, 1, 300));
    for (const storage::PartitionNumber partition : {1, 2, 3}) before.push_back(dead.opened.all(partition));
    dead.opened.stop();
  }
  void expect_all_of(storage::PartitionNumber partition) {
    EXPECT_EQ(dead.opened.all(partition), before[partition - 1]) << "partition " << partition;
  }
  Problems problems() { return problems_of(dead.files, dead.opened.options.data); }

  Dead dead;
  std::vector<std::vector<Seen>> before;
};

}  // namespace mq::test
