// SPDX-License-Identifier: Apache-2.0
#include "core/cleaning/retention.h"

#include <algorithm>

namespace mq::core {
namespace {

constexpr std::size_t segments_max = 100'000, batches_at_once = 1000;

}  // namespace

Retention Retention::of(const TopicConfig& config) {
  if (!config.deletes) return {};
  return {config.retention_ms, config.retention_bytes};
}

// What has no time and whose segment is not full yet was written just now, for all we know.
Timestamp Expiry::age_from(const storage::Range& range) const {
  if (range.time_max >= 0) return range.time_max;
  const storage::Range& around = segment_ ? *segment_ : range;
  if (around.time_max >= 0) return around.time_max;
  return around.written_ms >= 0 ? around.written_ms : now_;
}

bool Expiry::goes(const storage::Range& range) {
  if (range.last >= end_) {
    outlook_.due = time_after(now_, 1);
    return false;
  }
  const Timestamp expires = keep_.ms < 0 ? end_of_time : time_after(age_from(range), keep_.ms);
  const bool too_old = age_ == Age::counts && expires < now_;
  const std::uint64_t left = outlook_.bytes_left;
  const bool too_much = keep_.bytes >= 0 && left >= range.bytes &&
                        left - range.bytes >= static_cast<std::uint64_t>(keep_.bytes);
  if (!too_old && !too_much) {
    outlook_.due = time_after(expires, 1);
    return false;
  }
  outlook_.bytes_left -= std::min(left, range.bytes);
  outlook_.start = range.last + 1;
  outlook_.due = end_of_time;
  return true;
}

Task<Result<Outlook>> outlook_of(std::shared_ptr<Partition> partition, Retention keep, Timestamp now,
                                 Expiry::Age age) {
  const auto segments = co_await partition->ranges(partition->start(), storage::Grain::segment, segments_max);
  if (!segments) co_return segments.error();
  std::uint64_t bytes = 0;
  for (const storage::Range& segment : *segments) bytes += segment.bytes;

  Expiry expiry(keep, now, partition->high_watermark(), bytes, age);
  const auto stays = std::find_if(segments->begin(), segments->end(),
                                  [&](const storage::Range& segment) { return !expiry.goes(segment); });
  if (stays == segments->end() || stays->batches == 1) co_return expiry.outlook();

  expiry.look_into(*stays);
  for (Offset from = stays->first;;) {
    const auto batches = co_await partition->ranges(from, storage::Grain::batch, batches_at_once);
    if (!batches) co_return batches.error();
    for (const storage::Range& batch : *batches)
      if (!expiry.goes(batch)) co_return expiry.outlook();
    if (batches->size() < batches_at_once) co_return expiry.outlook();
    from = batches->back().last + 1;
  }
}

}  // namespace mq::core
