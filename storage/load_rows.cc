// SPDX-License-Identifier: Apache-2.0
#include "storage/load_rows.h"

#include "storage/error.h"

namespace mq::storage {
namespace {

error_code load_partitions(JournalParts& parts, Replay& replay) {
  Store& meta = parts.meta;
  const error_code error = for_each_row(meta, keys::partitions, [&](auto key, auto value) -> error_code {
    const auto row = unpacked<PartitionRow>(value);
    if (!row) return Errc::corrupt;
    const PartitionNumber partition = keys::number(key);
    parts.meta.seen(partition);
    parts.logs.log(partition)->index().restore(*row);
    return {};
  });
  if (error) return error;
  return for_each_row(meta, keys::quarantine, [&](auto key, auto value) -> error_code {
    if (key.size() != 12 || value.size() != 8) return Errc::corrupt;
    replay.known_lost(keys::number(key), keys::offset(key.substr(4)), keys::offset(value));
    return {};
  });
}

error_code load_snapshots(JournalParts& parts, Replay& replay) {
  return for_each_row(parts.meta, keys::snapshots, [&](auto key, auto value) -> error_code {
    if (value.size() < 4) return Errc::corrupt;
    const PartitionNumber partition = keys::number(key);
    replay.covered(partition, keys::number(value));
    if (parts.options.on_snapshot) parts.options.on_snapshot(partition, value.substr(4));
    return {};
  });
}

// One pass over the catalogue: to look for each partition by itself is to step over the rows of all that
// went, each time.
template <class Visit>
error_code for_each_with_runs(JournalParts& parts, Visit visit) {
  std::optional<PartitionNumber> last;
  return for_each_row(parts.meta, keys::catalogue, [&](auto key, auto) -> error_code {
    const PartitionNumber partition = keys::number(key);
    if (std::exchange(last, partition) != partition) visit(partition);
    return {};
  });
}

// A row goes when nothing is left that it keeps from coming back.
Result<std::vector<PartitionNumber>> load_removed(JournalParts& parts, Replay& replay) {
  std::uint32_t oldest = UINT32_MAX;  // segment that is not sealed
  for (const auto& [number, row] : parts.catalogue.manifest())
    if (row.state == SegmentRow::open) oldest = std::min(oldest, number);
  std::map<PartitionNumber, std::uint32_t> removed;  // and the newest segment that may have records of it
  error_code error = for_each_row(parts.meta, keys::removed, [&](auto key, auto value) -> error_code {
    const PartitionNumber partition = keys::number(key);
    parts.meta.seen(partition);
    replay.removed(partition, keys::number(value));
    parts.logs.erase(partition);  // a seal that came after may have given it a row again
    removed[partition] = keys::number(value);
    return {};
  });
  if (error) return error;
  std::vector<PartitionNumber> to_remove;
  if (removed.empty()) return to_remove;
  error = for_each_with_runs(parts, [&](PartitionNumber partition) {
    if (removed.erase(partition) > 0) to_remove.push_back(partition);
  });
  if (error) return error;
  Store::Change change;
  for (const auto& [partition, segment] : removed)
    if (segment < oldest)
      change.erases.insert(change.erases.end(), {keys::gone(partition), keys::partition(partition)});
  if (!change.erases.empty()) error = parts.meta.commit(change);
  if (error) return error;
  return to_remove;
}

}  // namespace

Result<std::vector<PartitionNumber>> load_rows(JournalParts& parts, Replay& replay) {
  if (const error_code error = load_partitions(parts, replay)) return error;
  auto removed = load_removed(parts, replay);
  if (!removed) return removed;
  if (const error_code error = load_snapshots(parts, replay)) return error;
  return removed;
}

}  // namespace mq::storage
