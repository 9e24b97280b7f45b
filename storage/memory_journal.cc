// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_journal.h"

#include <algorithm>
#include <boost/asio/post.hpp>
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
      loop_(loop),
      writes_(std::make_shared<MemoryWrites>(loop.get_executor(), std::move(sync))),
      options_(std::move(options)) {
  for (auto& [number, partition] : disk_.partitions) {
    partition =
        std::make_shared<MemoryPartition>(*partition);  // what an earlier journal still holds is not this
    if (options_.on_snapshot && !partition->snapshot.empty())
      options_.on_snapshot(number, partition->snapshot);
  }
  for (const auto& [number, partition] : disk_.partitions)
    for (const auto& [batch, truncated_to, trimmed_to] : partition->notes) {
      if (truncated_to && options_.on_truncate) options_.on_truncate(number, *truncated_to);
      if (trimmed_to && options_.on_trim) options_.on_trim(number, *trimmed_to);
      if (!truncated_to && !trimmed_to && options_.on_start)
        options_.on_start(number, batch.bytes().first(std::min(batch.size, batch_start_bytes)));
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
  failed_ = static_cast<bool>(failure);
  tell_refusing();
}

void MemoryJournal::has_room_for(std::uint64_t bytes) {
  writes_->has_room_for(bytes);
  full_ = bytes == 0;
  tell_refusing();
}

void MemoryJournal::tell_refusing() {
  if (options_.on_refusing) options_.on_refusing(full_, failed_);
}

// Batches that come while the snapshots are taken may be told of twice, by one and behind it.
Task<error_code> MemoryJournal::roll() {
  struct Sealed {
    std::shared_ptr<MemoryPartition> partition;
    Offset end = 0;
    std::uint64_t notes = 0;  // that the snapshot makes good
  };
  std::vector<PartitionNumber> numbers;
  const auto sealed = std::make_shared<std::map<PartitionNumber, Sealed>>();
  for (const auto& [number, partition] : disk_.partitions)
    if (partition->sealed_end < partition->end) {
      numbers.push_back(number);
      (*sealed)[number] = {partition, partition->end, partition->notes_gone + partition->notes.size()};
    }
  MemoryWrites::Write seal;
  JournalOptions::Snapshots snapshots;
  if (options_.snapshots) snapshots = co_await taken(numbers);
  seal.apply = [this, numbers, sealed, snapshots = std::move(snapshots)] {
    for (const auto& [number, one] : *sealed)
      one.partition->sealed_end = std::min(one.end, one.partition->end);
    for (const auto& [number, snapshot] : snapshots) {
      auto& [partition, end, notes] = sealed->at(number);
      if (notes < partition->notes_gone) continue;  // there is a newer one
      partition->snapshot = snapshot;
      const auto gone = static_cast<std::ptrdiff_t>(notes - std::exchange(partition->notes_gone, notes));
      partition->notes.erase(partition->notes.begin(), partition->notes.begin() + gone);
    }
    if (options_.on_sealed) options_.on_sealed(numbers);
  };
  co_return co_await writes_->written(std::move(seal));
}

Task<JournalOptions::Snapshots> MemoryJournal::taken(std::vector<PartitionNumber> numbers) {
  using Snapshots = JournalOptions::Snapshots;
  using Use = asio::use_awaitable_t<Executor>;
  auto start = [this, numbers = std::move(numbers)](auto handler) mutable {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    options_.snapshots(std::move(numbers), [loop = loop_.get_executor(), shared](Snapshots all) {
      asio::post(loop,
                 [shared, all = std::make_shared<Snapshots>(std::move(all))] { std::move (*shared)(all); });
    });
  };
  const auto all =
      co_await asio::async_initiate<const Use, void(std::shared_ptr<Snapshots>)>(std::move(start), Use());
  co_return std::move(*all);
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
