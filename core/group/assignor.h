// SPDX-License-Identifier: Apache-2.0
// Who should read what: the assignors that a coordinator runs itself (KIP-848). Pure. Every partition of a
// topic that somebody reads goes to exactly one member that reads it, and members keep what they had as far
// as the assignor's idea of fairness allows.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/group/assignment.h"

namespace mq::core {

struct AssignorMember {
  std::string id;
  std::optional<std::string> instance_id;
  std::set<Uuid> topics;  // that it reads and that exist
  Assignment owned;       // what it should read so far
};

struct AssignorInput {
  std::vector<AssignorMember> members;
  std::map<Uuid, std::int32_t> partitions;  // how many each topic has
};

using Assignments = std::vector<Assignment>;  // for each member, in the order of the input

// No partition can go to somebody with at least two fewer: all differ by one at most when all read the same.
Assignments assign_uniform(const AssignorInput& input);
// Each topic is cut into ranges, one for each of its readers, by the order of their instance or member ids;
// topics with as many partitions and the same readers are cut and dealt alike, so that they can be joined.
Assignments assign_range(const AssignorInput& input);

struct Assignor {
  std::string_view name;
  Assignments (*assign)(const AssignorInput& input);
};
std::span<const Assignor> assignors();                 // the first is the default
const Assignor* find_assignor(std::string_view name);  // null: unknown

}  // namespace mq::core
