// SPDX-License-Identifier: Apache-2.0
// Moving a group: from where it is to where it shall go on, in each partition, as a plan that can be shown
// before it is carried out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/frame/plan.h"
#include "cli/group/group.h"

namespace mq::cli {

using Positions = std::map<core::TopicPartition, client::Offset>;

struct Move {
  core::TopicPartition partition;
  std::optional<client::Offset> current;
  client::Offset target = 0;
};

// `current` with what changes, in order; those that are there already are left out.
std::vector<Move> moves(const Positions& current, const Positions& target);

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

// What `mq group export` has printed, or a list of topic, partition and offset as JSON or CSV; `group`: the
// one that is named in it. Throws UsageError.
Positions parse_positions(std::string_view text, std::string& group);
std::string read_all(const std::string& file, int standard_input);  // "-": that; throws UsageError

}  // namespace mq::cli
