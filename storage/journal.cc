// SPDX-License-Identifier: Apache-2.0
#include "storage/journal.h"

#include "storage/opening.h"

namespace mq::storage {

Result<std::unique_ptr<Journal>> Journal::open(FileSystem& files, asio::io_context& loop,
                                               JournalOptions options) {
  auto journal = std::make_unique<DiskJournal>(files, loop, std::move(options));
  if (const error_code error = Opening(*journal).run()) return error;
  return std::unique_ptr<Journal>(std::move(journal));
}

}  // namespace mq::storage
