// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_journal.h"

#include <algorithm>
#include <cstring>

#include "storage/error.h"

namespace mq::storage {

error_code MemoryStore::commit(const Change& change) {
  if (failure_) return failure_;
  for (const std::string& key : change.erases) disk_.rows.erase(key);
  for (const auto& [key, value] : change.puts) disk_.rows[key] = value;
  disk_.changes++;
  return {};
}

Result<std::optional<std::string>> MemoryStore::get(std::string_view key) {
  const auto found = disk_.rows.find(std::string(key));
  if (found == disk_.rows.end()) return std::optional<std::string>();
  return std::optional(found->second);
}

Result<std::vector<std::pair<std::string, std::string>>> MemoryStore::scan(std::string_view prefix,
                                                                           std::string_view from,
                                                                           std::size_t limit) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (auto row = disk_.rows.lower_bound(std::string(std::max(prefix, from))); row != disk_.rows.end();
       ++row) {
    if (rows.size() == limit || !row->first.starts_with(prefix)) break;
    rows.push_back(*row);
  }
  return rows;
}

MemoryJournal::MemoryJournal(MemoryDisk& disk, asio::io_context& loop, JournalOptions options,
                             MemoryWrites::Sync sync)
    : disk_(disk),
      meta_(disk),
      writes_(std::make_shared<MemoryWrites>(loop.get_executor(), std::move(sync))),
      on_sealed_(std::move(options.on_sealed)),
      on_refusing_(std::move(options.on_refusing)) {
  for (auto& [number, partition] : disk_.partitions) {
    partition =
        std::make_shared<MemoryPartition>(*partition);  // what an earlier journal still holds is not this
    for (const Batch& batch : partition->batches)
      if (options.on_start)
        options.on_start(number, batch.bytes().first(std::min(batch.size, batch_start_bytes)));
  }
}

void MemoryJournal::crash() {
  writes_->stop();
  meta_.fail_with(Errc::stopped);
}

std::shared_ptr<MemoryPartition> MemoryJournal::find(PartitionNumber partition) const {
  const auto found = disk_.partitions.find(partition);
  return found == disk_.partitions.end() ? nullptr : found->second;
}

std::shared_ptr<Log> MemoryJournal::log(PartitionNumber partition) {
  std::weak_ptr<Log>& known = logs_[partition];
  if (auto log = known.lock()) return log;
  auto& data = disk_.partitions[partition];
  if (!data) data = std::make_shared<MemoryPartition>();
  const auto log = std::make_shared<MemoryLog>(writes_, data);
  known = log;
  return log;
}

Task<error_code> MemoryJournal::remove(std::vector<PartitionNumber> partitions) {
  MemoryWrites::Write write;
  write.apply = [this, partitions = std::move(partitions)] {
    for (const PartitionNumber partition : partitions)
      disk_.partitions.erase(partition), logs_.erase(partition);
  };
  co_return co_await writes_->written(std::move(write));
}

Task<void> MemoryJournal::stop() {
  MemoryWrites::Write last;
  last.apply = [] {};
  co_await writes_->written(std::move(last));
  writes_->stop();
}

JournalStats MemoryJournal::stats() const {
  JournalStats stats;
  for (const auto& [number, partition] : disk_.partitions) stats.disk_bytes += partition->bytes;
  stats.failed = meta_.failed();
  return stats;
}

void MemoryJournal::fail_with(error_code failure) {
  writes_->fail_with(failure);
  meta_.fail_with(failure);
  if (on_refusing_) on_refusing_(false, static_cast<bool>(failure));
}

Task<error_code> MemoryJournal::roll() {
  MemoryWrites::Write note;
  note.apply = [this] {
    std::vector<PartitionNumber> sealed;
    for (const auto& [number, partition] : disk_.partitions)
      if (std::exchange(partition->sealed_end, partition->end) < partition->end) sealed.push_back(number);
    if (on_sealed_) on_sealed_(sealed);
  };
  co_return co_await writes_->written(std::move(note));
}

Task<error_code> MemoryJournal::visit(PartitionNumber partition, Offset from, Offset to, Visit visit) {
  const auto data = find(partition);
  if (!data) co_return Errc::not_found;
  for (const Batch& batch : data->batches)
    if (batch.last >= from && batch.last < to && !visit(batch.bytes())) break;
  co_return error_code();
}

Task<Result<Offset>> MemoryJournal::rewrite(PartitionNumber partition, Offset from, Offset to,
                                            Change change) {
  const auto data = find(partition);
  if (!data) co_return Errc::not_found;
  std::deque<Batch> kept;
  for (const Batch& batch : data->batches) {
    if (batch.first < from || batch.first >= to) {
      kept.push_back(batch);
      continue;
    }
    const Bytes bytes = change(batch.bytes());
    if (bytes.empty()) continue;
    const std::shared_ptr<std::byte> memory(new std::byte[bytes.size()], std::default_delete<std::byte[]>());
    std::memcpy(memory.get(), bytes.data(), bytes.size());
    kept.push_back({memory, bytes.size(), batch.first, batch.last, batch.time_max});
  }
  data->batches = std::move(kept);
  data->bytes = 0;
  for (const Batch& batch : data->batches) data->bytes += batch.size;
  co_return to;
}

}  // namespace mq::storage
