// SPDX-License-Identifier: Apache-2.0
#include "storage/cleaner.h"

#include <boost/asio/post.hpp>
#include <limits>

#include "storage/error.h"
#include "storage/logger.h"
#include "storage/partition_log.h"
#include "storage/rewrite.h"

namespace mq::storage {
namespace {

constexpr std::uint64_t copy_bytes_max = 64u << 20;  // at once

}  // namespace

Cleaner::Cleaner(asio::io_context& loop, asio::thread_pool& background, SegmentFiles& files,
                 Catalogue& catalogue, SealedSegments& sealed, CopyRows copy_rows)
    : loop_(loop),
      background_(background),
      files_(files),
      catalogue_(catalogue),
      sealed_(sealed),
      copy_rows_(std::move(copy_rows)) {}

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
      if (gone->bytes > 0) clean(0);
    }
    // The log is the loop's: also its last owner is there.
    asio::post(loop_, [log = std::move(log), count, bytes = gone ? gone->bytes : 0] {
      if (log && count == Count::yes) log->forgot(bytes);
    });
  });
}

void Cleaner::look(std::uint64_t sealed_bytes) {
  asio::post(background_, [this, sealed_bytes] { clean(sealed_bytes); });
}

void Cleaner::clean(std::uint64_t sealed_bytes) {
  budget_ = std::min(budget_ + sealed_bytes / 2, copy_bytes_max);
  remove_dead();
  rewrite();
}

// Segments in which nothing lives. The newest copy of one of core's rows does not go before there is a newer
// one.
void Cleaner::remove_dead() {
  std::vector<std::uint32_t> dead, with_rows;
  for (const auto& [number, row] : catalogue_.manifest())
    if (row.state == SegmentRow::sealed && row.rows == 0)
      (row.core_rows ? with_rows : dead).push_back(number);
  if (!dead.empty() && !catalogue_.erase(dead))
    for (const std::uint32_t number : dead) remove_files(number, true, true);
  if (!with_rows.empty() && !copying_.exchange(true))
    asio::post(loop_, [this, with_rows = std::move(with_rows), alive = std::weak_ptr(alive_)]() mutable {
      if (alive.lock()) copy_rows_of(std::move(with_rows));
    });
}

void Cleaner::copy_rows_of(std::vector<std::uint32_t> segments) {
  copy_rows_([this, segments = std::move(segments), alive = std::weak_ptr(alive_)](error_code error) {
    if (!alive.lock()) return;
    copying_ = false;
    if (error) return;
    asio::post(background_, [this, segments] {
      if (catalogue_.erase(segments)) return;
      for (const std::uint32_t number : segments) remove_files(number, true, true);
    });
  });
}

void Cleaner::rewrite() {
  std::vector<std::uint32_t> mostly_dead;
  std::uint64_t living = 0;
  for (const auto& [number, row] : catalogue_.manifest()) {
    if (row.state != SegmentRow::sealed || row.rows == 0 || row.living * 2 >= row.bytes) continue;
    if (living + row.living > budget_) break;
    living += row.living;
    mostly_dead.push_back(number);
  }
  if (mostly_dead.empty()) return;
  budget_ -= living;
  Rewrite rewrite(files_, catalogue_, sealed_, std::move(mostly_dead));
  if (const error_code error = rewrite.run(stopping_)) {
    if (error != Errc::stopped)
      logger().error("mostly dead segments could not be rewritten: {}", error.message());
    return;  // what was written is removed with the next start
  }
  for (const std::uint32_t number : rewrite.old()) remove_files(number, true, true);
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
