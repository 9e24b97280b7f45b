// SPDX-License-Identifier: Apache-2.0
#include "storage/victims.h"

#include <algorithm>

namespace mq::storage {
namespace {

constexpr std::size_t segments_max = 64;  // open at once

using Candidate = std::pair<std::uint32_t, SegmentRow>;

double living_share(const Candidate& candidate) {
  return static_cast<double>(candidate.second.living) / static_cast<double>(candidate.second.disk_bytes);
}

}  // namespace

std::vector<std::uint32_t> victims(const Catalogue::Manifest& manifest, const CleaningLimits& limits) {
  std::uint64_t disk = 0, living = 0;
  std::vector<Candidate> candidates;
  for (const auto& [number, row] : manifest) {
    if (row.state != SegmentRow::sealed) continue;
    disk += row.disk_bytes;
    living += row.living;
    if (row.rows > 0 && row.living * 2 < row.disk_bytes) candidates.emplace_back(number, row);
  }
  if (disk <= 2 * living + limits.slack_bytes) return {};

  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return living_share(a) < living_share(b); });
  std::vector<std::uint32_t> chosen;
  std::uint64_t copied = 0;
  for (const auto& [number, row] : candidates) {
    const bool full = chosen.size() == segments_max || copied + row.living > limits.copy_bytes_max;
    if (disk <= 2 * living || (full && !chosen.empty())) break;
    chosen.push_back(number);
    copied += row.living;
    disk -= row.disk_bytes - row.living;
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace mq::storage
