// SPDX-License-Identifier: Apache-2.0
// What the group commands share: flags, notices, and how people are told where a group is.
#pragma once

#include <string>
#include <vector>

#include "cli/topic/topic.h"
#include "core/admin/group.h"

namespace mq::cli {

// A commit beyond the end: records were lost, or the topic is not the one that was read.
void say_what_is_beyond(const Context& context, const std::vector<admin::GroupProgress>& groups);
Flag trend_flag();
void add_what_is_asked(client::Cluster& cluster, std::vector<admin::GroupProgress>& groups,
                       const Arguments& arguments);

std::string human_trend(double lag_per_s);              // "↘ -310/s"
std::string drains_in(const admin::GroupProgress& of);  // "drains in about 40 s", "never at this rate"

// The members that keep a group from being changed, one a line; and the failure that says so.
Failure has_members(const client::DescribedGroup& group, std::string_view what);

}  // namespace mq::cli
