// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster/moving.h"

#include <algorithm>
#include <map>

#include "core/admin/partition_names.h"
#include "core/admin/replica_changes.h"
#include "core/config/scalars.h"

namespace mq::cli {

using admin::BalanceMove;
using admin::BalancePlan;
using admin::ClusterLayout;

const Table plan_moves_table{.columns = {{"topic", "TOPIC"},
                                         {"partition", "PARTITION"},
                                         {"replicas", "REPLICAS"},
                                         {"new_replicas", "NEW"},
                                         {"size_bytes", "SIZE", Unit::bytes},
                                         {"status", "STATUS"}},
                             .name = "topic"};

namespace {

const Table spread_table{.columns = {{"broker", "BROKER"},
                                     {"leaders_text", "LEADERS"},
                                     {"replicas_text", "REPLICAS"},
                                     {"size_text", "SIZE"},
                                     {"disk_text", "DISK"}},
                         .name = "broker"};

constexpr std::size_t sent_at_once = 20;  // each is a change of the store, and all have to be made in time

std::string change_text(const std::string& before, const std::string& after) {
  return before == after ? before : before + " → " + after;
}

std::string percent(std::int64_t part, std::int64_t whole) {
  return std::to_string(part * 100 / whole) + " %";
}

json::object spread_row(core::BrokerId id, const ClusterLayout::Broker& broker,
                        const admin::BrokerLoad& before, const admin::BrokerLoad& after) {
  const std::int64_t disk = broker.disk_bytes.value_or(0);
  const auto number = [](std::size_t n) { return std::to_string(n); };
  return {
      {"broker", std::to_string(id) + (before.replicas == 0 ? " new"
                                       : broker.runs        ? ""
                                                            : " down")},
      {"leaders_text", change_text(number(before.leaders), number(after.leaders))},
      {"replicas_text", change_text(number(before.replicas), number(after.replicas))},
      {"size_text", change_text(human_bytes(before.bytes, false), human_bytes(after.bytes, false))},
      {"disk_text", disk > 0 ? change_text(percent(before.used_bytes, disk), percent(after.used_bytes, disk))
                             : std::string("–")}};
}

json::object move_row(const BalanceMove& move) {
  return {{"topic", move.partition.topic},
          {"partition", move.partition.partition},
          {"action", move.added() > 0 ? "move" : "lead"},
          {"replicas", json::array(move.before.begin(), move.before.end())},
          {"new_replicas", json::array(move.after.begin(), move.after.end())},
          {"size_bytes", move.bytes * static_cast<std::int64_t>(move.added())}};
}

admin::Reassignment reassignment_of(const BalanceMove& move) {
  return {move.partition, move.after};
}

template <class T>
std::vector<std::vector<T>> in_parts(const std::vector<T>& all) {
  std::vector<std::vector<T>> parts;
  for (std::size_t from = 0; from < all.size(); from += sent_at_once)
    parts.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(from),
                       all.begin() + static_cast<std::ptrdiff_t>(std::min(from + sent_at_once, all.size())));
  return parts;
}

// Where they cannot lead yet the controller lets them when they can.
void prefer_leaders(client::Cluster& cluster, const std::vector<core::TopicPartition>& partitions) {
  for (const auto& part : in_parts(partitions))
    if (!cluster.run(admin::elect_leaders, part, false)) return;
}

}  // namespace

std::optional<std::int64_t> parse_rate(std::string_view about, std::string_view text) {
  if (text == "inf") return std::nullopt;
  std::string_view size = text;
  if (size.ends_with("/s")) size.remove_suffix(2);
  const auto bytes = core::parse_size(size);
  if (!bytes || *bytes > INT64_MAX)
    throw UsageError(std::string(about) + ": " + in_quotes(text) + " is no rate", "50MiB/s, or inf");
  return static_cast<std::int64_t>(*bytes);
}

std::string rate_text(std::int64_t bytes_per_second) {
  return human_bytes(bytes_per_second, false) + "/s";
}

