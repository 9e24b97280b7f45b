// SPDX-License-Identifier: Apache-2.0
// Where a group is, as a text: what export writes, what import and seek read. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/admin/group_move.h"

namespace mq::admin {

// What `mq group export` has printed, or a list of topic, partition and offset as JSON or CSV; `group`: the
// one that is named in it. Throws UsageError.
Positions parse_positions(std::string_view text, std::string& group);

}  // namespace mq::admin
