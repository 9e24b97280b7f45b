// SPDX-License-Identifier: Apache-2.0
// Partitions of topics, as members of a group own them. Values; pure.
#pragma once

#include <map>
#include <set>

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

}  // namespace mq::core
