// SPDX-License-Identifier: Apache-2.0
#include "storage/read_ahead.h"

#include <limits>

namespace mq::storage {

void ReadAhead::put(PartitionNumber partition, Offset next, Row row) {
  if (row.rest().empty()) return;
  const Key key{partition, next};
  const auto [at, fresh] = rows_.try_emplace(key);
  if (!fresh) ages_.erase(at->second.age);
  at->second = {std::move(row), ages_.insert(ages_.end(), key)};
  if (rows_.size() <= readers_max) return;
  rows_.erase(ages_.front());
  ages_.pop_front();
}

std::optional<ReadAhead::Row> ReadAhead::take(PartitionNumber partition, Offset from) {
  const auto found = rows_.find({partition, from});
  if (found == rows_.end()) return std::nullopt;
  ages_.erase(found->second.age);
  return std::move(rows_.extract(found).mapped().row);
}

void ReadAhead::forget(PartitionNumber partition) {
  const auto end = rows_.upper_bound({partition, std::numeric_limits<Offset>::max()});
  for (auto at = rows_.lower_bound({partition, std::numeric_limits<Offset>::min()}); at != end;) {
    ages_.erase(at->second.age);
    at = rows_.erase(at);
  }
}

}  // namespace mq::storage
