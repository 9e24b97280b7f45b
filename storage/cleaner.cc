// SPDX-License-Identifier: Apache-2.0
#include "storage/cleaner.h"

#include <boost/asio/post.hpp>
#include <limits>

#include "storage/logger.h"
#include "storage/partition_log.h"

namespace mq::storage {

Cleaner::Cleaner(asio::io_context& loop, asio::thread_pool& background, SegmentFiles& files,
                 Catalogue& catalogue, SealedSegments& sealed)
    : loop_(loop), background_(background), files_(files), catalogue_(catalogue), sealed_(sealed) {}

void Cleaner::forget_before(std::shared_ptr<PartitionLog> log, Offset start, Count count) {
  const PartitionNumber partition = log->number();
  forget(std::move(log), partition, start, true, count);
}

void Cleaner::forget_from(std::shared_ptr<PartitionLog> log, Offset end, Count count) {
  const PartitionNumber partition = log->number();
  forget(std::move(log), partition, end, false, count);
}

void Cleaner::bury(PartitionNumber partition) {
  forget(nullptr, partition, std::numeric_limits<Offset>::max(), true, Count::no);
}

void Cleaner::forget(std::shared_ptr<PartitionLog> log, PartitionNumber partition, Offset at, bool before,
                     Count count) {
  asio::post(background_, [this, log = std::move(log), partition, at, before, count]() mutable {
    const auto gone =
        before ? catalogue_.forget_before(partition, at) : catalogue_.forget_from(partition, at);
    if (!gone) {
      logger().error("partition {}: what is dead could not be forgotten: {}", partition,
                     gone.error().message());
    } else {
      for (const std::uint32_t number : gone->dead) remove_files(number, true, true);
    }
    // The log is the loop's: also its last owner is there.
    asio::post(loop_, [log = std::move(log), count, bytes = gone ? gone->bytes : 0] {
      if (log && count == Count::yes) log->forgot(bytes);
    });
  });
}

void Cleaner::remove_files(std::uint32_t number, bool file, bool table) {
  if (file && table) sealed_.forget(number);
  for (const auto& [wanted, path] :
       {std::pair{file, files_.path(number)}, {table, files_.table_path(number)}}) {
    if (!wanted || !files_.files.exists(path)) continue;
    if (const error_code error = files_.files.remove(path))
      logger().warn("{} could not be removed: {}", path.string(), error.message());
  }
}

}  // namespace mq::storage
