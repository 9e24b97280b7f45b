// SPDX-License-Identifier: Apache-2.0
#include "storage/sealed_check.h"

#include "storage/error.h"
#include "storage/logger.h"
#include "storage/restore.h"

namespace mq::storage {

error_code SealedCheck::run() {
  for (const auto& [number, row] : catalogue_.manifest()) {
    if (row.state != SegmentRow::sealed || has_its_size(number, row)) continue;
    if (const error_code error = look_closer(number, row)) return error;
  }
  return {};
}

bool SealedCheck::has_its_size(std::uint32_t number, const SegmentRow& row) const {
  const auto table = files_.files.size(files_.table_path(number));
  const auto file = row.has_file ? files_.files.size(files_.path(number)) : Result<std::uint64_t>(0);
  return table && file && *table + *file == row.disk_bytes;
}

// What a .log did not use is given back, if a crash came before it was.
error_code SealedCheck::look_closer(std::uint32_t number, const SegmentRow& row) {
  auto segment = sealed_.find(number);
  if (!segment) return {};  // what that means has been said, as is what else cannot be read
  auto text = (*segment)->summary();
  if (!text && sealed_.restore(number, segment->get())) {
    segment = sealed_.find(number);
    text = segment ? (*segment)->summary() : Result<std::string>(segment.error());
  }
  const auto summary = text ? Summary::decode(*text) : std::nullopt;
  const auto table_bytes = files_.files.size(files_.table_path(number));
  if (!summary || !table_bytes) return {};
  const std::uint64_t end = row.has_file ? summary->end : 0;
  const auto& log = (*segment)->file();
  if (row.has_file && (!log || log->size < end)) {
    say_lost(number, **segment);
    return {};
  }
  if (log && log->size > end) {
    const auto file = files_.files.open(files_.path(number), FileSystem::Mode::write);
    if (const error_code error = file ? (*file)->resize(end) : file.error()) return error;
  }
  const std::uint64_t disk_bytes = *table_bytes + end;
  return disk_bytes == row.disk_bytes ? error_code{} : catalogue_.measured(number, disk_bytes);
}

// Batches of which only the place is left.
void SealedCheck::say_lost(std::uint32_t number, const Sealed& segment) const {
  const std::string path = files_.path(number).string();
  const std::uint64_t size = segment.file() ? segment.file()->size : 0;
  if (segment.file()) logger().error("{} is shorter than it was: {} bytes", path, size);
  std::vector<Catalogue::Run> lost;
  const error_code error =
      segment.visit_all([&](PartitionNumber partition, Offset last, std::string_view value) {
        const auto entry = partition > 0 ? Sealed::entry_of(last, value) : std::nullopt;
        const bool here = !entry || !entry->batch.empty() || entry->position + entry->size <= size;
        if (here || !lives(number, partition, last)) return true;
        const bool joins =
            !lost.empty() && lost.back().partition == partition && lost.back().last + 1 == entry->first;
        if (!joins) lost.push_back({partition, last, {.first = entry->first}});
        lost.back().last = last;
        return true;
      });
  if (!error) log_lost(number, lost);
}

bool SealedCheck::lives(std::uint32_t number, PartitionNumber partition, Offset last) const {
  const auto runs = catalogue_.find(partition, last, 1);
  return runs && !runs->empty() && runs->front().row.segment == number;
}

}  // namespace mq::storage