Flag bandwidth_flag() {
  return {.name = "bandwidth",
          .kind = Kind::text,
          .value = "RATE",
          .initial = usual_rate,
          .help = "what each leader may send to replicas that are added; inf: no limit"};
}

Flag disk_flag() {
  return {.name = "max-disk",
          .kind = Kind::number,
          .value = "PERCENT",
          .initial = "80",
          .help = "no disk gets fuller than that"};
}

int disk_percent_max(const Arguments& arguments) {
  const std::int64_t percent_max = arguments.number("max-disk");
  if (percent_max < 1 || percent_max > 100) throw UsageError("--max-disk: 1 to 100 percent");
  return static_cast<int>(percent_max);
}

ClusterLayout layout_of(client::Cluster& cluster) {
  return must(cluster.run(admin::layout_of), "broker");
}

void check_known(core::BrokerId broker, const ClusterLayout& layout) {
  if (layout.brokers.contains(broker)) return;
  throw FailureError({.exit = Exit::not_found,
                      .message = "broker " + std::to_string(broker) + " does not exist",
                      .target = std::to_string(broker),
                      .hint = "which there are: mq broker list"});
}

std::string summary_of(const ClusterLayout& layout, const BalancePlan& plan,
                       std::optional<std::int64_t> rate) {
  std::int64_t moves = 0, leaders = 0;
  for (const BalanceMove& move : plan.moves) (move.added() > 0 ? moves : leaders)++;
  std::string text;
  if (moves > 0) {
    text = counted(moves, "move") + ", " + human_bytes(plan.bytes(), false);
    const std::int64_t seconds = rate ? admin::seconds_to_copy(layout, plan, *rate) : 0;
    if (seconds > 0) text += ", about " + human_ms(seconds * 1000);
    text += rate ? " at " + rate_text(*rate) + " from each leader" : ", not limited";
  }
  if (leaders > 0) text += (moves > 0 ? "; " : "") + counted(leaders, "other preferred leader");
  return text;
}

Plan plan_to_show(const Context& context, const ClusterLayout& layout, const BalancePlan& plan,
                  std::string summary) {
  Plan shown{.risk = Risk::guarded, .table = plan_moves_table, .rows = {}, .summary = std::move(summary)};
  if (context.output == "table") {
    shown.table = spread_table;
    for (const auto& [id, broker] : layout.brokers)
      shown.rows.push_back(spread_row(id, broker, plan.before.at(id), plan.after.at(id)));
    return shown;
  }
  shown.table.columns.pop_back();
  for (const BalanceMove& move : plan.moves) shown.rows.push_back(move_row(move));
  return shown;
}

void set_configs(client::Cluster& cluster, kafka::IncrementalAlterConfigsRequest request) {
  const auto answer = must(cluster.alter_configs(std::move(request)), "broker");
  for (const auto& result : answer.responses)
    if (result.error_code != 0)
      throw FailureError(failure_from(
          client::refused(result.error_code, {}, result.resource_name, result.error_message.value_or("")),
          "broker"));
}

std::vector<Outcome> send_moves(client::Cluster& cluster, const ClusterLayout& layout,
                                const BalancePlan& plan, std::optional<std::int64_t> rate) {
  const bool copies =
      std::ranges::any_of(plan.moves, [](const BalanceMove& move) { return move.added() > 0; });
  if (copies && rate != layout.rate) set_configs(cluster, admin::to_set_rate(rate));
  std::vector<Outcome> outcomes;
  std::vector<core::TopicPartition> to_lead;
  for (const auto& part : in_parts(plan.moves)) {
    std::vector<admin::Reassignment> wanted;
    for (const BalanceMove& move : part) wanted.push_back(reassignment_of(move));
    const auto done = must(cluster.run(admin::reassign, wanted), "partition");
    for (std::size_t i = 0; i < part.size(); i++) {
      const bool leads = part[i].added() == 0;
      if (!done[i].status) {
        outcomes.push_back(partition_failed(part[i].partition, leads ? "lead" : "move",
                                            failure_from(done[i].status.error(), "partition")));
        continue;
      }
      outcomes.push_back({move_row(part[i]), std::nullopt});
      outcomes.back().row["status"] = leads ? "ok" : "moving";
      if (leads) to_lead.push_back(part[i].partition);
    }
  }
  prefer_leaders(cluster, to_lead);
  return outcomes;
}

