// SPDX-License-Identifier: Apache-2.0
// Moving a group, as the commands do it: shown, asked about, and carried out.
#pragma once

#include <string>

#include "cli/frame/plan.h"
#include "cli/group/group.h"
#include "core/admin/group_move.h"
#include "core/admin/group_positions.h"

namespace mq::cli {

using admin::Move;
using admin::Positions;

// Shows, asks, evicts where that was asked for, commits. The group must have no members otherwise.
struct MoveOptions {
  std::string group, action;
  bool create = false, evict = false;
};
Exit carry_out(Context& context, const Arguments& arguments, client::Cluster& cluster,
               const MoveOptions& options, const Positions& target);

// As far as the logs reach: an offset before the start or after the end is brought to it, and a notice says
// so. Throws FailureError when a topic or partition does not exist.
Positions within_logs(const Context& context, client::Cluster& cluster, Positions target);

}  // namespace mq::cli
