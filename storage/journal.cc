// SPDX-License-Identifier: Apache-2.0
#include "storage/journal.h"

#include "storage/disk_journal.h"
#include "storage/opening.h"

namespace mq::storage {

Result<std::unique_ptr<Journal>> Journal::open(FileSystem& files, asio::io_context& loop,
                                               JournalOptions options) {
  auto opened = Opening(files, loop, std::move(options)).run();
  if (!opened) return opened.error();
  return std::unique_ptr<Journal>(std::make_unique<DiskJournal>(std::move(*opened)));
}

}  // namespace mq::storage
