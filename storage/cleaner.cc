// SPDX-License-Identifier: Apache-2.0
#include "storage/cleaner.h"

#include <boost/asio/post.hpp>
#include <future>

#include "storage/error.h"
#include "storage/logger.h"
#include "storage/partition_log.h"
#include "storage/victims.h"

namespace mq::storage {
namespace {

constexpr std::uint64_t copy_bytes_max = 32u << 20;  // at once
constexpr int rest_per_work = 1;                     // copying takes at most half of the time

}  // namespace

Cleaner::Cleaner(asio::io_context& loop, asio::thread_pool& background, asio::thread_pool& copying,
                 SegmentFiles& files, Catalogue& catalogue, SealedSegments& sealed, CopyRows copy_rows)
    : loop_(loop),
      background_(background),
      copying_(copying),
      files_(files),
      catalogue_(catalogue),
      sealed_(sealed),
      copy_rows_(std::move(copy_rows)) {}

void Cleaner::forget_before(std::shared_ptr<PartitionLog> log, Offset start, Offset counted) {
  forget(std::move(log), start, true, counted);
}

void Cleaner::forget_from(std::shared_ptr<PartitionLog> log, Offset end, Offset counted) {
  forget(std::move(log), end, false, counted);
}

void Cleaner::remove_partitions(std::vector<PartitionNumber> partitions) {
  if (partitions.empty()) return;
  asio::post(background_, [this, partitions = std::move(partitions)] {
    const auto gone = catalogue_.forget_all(partitions, stopping_);
    if (gone) return tidy(*gone);
    logger().error("{} removed partitions: what is dead could not be forgotten: {}", partitions.size(),
                   gone.error().message());
  });
}

void Cleaner::forget(std::shared_ptr<PartitionLog> log, Offset at, bool before, Offset counted) {
  const PartitionNumber partition = log->number();
  asio::post(background_, [this, log = std::move(log), partition, at, before, counted]() mutable {
    const auto gone = before ? catalogue_.forget_before(partition, at, counted)
                             : catalogue_.forget_from(partition, at, counted);
    if (gone)
      tidy(*gone);
    else
      logger().error("partition {}: what is dead could not be forgotten: {}", partition,
                     gone.error().message());
    // The log is the loop's: also its last owner is there.
    asio::post(loop_, [log = std::move(log), bytes = gone ? gone->counted : 0] {
      if (log) log->index().forgot(bytes);
    });
  });
}

void Cleaner::tidy(const Catalogue::Forgotten& gone) {
  for (const std::uint32_t number : gone.dead) remove_files(number, true, true);
  if (gone.bytes > 0) clean();
}

void Cleaner::stop() {
  stopping_ = true;
  again_.cancel();
}

void Cleaner::look() {
  asio::post(background_, [this] { clean(); });
}

void Cleaner::clean() {
  if (stopping_) return;
  remove_dead();
  choose();
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
  if (!with_rows.empty() && !copying_rows_.exchange(true))
    asio::post(loop_, [this, with_rows = std::move(with_rows), alive = std::weak_ptr(alive_)]() mutable {
      if (alive.lock()) copy_rows_of(std::move(with_rows));
    });
}

void Cleaner::copy_rows_of(std::vector<std::uint32_t> segments) {
  copy_rows_([this, segments = std::move(segments), alive = std::weak_ptr(alive_)](error_code error) {
    if (!alive.lock()) return;
    copying_rows_ = false;
    if (error) return;
    asio::post(background_, [this, segments] {
      if (catalogue_.erase(segments)) return;
      for (const std::uint32_t number : segments) remove_files(number, true, true);
    });
  });
}

void Cleaner::choose() {
  const CleaningLimits limits{files_.bytes_max() / 2, copy_bytes_max};
  auto chosen = victims(catalogue_.manifest(), limits);
  if (chosen.empty()) return;
  const Time rests_until = rests_until_;
  if (std::chrono::steady_clock::now() < rests_until) return look_again_at(rests_until);
  if (rewriting_.exchange(true)) return;
  asio::post(copying_, [this, chosen = std::move(chosen)]() mutable {
    rewrite(std::move(chosen));
    rewriting_ = false;
  });
}

void Cleaner::rewrite(std::vector<std::uint32_t> segments) {
  const auto began = std::chrono::steady_clock::now();
  Rewrite rewrite(files_, catalogue_, sealed_, stopping_);
  error_code error = rewrite.copy(std::move(segments));
  if (error) drop(rewrite);
  if (!error) {
    const auto committed = commit(rewrite);
    if (!committed) error = committed.error();
  }
  const auto now = std::chrono::steady_clock::now();
  rests_until_ = now + rest_per_work * (now - began);
  if (!error) return look_again_at(rests_until_);
  if (error != Errc::stopped)
    logger().error("mostly dead segments could not be written anew: {}", error.message());
}

Result<Rewrite::Committed> Cleaner::commit(Rewrite& rewrite) {
  std::promise<Result<Rewrite::Committed>> done;
  asio::post(background_, [&] {
    auto committed = rewrite.commit();
    if (committed)
      for (const std::uint32_t number : committed->dead) remove_files(number, true, true);
    done.set_value(std::move(committed));
  });
  auto committed = done.get_future().get();
  if (!committed) drop(rewrite);
  return committed;
}

void Cleaner::drop(const Rewrite& rewrite) {
  if (rewrite.number() == 0) return;
  asio::post(background_, [this, number = rewrite.number()] { remove_files(number, true, true); });
}

void Cleaner::look_again_at(Time time) {
  asio::post(loop_, [this, time, alive = std::weak_ptr(alive_)] {
    if (!alive.lock() || stopping_) return;
    again_.expires_at(time);
    again_.async_wait([this, alive](const error_code& cancelled) {
      if (!cancelled && alive.lock()) look();
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
