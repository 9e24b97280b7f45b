// SPDX-License-Identifier: Apache-2.0
// What works together in a journal on a disk, but for its writer: made around a `meta`, before it is known
// whether the journal fits to it, and filled by recovery. Used from the loop; the parts say which thread may
// use them.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include "storage/appender.h"
#include "storage/cleaner.h"
#include "storage/core_rows.h"
#include "storage/logs.h"
#include "storage/sealer.h"

namespace mq::storage {

struct JournalParts {
  JournalParts(FileSystem& files, asio::io_context& io, JournalOptions settings,
               std::unique_ptr<Store> store);
  ~JournalParts();
  void stop();  // ends the threads: what was begun ends first. The writer has ended

  // A part stands behind those that it refers to.
  asio::io_context& loop;
  const JournalOptions options;
  AppendQueue queue;
  StallWatch stall_watch{loop};
  Appender appender{loop, queue, stall_watch};
  NotingStore meta;
  Catalogue catalogue{meta};
  SegmentFiles segments;
  SealedSegments sealed;
  Readers readers;
  CoreRows core_rows{loop, queue, meta, readers};
  asio::thread_pool background{1}, copying{1};
  Cleaner cleaner;
  Sealer sealer;
  Logs logs;
};

}  // namespace mq::storage
