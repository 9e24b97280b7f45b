// SPDX-License-Identifier: Apache-2.0
// From where to where a topic is read, in flags: --from, --to, --since, --until, --last, --start-at, -e.
#pragma once

#include <vector>

#include "cli/topic/topic.h"
#include "core/admin/read_plan.h"

namespace mq::cli {

admin::ReadRange range_from_flags(const Context& context, const Arguments& arguments);

// The partitions that are read; all that are named must be there, and those with a start of their own be
// read. Throws FailureError, UsageError.
std::vector<core::TopicPartition> chosen_partitions(const std::vector<admin::TopicState>& topics,
                                                    const admin::ReadRange& range);
// Throws them, too. `committed`: the end is where the first open transaction begins.
admin::ReadPlan plan(client::Cluster& cluster, const std::vector<admin::TopicState>& topics,
                     const admin::ReadRange& range, bool committed);

}  // namespace mq::cli
