// SPDX-License-Identifier: Apache-2.0
// Opens a data directory: takes the lock, reads `meta`, replays what is not sealed, and returns all that a
// journal is made of. Blocks, on the opening thread, which is the loop's.
#pragma once

#include "storage/lock.h"
#include "storage/unsealed.h"

namespace mq::storage {

struct Opened {
  std::unique_ptr<Lock> lock;
  std::unique_ptr<JournalParts> parts;
  Recovery recovery;
  Writer::Position position;  // where the writer goes on
};

class Opening {
 public:
  Opening(FileSystem& files, asio::io_context& loop, JournalOptions options)
      : files_(files), loop_(loop), options_(std::move(options)) {}

  Result<Opened> run();

 private:
  // What is read of one `meta`, and of the journal by its word. When another `meta` takes its place it goes
  // as a whole.
  struct Loaded {
    Loaded(std::unique_ptr<JournalParts> made, Recovery& recovery)
        : parts(std::move(made)), unsealed(*parts, recovery), replay(*parts, recovery) {}

    std::unique_ptr<JournalParts> parts;
    UnsealedSegments unsealed;
    Replay replay;
    StopRow stopped;

    bool stopped_in_order() const { return stopped.segment > 0 && !stopped.opened_since; }
  };
  using LoadedPtr = std::unique_ptr<Loaded>;

  Result<std::unique_ptr<Lock>> lock();
  Result<std::unique_ptr<Store>> open_meta();
  Result<std::unique_ptr<Store>> rebuild();
  Result<LoadedPtr> load();
  Result<LoadedPtr> load(std::unique_ptr<Store> store);
  error_code read_manifest(Loaded& loaded);
  error_code read_rows(Loaded& loaded);
  error_code load_stopped(Loaded& loaded);
  Result<Writer::Position> replay(Loaded& loaded);
  error_code note_opened(Loaded& loaded);
  void say() const;

  FileSystem& files_;
  asio::io_context& loop_;
  const JournalOptions options_;
  Recovery recovery_;
};

}  // namespace mq::storage
