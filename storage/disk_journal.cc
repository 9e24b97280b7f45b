// SPDX-License-Identifier: Apache-2.0
#include "storage/disk_journal.h"

#include <boost/asio/post.hpp>

#include "storage/error.h"
#include "storage/logger.h"
#include "storage/opening.h"
#include "storage/run_on.h"

namespace mq::storage {
namespace {

constexpr asio::use_awaitable_t<Executor> next_turn;

Writer::Settings settings_of(const JournalOptions& options) {
  return {options.flush, options.min_free_bytes, options.segment_records_max, options.segment_age_max};
}

}  // namespace

DiskJournal::DiskJournal(Opened opened)
    : lock_(std::move(opened.lock)),
      recovery_(std::move(opened.recovery)),
      parts_(std::move(opened.parts)),
      writer_(parts_->queue, parts_->segments, settings_of(parts_->options), opened.position, finished(),
              [&meta = parts_->meta] { return meta.changes(); }) {
  parts_->stall_watch.watch([this] { return writer_.activity(); });
  parts_->meta.note_with([&rows = parts_->core_rows](std::string changed) { rows.note(std::move(changed)); });
  parts_->segments.prepare();
}

// Every thread has ended when the first part goes.
DiskJournal::~DiskJournal() {
  alive_.reset();
  parts_->appender.refuse_turn();
  parts_->segments.stop();
  writer_.stop();
  parts_->stop();
}

// ---------------------------------------------------------------------------------------------- what the
// writer did

Writer::Finished DiskJournal::finished() {
  return [this, &loop = parts_->loop, alive = std::weak_ptr(alive_)](std::unique_ptr<Group> group) {
    asio::post(loop, [this, alive, group = std::move(group)]() mutable {
      if (alive.lock()) return finish(std::move(group));
      for (const Append& append : group->appends)
        if (append.done) append.done(Errc::stopped);
    });
  };
}

// First every log moves, then every caller hears of it.
void DiskJournal::finish(std::unique_ptr<Group> group) {
  std::size_t part = 0;
  for (std::size_t i = 0; i < group->appends.size(); i++) {
    Append& append = group->appends[i];
    while (part + 1 < group->parts.size() && group->parts[part + 1].first <= i) part++;
    if (append.log) append.log->completed(append);
    if (append.log && append.log->gone() && !append.error) append.error = Errc::not_found;
    if (!append.error) parts_->logs.apply(append, parts_->logs.active(group->parts[part].segment));
  }
  for (const auto& closed : group->closed) parts_->sealer.add(parts_->logs.close(closed));
  std::size_t answered = 0;
  for (Append& append : group->appends) {
    if (append.kind != Kind::rows) answered++;
    if (append.done) append.done(append.error);
  }
  parts_->appender.answered(answered);
  tell_refusing();
}

void DiskJournal::tell_refusing() {
  const std::pair now(writer_.full(), writer_.failed());
  if (std::exchange(refusing_, now) == now || !parts_->options.on_refusing) return;
  parts_->options.on_refusing(now.first, now.second);
}

// ---------------------------------------------------------------------------------------------- partitions

Task<void> DiskJournal::barrier() {
  Append append;
  append.kind = Kind::note;
  co_await parts_->appender.submitted(std::move(append));
}

// What is removed may still lie in segments up to the one that is written now: until those are sealed a row
// in meta keeps it from coming back. Before that row is durable the partition is whole.
Task<error_code> DiskJournal::remove(std::vector<PartitionNumber> partitions) {
  constexpr std::size_t per_turn = 500;  // of the loop: others come in between
  for (std::size_t i = 0; i < partitions.size(); i++) {
    parts_->logs.log(partitions[i])->refuse(true);
    if (i % per_turn == per_turn - 1) co_await asio::post(parts_->loop, next_turn);
  }
  co_await barrier();
  const std::uint32_t newest = parts_->logs.newest_segment();
  std::vector<std::string> lost;
  for (const PartitionNumber partition : partitions)
    for (const auto& [from, to] : parts_->logs.log(partition)->index().lost())
      lost.push_back(keys::quarantined(partition, from));
  auto commit = [&meta = parts_->meta, partitions, newest, lost = std::move(lost)]() -> Result<void> {
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
  const Result<void> committed = co_await run_on(parts_->background.get_executor(), std::move(commit));
  for (std::size_t i = 0; i < partitions.size(); i++) {
    if (committed)
      parts_->logs.erase(partitions[i]);
    else
      parts_->logs.log(partitions[i])->refuse(false);
    if (i % per_turn == per_turn - 1) co_await asio::post(parts_->loop, next_turn);
  }
  if (!committed) co_return committed.error();
  parts_->cleaner.remove_partitions(std::move(partitions));
  co_return error_code{};
}

// ---------------------------------------------------------------------------------------------- writing anew

Task<error_code> DiskJournal::visit(PartitionNumber partition, Offset from, Offset to, Visit visit) {
  auto look = [lookup = Lookup(parts_->catalogue, parts_->sealed, partition, to), from,
               visit = std::move(visit), &stopping = parts_->cleaner.stopping()]() -> Result<void> {
    const auto unless_stopping = [&](Bytes batch) { return !stopping && visit(batch); };
    const error_code error = lookup.batches(from, unless_stopping);
    if (error) return error;
    if (stopping) return Errc::stopped;
    return {};
  };
  const Result<void> looked = co_await run_on(parts_->copying.get_executor(), std::move(look));
  if (!looked) co_return looked.error();
  co_return error_code{};
}

Task<Result<Offset>> DiskJournal::rewrite(PartitionNumber partition, Offset from, Offset to, Change change) {
  struct Done {
    Offset next = 0;
    std::uint64_t bytes_less = 0;
  };
  const auto log = parts_->logs.log(partition);
  auto work = [this, partition, from, to, change = std::move(change)]() -> Result<Done> {
    Rewrite rewrite(parts_->segments, parts_->catalogue, parts_->sealed, parts_->cleaner.stopping());
    const auto next = rewrite.copy(partition, from, to, change);
    if (!next) parts_->cleaner.drop(rewrite);
    if (!next) return next.error();
    if (rewrite.number() == 0) return Done{*next, 0};
    const auto committed = parts_->cleaner.commit(rewrite);
    if (!committed) return committed.error();
    const auto before = committed->bytes_before, after = committed->bytes_after;
    return Done{*next, before - std::min(before, after)};
  };
  const Result<Done> done = co_await run_on(parts_->copying.get_executor(), std::move(work));
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
  const error_code error = co_await parts_->appender.submitted(std::move(append));
  if (error) co_return error;
  if (!alive.lock()) co_return Errc::stopped;
  struct Idle {};
  auto wait = [this](auto handler) {
    auto kept = std::make_shared<decltype(handler)>(std::move(handler));
    parts_->sealer.when_idle(
        [&loop = parts_->loop, kept] { asio::post(loop, [kept] { std::move (*kept)(Idle{}); }); });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Idle)>(
      wait, asio::use_awaitable_t<Executor>());
  if (!alive.lock() || parts_->appender.stopped()) co_return Errc::stopped;
  co_return error_code{};
}

// ---------------------------------------------------------------------------------------------- the rest

Task<void> DiskJournal::stop() {
  co_await barrier();
  parts_->appender.stop();
  parts_->segments.stop();
  parts_->sealer.stop();
  parts_->cleaner.stop();
  auto finish_threads = [this]() -> Result<void> {
    writer_.stop();
    parts_->copying.join();
    parts_->background.join();
    return note_end();
  };
  const Result<void> finished = co_await run_on(parts_->readers.executor(), std::move(finish_threads));
  if (!finished) logger().warn("where the journal ends could not be noted: {}", finished.error().message());
}

// What is missing at the next start is damage then, and not a torn tail.
Result<void> DiskJournal::note_end() {
  const auto [segment, end] = writer_.end();
  if (segment == 0) return {};
  Store::Change change;
  change.puts[std::string(keys::stopped)] = packed(StopRow{segment, 0, end});
  if (const error_code error = parts_->meta.commit(change)) return error;
  return {};
}

JournalStats DiskJournal::stats() const {
  JournalStats stats;
  stats.groups = writer_.groups();
  stats.batches = parts_->logs.batches();
  stats.batch_bytes = parts_->logs.batch_bytes();
  stats.written_bytes = writer_.written_bytes();
  stats.syncs = writer_.syncs();
  stats.full = writer_.full();
  stats.failed = writer_.failed();
  stats.stalled = parts_->stall_watch.stalled();
  for (const auto& [number, row] : parts_->catalogue.manifest()) {
    stats.disk_bytes += row.disk_bytes;
    stats.segments++;
  }
  return stats;
}

}  // namespace mq::storage
