// SPDX-License-Identifier: Apache-2.0
// A journal in a directory, opened, and opened again.
#pragma once

#include "storage/journal.h"
#include "tests/storage/support/batches.h"
#include "tests/support/temp_dir.h"

namespace mq::test {

class Opened {
 public:
  Opened() : Opened(storage::real_files(), {}) {}
  Opened(storage::FileSystem& files, const storage::Path& dir) : files_(files) {
    options.data = (dir.empty() ? dir_.path() : dir) / "data";
    options.min_free_bytes = 0;
  }
  ~Opened() { close(); }

  void open() {
    auto opened = try_open();
    if (opened) throw std::runtime_error("journal does not open: " + opened.message());
  }
  storage::error_code try_open() {
    close();
    auto opened = storage::Journal::open(files_, loop, options);
    if (!opened) return opened.error();
    journal = std::move(*opened);
    return {};
  }
  void close() {  // as a crash that keeps what was written
    journal.reset();
    loop.restart();
    loop.poll();
  }
  void stop() {
    wait_for(loop, journal->stop());
    close();
  }
  storage::error_code put(storage::PartitionNumber partition, int count = 1, std::size_t size = 100) {
    const auto log = journal->log(partition);
    return append_to(loop, *log, make_batch(log->end(), count, size));
  }
  std::vector<Seen> all(storage::PartitionNumber partition) {
    const auto log = journal->log(partition);
    return read_all(loop, *log, log->start());
  }
  storage::asio::io_context loop{1};
  storage::JournalOptions options;
  std::unique_ptr<storage::Journal> journal;

 private:
  TempDir dir_;
  storage::FileSystem& files_;
};

}  // namespace mq::test