void wait_for_moves(Context& context, client::Cluster& cluster, const Arguments& arguments,
                    const BalancePlan& plan, std::vector<Outcome>& outcomes) {
  std::vector<admin::Reassignment> accepted;
  std::map<core::TopicPartition, std::size_t> place;
  for (std::size_t i = 0; i < outcomes.size(); i++) {
    if (outcomes[i].failure || plan.moves[i].added() == 0) continue;
    place[plan.moves[i].partition] = i;
    accepted.push_back(reassignment_of(plan.moves[i]));
    outcomes[i].row["status"] = "ok";
  }
  if (accepted.empty()) return;
  context.detail(1, "waiting for " + counted(static_cast<std::int64_t>(accepted.size()), "partition"));
  const auto open =
      must(cluster.run(admin::wait_until_moved(cluster.client(), accepted, wait_deadline(arguments))),
           "partition");
  for (const core::TopicPartition& partition : open) {
    const std::string name = admin::name_of(partition);
    outcomes[place.at(partition)] = partition_failed(partition, "move",
                                                     {.exit = Exit::timeout,
                                                      .message = name + " still moves",
                                                      .target = name,
                                                      .hint = "it goes on; how far it is: mq cluster moves",
                                                      .retriable = true});
    place.erase(partition);
  }
  std::vector<core::TopicPartition> moved;
  for (const auto& [partition, i] : place) moved.push_back(partition);
  prefer_leaders(cluster, moved);
}

Exit conclude_moves(Context& context, const Arguments& arguments, std::vector<Outcome> outcomes,
                    bool waited) {
  if (context.output != "table") return conclude(context, arguments, plan_moves_table, std::move(outcomes));
  const Exit exit = exit_of(outcomes);
  const auto all = outcomes.size();
  std::int64_t moving = 0;
  for (const Outcome& one : outcomes)
    if (!one.failure && one.row.at("status") == "moving") moving++;
  std::erase_if(outcomes, [](const Outcome& one) { return !one.failure; });
  const auto done = static_cast<std::int64_t>(all - outcomes.size());
  conclude(context, arguments, plan_moves_table, std::move(outcomes));
  if (moving > 0 && !waited)
    context.notice(counted(moving, "partition") + (moving == 1 ? " moves" : " move") +
                   " now; how far they are: mq cluster moves");
  else if (done > 0)
    context.notice(counted(done, "partition") + (done == 1 ? " is" : " are") + " where it should be");
  return exit;
}

MoveProgress progress_of(const admin::ClusterLayout::Partition& partition) {
  MoveProgress progress;
  for (const core::BrokerId adding : partition.adding) {
    progress.done += partition.bytes_on(adding);
    progress.total += partition.size();
  }
  return progress;
}

std::string move_state(const admin::ClusterLayout& layout, const admin::ClusterLayout::Partition& partition) {
  if (partition.leader < 0) return "waits for a leader";
  std::string missing;
  for (const core::BrokerId adding : partition.adding)
    if (!layout.brokers.at(adding).runs) missing += (missing.empty() ? "" : ", ") + std::to_string(adding);
  if (!missing.empty()) return "waits for broker " + missing + ", which is down";
  const bool in_sync = std::ranges::all_of(
      partition.target(), [&](core::BrokerId b) { return std::ranges::count(partition.in_sync, b) > 0; });
  if (in_sync) return "is about to end";
  if (layout.rate && *layout.rate == 0) return "paused";
  const MoveProgress progress = progress_of(partition);
  return progress.done < progress.total ? "is copied" : "catches up";
}

}  // namespace mq::cli
