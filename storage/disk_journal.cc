// SPDX-License-Identifier: Apache-2.0
#include "storage/disk_journal.h"

#include <boost/asio/post.hpp>

#include "storage/error.h"
#include "storage/logger.h"
#include "storage/run_on.h"

namespace mq::storage {
namespace {

constexpr asio::use_awaitable_t<Executor> next_turn;

}  // namespace

DiskJournal::DiskJournal(FileSystem& files, asio::io_context& loop, JournalOptions options)
    : files_(files), loop_(loop), options_(std::move(options)) {}

DiskJournal::~DiskJournal() {
  alive_.reset();
  appender_.refuse_turn();
  if (segments_) segments_->stop();
  if (writer_) writer_->stop();
  if (sealer_) sealer_->stop();
  if (cleaner_) cleaner_->stop();
  if (copying_) copying_->join();  // it waits for the next
  if (background_) background_->join();
  readers_.join();
  logs_.reset();
}

void DiskJournal::start_threads(const Writer::Position& position) {
  const Writer::Settings settings{options_.flush, options_.min_free_bytes, options_.segment_records_max,
                                  options_.segment_age_max};
  const std::weak_ptr<bool> alive = alive_;
  auto finished = [this, alive](std::unique_ptr<Group> group) {
    asio::post(loop_, [this, alive, group = std::move(group)]() mutable {
      if (alive.lock()) return finish(std::move(group));
      for (const Append& append : group->appends)
        if (append.done) append.done(Errc::stopped);
    });
  };
  writer_ = std::make_unique<Writer>(queue_, *segments_, settings, position, std::move(finished),
                                     [this] { return meta_->changes(); });
  stall_watch_.watch([this] { return writer_->activity(); });
}

// ---------------------------------------------------------------------------------------------- appending

void DiskJournal::note_rows(std::string rows, Log::Appended done) {
  const auto kept = std::make_shared<const std::string>(std::move(rows));
  const auto* data = reinterpret_cast<const std::byte*>(kept->data());
  Append append;
  append.kind = Kind::rows;
  append.base = static_cast<Offset>(meta_->changes());
  append.batch.memory = {kept, data};
  append.batch.size = kept->size();
  append.done = std::move(done);
  std::vector<Append> appends;
  appends.push_back(std::move(append));
  queue_.push(std::move(appends));
}

// A few thousand rows at most, and only when the segment with the newest copy of one of them is about to go.
void DiskJournal::copy_core_rows(Log::Appended done) {
  asio::post(readers_.executor(), [this, done = std::move(done)] {
    Store::Change all;
    if (const error_code error = copy_rows(*meta_, keys::core, all.puts))
      return asio::post(loop_, [done, error] { done(error); });
    note_rows(encode_rows(all), done);
  });
}

// ---------------------------------------------------------------------------------------------- what the
// writer did

// First every log moves, then every caller hears of it.
void DiskJournal::finish(std::unique_ptr<Group> group) {
  std::size_t part = 0;
  for (std::size_t i = 0; i < group->appends.size(); i++) {
    Append& append = group->appends[i];
    while (part + 1 < group->parts.size() && group->parts[part + 1].first <= i) part++;
    if (append.log) append.log->completed(append);
    if (append.log && append.log->gone() && !append.error) append.error = Errc::not_found;
    if (!append.error) logs_->apply(append, logs_->active(group->parts[part].segment));
  }
  for (const auto& closed : group->closed) close(closed);
  std::size_t answered = 0;
  for (Append& append : group->appends) {
    if (append.kind != Kind::rows) answered++;
    if (append.done) append.done(append.error);
  }
  appender_.answered(answered);
  tell_refusing();
}

void DiskJournal::tell_refusing() {
  const std::pair now(writer_->full(), writer_->failed());
  if (std::exchange(refusing_, now) == now || !options_.on_refusing) return;
  options_.on_refusing(now.first, now.second);
}

void DiskJournal::close(const Group::Closed& closed) {
  sealer_->add(logs_->close(closed));
}

// ---------------------------------------------------------------------------------------------- partitions

Task<void> DiskJournal::barrier() {
  Append append;
  append.kind = Kind::note;
  co_await appender_.submitted(std::move(append));
}

// What is removed may still lie in segments up to the one that is written now: until those are sealed a row
// in meta keeps it from coming back. Before that row is durable the partition is whole.
Task<error_code> DiskJournal::remove(std::vector<PartitionNumber> partitions) {
  constexpr std::size_t per_turn = 500;  // of the loop: others come in between
  for (std::size_t i = 0; i < partitions.size(); i++) {
    logs_->log(partitions[i])->refuse(true);
    if (i % per_turn == per_turn - 1) co_await asio::post(loop_.get_executor(), next_turn);
  }
  co_await barrier();
  const std::uint32_t newest = logs_->newest_segment();
  std::vector<std::string> lost;
  for (const PartitionNumber partition : partitions)
    for (const auto& [from, to] : logs_->log(partition)->lost())
      lost.push_back(keys::quarantined(partition, from));
  auto commit = [&meta = *meta_, partitions, newest, lost = std::move(lost)]() -> Result<void> {
    Store::Change change;
    change.erases = lost;
    for (const PartitionNumber partition : partitions) {
      change.erases.push_back(keys::partition(partition));
      change.erases.push_back(keys::snapshot(partition));
      change.puts[keys::gone(partition)] = keys::big_endian(newest);
    }
    if (const error_code error = meta.commit(change)) return error;
    return {};
  };
  const Result<void> committed = co_await run_on(background_->get_executor(), std::move(commit));
  for (std::size_t i = 0; i < partitions.size(); i++) {
    if (committed)
      logs_->erase(partitions[i]);
    else
      logs_->log(partitions[i])->refuse(false);
    if (i % per_turn == per_turn - 1) co_await asio::post(loop_.get_executor(), next_turn);
  }
  if (!committed) co_return committed.error();
  cleaner_->remove_partitions(std::move(partitions));
  co_return error_code{};
}

// ---------------------------------------------------------------------------------------------- writing anew

Task<error_code> DiskJournal::visit(PartitionNumber partition, Offset from, Offset to, Visit visit) {
  auto look = [lookup = Lookup(*catalogue_, *sealed_, partition, to), from, visit = std::move(visit),
               &stopping = cleaner_->stopping()]() -> Result<void> {
    const auto unless_stopping = [&](Bytes batch) { return !stopping && visit(batch); };
    const error_code error = lookup.batches(from, unless_stopping);
    if (error) return error;
    if (stopping) return Errc::stopped;
    return {};
  };
  const Result<void> looked = co_await run_on(copying_->get_executor(), std::move(look));
  if (!looked) co_return looked.error();
  co_return error_code{};
}

Task<Result<Offset>> DiskJournal::rewrite(PartitionNumber partition, Offset from, Offset to, Change change) {
  struct Done {
    Offset next = 0;
    std::uint64_t bytes_less = 0;
  };
  const auto log = logs_->log(partition);
  auto work = [this, partition, from, to, change = std::move(change)]() -> Result<Done> {
    Rewrite rewrite(*segments_, *catalogue_, *sealed_, cleaner_->stopping());
    const auto next = rewrite.copy(partition, from, to, change);
    if (!next) cleaner_->drop(rewrite);
    if (!next) return next.error();
    if (rewrite.number() == 0) return Done{*next, 0};
    const auto committed = cleaner_->commit(rewrite);
    if (!committed) return committed.error();
    const auto before = committed->bytes_before, after = committed->bytes_after;
    return Done{*next, before - std::min(before, after)};
  };
  const Result<Done> done = co_await run_on(copying_->get_executor(), std::move(work));
  if (!done) co_return done.error();
  if (!log->gone()) log->rewritten(done->bytes_less);
  co_return done->next;
}

// A record after which the segment takes nothing; then its table, and those before it.
Task<error_code> DiskJournal::roll() {
  Append append;
  append.kind = Kind::note;
  append.closes = true;
  const std::weak_ptr<bool> alive = alive_;
  const error_code error = co_await appender_.submitted(std::move(append));
  if (error) co_return error;
  if (!alive.lock()) co_return Errc::stopped;
  struct Idle {};
  auto wait = [this](auto handler) {
    auto kept = std::make_shared<decltype(handler)>(std::move(handler));
    sealer_->when_idle([&loop = loop_, kept] { asio::post(loop, [kept] { std::move (*kept)(Idle{}); }); });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Idle)>(
      wait, asio::use_awaitable_t<Executor>());
  if (!alive.lock() || appender_.stopped()) co_return Errc::stopped;
  co_return error_code{};
}

// ---------------------------------------------------------------------------------------------- the rest

Task<void> DiskJournal::stop() {
  co_await barrier();
  appender_.stop();
  segments_->stop();
  sealer_->stop();
  cleaner_->stop();
  auto finish_threads = [this]() -> Result<void> {
    writer_->stop();
    copying_->join();
    background_->join();
    return note_end();
  };
  const Result<void> finished = co_await run_on(readers_.executor(), std::move(finish_threads));
  if (!finished) logger().warn("where the journal ends could not be noted: {}", finished.error().message());
}

// What is missing at the next start is damage then, and not a torn tail.
Result<void> DiskJournal::note_end() {
  const auto [segment, end] = writer_->end();
  if (segment == 0) return {};
  Store::Change change;
  change.puts[std::string(keys::stopped)] = packed(StopRow{segment, 0, end});
  if (const error_code error = meta_->commit(change)) return error;
  return {};
}

JournalStats DiskJournal::stats() const {
  JournalStats stats;
  stats.groups = writer_->groups();
  stats.batches = logs_->batches();
  stats.batch_bytes = logs_->batch_bytes();
  stats.written_bytes = writer_->written_bytes();
  stats.syncs = writer_->syncs();
  stats.full = writer_->full();
  stats.failed = writer_->failed();
  stats.stalled = stall_watch_.stalled();
  for (const auto& [number, row] : catalogue_->manifest()) {
    stats.disk_bytes += row.disk_bytes;
    stats.segments++;
  }
  return stats;
}

}  // namespace mq::storage
