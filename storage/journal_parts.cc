// SPDX-License-Identifier: Apache-2.0
#include "storage/journal_parts.h"

namespace mq::storage {
namespace {

SegmentFiles::Sizes sizes_of(const JournalOptions& options) {
  return {options.segment_bytes_min, options.segment_bytes_max, options.min_free_bytes};
}

}  // namespace

JournalParts::JournalParts(FileSystem& files, asio::io_context& io, JournalOptions settings,
                           std::unique_ptr<Store> store)
    : loop(io),
      options(std::move(settings)),
      meta(std::move(store), [&files, path = options.data / "meta"] { return Store::open(files, path); }),
      segments(files, options.data / "journal", catalogue, sizes_of(options)),
      sealed(files, segments, catalogue),
      cleaner(loop, background, copying, segments, catalogue, sealed,
              [this](Log::Appended done) { core_rows.copy_all(std::move(done)); }),
      sealer(loop, background, segments, catalogue, sealed, cleaner, options.snapshots, options.on_sealed),
      logs({appender, readers, catalogue, sealed, cleaner, Tail(options.tail_bytes), {}}) {}

JournalParts::~JournalParts() {
  stop();
}

void JournalParts::stop() {
  segments.stop();
  sealer.stop();
  cleaner.stop();
  copying.join();  // it waits for the next
  background.join();
  readers.join();
}

}  // namespace mq::storage
