// SPDX-License-Identifier: Apache-2.0
// What the commands share that move partitions between brokers: plans shown and sent, limits, waiting.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cluster/cluster.h"
#include "cli/frame/plan.h"
#include "core/admin/balance.h"
#include "core/admin/cluster_layout.h"

namespace mq::cli {

constexpr std::string_view usual_rate = "50MiB/s";

// Bytes a second: "50MiB/s", "50M"; nothing: inf. Throws UsageError.
std::optional<std::int64_t> parse_rate(std::string_view about, std::string_view text);
std::string rate_text(std::int64_t bytes_per_second);  // "50 MiB/s"
Flag bandwidth_flag();
Flag disk_flag();
int disk_percent_max(const Arguments& arguments);

admin::ClusterLayout layout_of(client::Cluster& cluster);
void check_known(core::BrokerId broker, const admin::ClusterLayout& layout);  // throws FailureError

// How much of what it needs is there, on all brokers it moves to.
struct MoveProgress {
  std::int64_t done = 0, total = 0;  // bytes
};
MoveProgress progress_of(const admin::ClusterLayout::Partition& partition);
// What keeps it from being there, the worst first: "is copied", "waits for broker 4, which is down".
std::string move_state(const admin::ClusterLayout& layout, const admin::ClusterLayout::Partition& partition);

// "12 moves, 41 GiB, about 14 m at 50 MiB/s from each leader"
std::string summary_of(const admin::ClusterLayout& layout, const admin::BalancePlan& plan,
                       std::optional<std::int64_t> rate);
// For people one row for each broker, for programs (and -o wide) one for each partition.
Plan plan_to_show(const Context& context, const admin::ClusterLayout& layout, const admin::BalancePlan& plan,
                  std::string summary);
extern const Table plan_moves_table;  // of what became of them

// Limits them to `rate` if they copy anything, begins the moves, and moves leaderships where nothing has to
// be copied. One outcome for each, in their order.
std::vector<Outcome> send_moves(client::Cluster& cluster, const admin::ClusterLayout& layout,
                                const admin::BalancePlan& plan, std::optional<std::int64_t> rate);
// Until those that were accepted have moved, and their preferred replicas lead; who is not there in time is a
// failure.
void wait_for_moves(Context& context, client::Cluster& cluster, const Arguments& arguments,
                    const admin::BalancePlan& plan, std::vector<Outcome>& outcomes);
// All rows for programs; for people what failed, and a sentence.
Exit conclude_moves(Context& context, const Arguments& arguments, std::vector<Outcome> outcomes, bool waited);

// Throws FailureError where a broker refuses.
void set_configs(client::Cluster& cluster, kafka::IncrementalAlterConfigsRequest request);

}  // namespace mq::cli
