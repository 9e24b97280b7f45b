// SPDX-License-Identifier: Apache-2.0
#include "core/group/assignment.h"

#include <algorithm>

namespace mq::core {

namespace {

// Those of `a` for which being in `b` is `wanted`.
Assignment filtered(const Assignment& a, const Assignment& b, bool wanted) {
  Assignment out;
  for (const auto& [topic, partitions] : a)
    for (const std::int32_t partition : partitions)
      if (holds(b, topic, partition) == wanted) add(out, topic, partition);
  return out;
}

}  // namespace

std::size_t size_of(const Assignment& all) {
  std::size_t size = 0;
  for (const auto& [topic, partitions] : all) size += partitions.size();
  return size;
}

bool holds(const Assignment& all, const Uuid& topic, std::int32_t partition) {
  const auto found = all.find(topic);
  return found != all.end() && found->second.contains(partition);
}

bool is_within(const Assignment& part, const Assignment& whole) {
  return std::ranges::all_of(part, [&](const auto& entry) {
    return std::ranges::all_of(entry.second, [&](auto p) { return holds(whole, entry.first, p); });
  });
}

bool have_common(const Assignment& a, const Assignment& b) {
  return std::ranges::any_of(a, [&](const auto& entry) {
    return std::ranges::any_of(entry.second, [&](auto p) { return holds(b, entry.first, p); });
  });
}

Assignment common(const Assignment& a, const Assignment& b) {
  return filtered(a, b, true);
}

Assignment without(const Assignment& a, const Assignment& b) {
  return filtered(a, b, false);
}

void add(Assignment& to, const Assignment& from) {
  for (const auto& [topic, partitions] : from)
    if (!partitions.empty()) to[topic].insert(partitions.begin(), partitions.end());
}

void add(Assignment& to, const Uuid& topic, std::int32_t partition) {
  to[topic].insert(partition);
}

}  // namespace mq::core
