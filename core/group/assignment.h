// SPDX-License-Identifier: Apache-2.0
// Partitions of topics, as members of a group own them. Values; pure.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "core/types.h"

namespace mq::core {

using Assignment = std::map<Uuid, std::set<std::int32_t>>;  // topic id → partitions; no topic without any

std::size_t size_of(const Assignment& all);
bool holds(const Assignment& all, const Uuid& topic, std::int32_t partition);
bool is_within(const Assignment& part, const Assignment& whole);
bool have_common(const Assignment& a, const Assignment& b);

Assignment common(const Assignment& a, const Assignment& b);
Assignment without(const Assignment& a, const Assignment& b);  // a, less what is in b
void add(Assignment& to, const Assignment& from);
void add(Assignment& to, const Uuid& topic, std::int32_t partition);

// As messages and records have it: lists of {topic_id, partitions}.
template <class Listed>
std::vector<Listed> list_of(const Assignment& all) {
  std::vector<Listed> out;
  for (const auto& [topic, partitions] : all) {
    Listed& listed = out.emplace_back();
    listed.topic_id = topic;
    listed.partitions.assign(partitions.begin(), partitions.end());
  }
  return out;
}
template <class Listed>
Assignment assignment_of(const std::vector<Listed>& list) {
  Assignment out;
  for (const Listed& listed : list)
    for (const std::int32_t partition : listed.partitions) add(out, listed.topic_id, partition);
  return out;
}

}  // namespace mq::core
