// SPDX-License-Identifier: Apache-2.0
// Copies of core's rows on their way into the journal, from which `meta` could be rebuilt.
#pragma once

#include "storage/append_queue.h"
#include "storage/noting_store.h"
#include "storage/readers.h"

namespace mq::storage {

class CoreRows {
 public:
  CoreRows(asio::io_context& loop, AppendQueue& queue, NotingStore& meta, Readers& readers)
      : loop_(loop), queue_(queue), meta_(meta), readers_(readers) {}

  // Rows that changed, as encode_rows() has them. Any thread; `done` on the loop, when they are durable.
  void note(std::string rows, Log::Appended done = {});
  void copy_all(Log::Appended done);  // of them. On the loop, as `done`

 private:
  asio::io_context& loop_;
  AppendQueue& queue_;
  NotingStore& meta_;
  Readers& readers_;
};

}  // namespace mq::storage
