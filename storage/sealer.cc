// SPDX-License-Identifier: Apache-2.0
#include "storage/sealer.h"

#include <boost/asio/post.hpp>

#include "storage/error.h"
#include "storage/logger.h"
#include "storage/partition_log.h"

namespace mq::storage {

Sealer::Sealer(asio::io_context& loop, asio::thread_pool& background, SegmentFiles& files,
               Catalogue& catalogue, SealedSegments& sealed, Cleaner& cleaner, Ask ask, Tell tell)
    : loop_(loop),
      background_(background),
      files_(files),
      catalogue_(catalogue),
      sealed_(sealed),
      cleaner_(cleaner),
      ask_(std::move(ask)),
      tell_(std::move(tell)) {}

Sealer::~Sealer() {
  stop();
}

void Sealer::stop() {
  stopping_ = true;
  tell_idle();
}

void Sealer::when_idle(std::function<void()> done) {
  waiting_.push_back(std::move(done));
  tell_idle();
}

void Sealer::tell_idle() {
  if (!closed_.empty() && !stopping_) return;
  for (const auto& done : std::exchange(waiting_, {})) done();
}

void Sealer::add(std::shared_ptr<Active> segment) {
  closed_.push_back(std::move(segment));
  begin();
}

void Sealer::begin() {
  if (busy_ || closed_.empty() || stopping_) return;
  busy_ = true;
  const auto segment = closed_.front();
  if (!ask_) return seal(segment, {});
  std::vector<PartitionNumber> partitions;
  for (const auto& log : segment->logs)
    if (!log->gone()) partitions.push_back(log->number());
  std::sort(partitions.begin(), partitions.end());
  partitions.erase(std::unique(partitions.begin(), partitions.end()), partitions.end());
  const std::weak_ptr<bool> alive = alive_;
  ask_(std::move(partitions), [this, alive, segment](Snapshots snapshots) {
    if (alive.lock()) seal(segment, std::move(snapshots));
  });
}

Sealing Sealer::sealing_of(const Active& segment) {
  Sealing sealing;
  sealing.segment = segment.file;
  sealing.end = segment.end;
  sealing.core_rows = segment.core_rows;
  sealing.truncations = segment.truncations;
  sealing.trims = segment.trims;
  auto logs = segment.logs;
  const auto number = [](const auto& log) { return log->number(); };
  std::sort(logs.begin(), logs.end(), [&](const auto& a, const auto& b) { return number(a) < number(b); });
  logs.erase(std::unique(logs.begin(), logs.end()), logs.end());
  for (const auto& log : logs) {
    if (log->gone()) continue;
    Sealing::Part part{log->number(), nullptr, 0, 0, log->index().row(segment), log};
    if (const Run* run = log->index().run(segment))
      part.places = run->places, part.skip = run->skip, part.count = run->count;
    const auto is_its = [&](const auto& truncation) { return truncation.first == log->number(); };
    if (std::ranges::any_of(segment.truncations, is_its)) part.lost = log->index().lost();
    sealing.parts.push_back(std::move(part));
  }
  return sealing;
}

void Sealer::seal(const std::shared_ptr<Active>& segment, Snapshots snapshots) {
  if (stopping_) return;
  auto done = std::make_shared<Done>();
  done->segment = segment;
  done->sealing = sealing_of(*segment);
  const std::weak_ptr<bool> alive = alive_;
  // The loop is kept running: whoever waits for space, or for the end of a stop, waits for this.
  auto guard = asio::make_work_guard(loop_);
  asio::post(background_,
             [this, alive, done, snapshots = std::move(snapshots), guard = std::move(guard)]() mutable {
               done->table = work(done->sealing, snapshots);
               asio::post(guard.get_executor(), [this, alive, done] {
                 if (alive.lock()) finish(*done);
               });
             });
}

// What its row says of a partition's bytes is what the catalogue has: the log may not have heard of all that
// went.
error_code Sealer::put_rows(const Sealing& sealing, const std::vector<Catalogue::Run>& runs,
                            Store::Change& change) const {
  std::unordered_map<PartitionNumber, std::uint64_t> more;
  for (const Catalogue::Run& run : runs) more[run.partition] += run.row.bytes;
  for (const auto& part : sealing.parts) {
    const auto bytes = catalogue_.bytes(part.partition);
    if (!bytes) return bytes.error();
    PartitionRow row = part.row;
    row.bytes = *bytes + more[part.partition];
    change.puts[keys::partition(part.partition)] = packed(row);
    if (!part.lost) continue;
    if (const error_code error = put_lost(part.partition, *part.lost, change)) return error;
  }
  return {};
}

// What was lost behind a truncation is no loss any more.
error_code Sealer::put_lost(PartitionNumber partition, const std::vector<std::pair<Offset, Offset>>& lost,
                            Store::Change& change) const {
  std::map<std::string, std::string> rows;
  if (const error_code error = catalogue_.lost_rows(partition, rows)) return error;
  for (const auto& [from, to] : lost) change.puts[keys::quarantined(partition, from)] = keys::big_endian(to);
  for (const auto& [key, end] : rows)
    if (!change.puts.contains(key)) change.erases.push_back(key);
  return {};
}

// In the background: table, then catalogue, then what is not needed goes: a file that is shorter than its row
// says would be damage.
Result<Table> Sealer::work(const Sealing& sealing, const Snapshots& snapshots) {
  const std::uint32_t number = sealing.segment->number;
  if (stopping_) return Errc::stopped;
  Store::Change change;
  for (const auto& [partition, snapshot] : snapshots)
    change.puts[keys::snapshot(partition)] = keys::big_endian(number) + snapshot;
  if (sealing.empty()) {
    if (const error_code error = put_rows(sealing, {}, change)) return error;
    if (const error_code error = catalogue_.erase({number}, std::move(change))) return error;
    cleaner_.remove_files(number, true, true);
    return Table{};
  }
  auto table = write_table(sealed_.env(), files_.table_path(number), sealing, stopping_);
  if (!table) {
    cleaner_.remove_files(number, false, true);  // a file that failed is not used again
    return table;
  }
  if (const error_code error = put_rows(sealing, table->runs, change)) return error;
  if (const error_code error = catalogue_.sealed(number, table->row, table->runs, std::move(change)))
    return error;
  if (!table->row.has_file) {
    cleaner_.remove_files(number, true, false);
  } else if (const error_code error = sealing.segment->file->resize(sealing.end)) {
    logger().warn("{}: {}", files_.path(number).string(), error.message());
  }
  return table;
}

void Sealer::try_again() {
  busy_ = false;
  files_.stuck(true);
  again_.expires_after(std::chrono::seconds(1));
  again_.async_wait([this, alive = std::weak_ptr(alive_)](const error_code& cancelled) {
    if (!cancelled && alive.lock()) begin();
  });
}

void Sealer::finish(const Done& done) {
  if (!done.table) {
    if (done.table.error() == Errc::stopped) return;
    logger().error("segment {} could not be sealed: {}", done.segment->file->number,
                   done.table.error().message());
    return try_again();
  }
  std::vector<PartitionNumber> sealed, gone;
  for (const auto& part : done.sealing.parts) {
    if (part.skip < part.count) sealed.push_back(part.partition);
    if (part.log->gone()) {
      gone.push_back(part.partition);
      continue;
    }
    const auto changed = part.log->index().sealed(*done.segment, part.count, part.skip);
    if (changed.truncated) cleaner_.forget_from(part.log, *changed.truncated, 0);
    if (changed.trimmed) cleaner_.forget_before(part.log, *changed.trimmed, 0);
  }
  cleaner_.remove_partitions(std::move(gone));
  cleaner_.look();
  files_.stuck(false);
  closed_.pop_front();
  busy_ = false;
  files_.unfilled();
  if (tell_) tell_(sealed);
  tell_idle();
  begin();
}

}  // namespace mq::storage
