// SPDX-License-Identifier: Apache-2.0
// What moves: how far it is, and stopped, slowed down, gone on with.
#include <algorithm>
#include <map>

#include "cli/cluster/moving.h"
#include "core/client/retry.h"

namespace mq::cli {

namespace {

const Table under_way_table{.columns = {{"topic", "TOPIC"},
                                        {"partition", "PARTITION"},
                                        {"adding", "ADDING"},
                                        {"removing", "REMOVING"},
                                        {"done_bytes", "DONE", Unit::bytes},
                                        {"total_bytes", "OF", Unit::bytes},
                                        {"percent", "%"},
                                        {"rate_bytes", "PER SECOND", Unit::bytes},
                                        {"eta_ms", "LEFT", Unit::milliseconds},
                                        {"state", "STATUS"}},
                            .name = "topic"};
const Table limit_table{
    .columns = {{"action", "ACTION"}, {"limit_bytes", "LIMIT", Unit::bytes}, {"status", "STATUS"}},
    .name = "action"};

using ByPartition = std::map<core::TopicPartition, MoveProgress>;

ByPartition progress_of_all(const admin::ClusterLayout& layout) {
  ByPartition all;
  for (const auto& partition : layout.partitions)
    if (partition.moves()) all[partition.partition] = progress_of(partition);
  return all;
}

json::array numbers_of(const std::vector<core::BrokerId>& brokers) {
  return json::array(brokers.begin(), brokers.end());
}

json::object move_progress_row(const admin::ClusterLayout& layout,
                               const admin::ClusterLayout::Partition& partition,
                               std::optional<std::int64_t> rate) {
  const MoveProgress progress = progress_of(partition);
  json::object row{{"topic", partition.partition.topic},
                   {"partition", partition.partition.partition},
                   {"adding", numbers_of(partition.adding)},
                   {"removing", numbers_of(partition.removing)},
                   {"replicas", numbers_of(partition.replicas)},
                   {"done_bytes", progress.done},
                   {"total_bytes", progress.total},
                   {"percent", progress.total > 0 ? progress.done * 100 / progress.total : 100},
                   {"rate_bytes", nullptr},
                   {"eta_ms", nullptr},
                   {"state", move_state(layout, partition)}};
  if (rate) row["rate_bytes"] = *rate;
  if (rate && *rate > 0) row["eta_ms"] = (progress.total - progress.done) * 1000 / *rate;
  return row;
}

std::string total_text(const admin::ClusterLayout& layout, std::optional<std::int64_t> rate) {
  MoveProgress all;
  std::int64_t count = 0;
  for (const auto& [partition, progress] : progress_of_all(layout)) {
    all.done += progress.done;
    all.total += progress.total;
    count++;
  }
  std::string text = counted(count, "partition") + (count == 1 ? " moves, " : " move, ") +
                     human_bytes(all.done, false) + " of " + human_bytes(all.total, false);
  if (rate && *rate > 0)
    text += ", about " + human_ms((all.total - all.done) * 1000 / *rate) + " left at " + rate_text(*rate);
  if (layout.rate)
    text += *layout.rate == 0 ? "; paused" : "; limited to " + rate_text(*layout.rate) + " from each leader";
  return text;
}

core::Task<void> pause_for(client::Client& client, std::chrono::milliseconds time) {
  client::Timer timer(client.loop().get_executor());
  timer.expires_at(client::time_now() + time);
  co_await timer.async_wait(core::use_result);
}

Exit show_moves(Context& context, const Arguments& arguments) {
  const auto over = arguments.duration("over");
  if (over > std::chrono::hours(1)) throw UsageError("--over: an hour at most");
  client::Cluster cluster(client_options(context));
  admin::ClusterLayout layout = layout_of(cluster);
  const ByPartition before = progress_of_all(layout);
  const client::Time since = client::time_now();
  const bool measures = over.count() > 0 && !before.empty();
  if (measures) {
    cluster.run(pause_for(cluster.client(), over));
    layout = layout_of(cluster);
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(client::time_now() - since);
  const auto rate = [&](std::int64_t bytes) {
    return std::max<std::int64_t>(0, bytes * 1000 / std::max<std::int64_t>(took.count(), 1));
  };
  std::vector<json::object> rows;
  std::int64_t all = 0;
  for (const auto& partition : layout.partitions) {
    if (!partition.moves()) continue;
    const auto was = before.find(partition.partition);
    const bool known = measures && was != before.end();
    const std::int64_t copied = known ? progress_of(partition).done - was->second.done : 0;
    all += std::max<std::int64_t>(copied, 0);
    rows.push_back(move_progress_row(layout, partition, known ? std::optional(rate(copied)) : std::nullopt));
  }
  if (is_human(context.output))
    context.notice(rows.empty() ? "nothing moves"
                                : total_text(layout, measures ? std::optional(rate(all)) : std::nullopt));
  if (rows.empty() && is_human(context.output)) return Exit::ok;
  return print(context, arguments, under_way_table, std::move(rows));
}

Exit set_limit(Context& context, const Arguments& arguments, std::string_view action,
               std::optional<std::int64_t> rate) {
  client::Cluster cluster(client_options(context));
  json::object row{{"action", action}, {"limit_bytes", nullptr}};
  if (rate) row["limit_bytes"] = *rate;
  Plan plan{.risk = Risk::plain, .table = limit_table, .rows = {row}, .summary = {}};
  plan.table.columns.pop_back();
  if (const auto end = go_ahead(context, arguments, plan)) return *end;
  if (must(cluster.run(admin::moving_partitions), "partition").empty())
    context.notice("nothing moves; a limit is lifted soon when nothing does");
  set_configs(cluster, admin::to_set_rate(rate));
  row["status"] = "ok";
  return conclude(context, arguments, limit_table, {{std::move(row), std::nullopt}});
}

Exit run_moves_command(Context& context, const Arguments& arguments) {
  std::vector<std::string> words = arguments.positional();
  if (words.empty()) return show_moves(context, arguments);
  const std::string action = words.front();
  words.erase(words.begin());
  if (action == "cancel") return cancel_moves(context, arguments, words, std::nullopt);
  if (action != "pause" && action != "resume" && action != "limit")
    throw UsageError("\"mq cluster moves\" does not know " + in_quotes(action),
                     "it has: cancel, pause, resume, limit");
  const std::size_t wanted = action == "limit" ? 1 : 0;
  if (words.size() != wanted)
    throw UsageError(wanted == 1 ? "limit it to which rate?" : in_quotes(action) + " takes no words",
                     "mq cluster moves limit 20MiB/s, mq cluster moves pause, mq cluster moves resume");
  if (action == "pause") return set_limit(context, arguments, action, 0);
  return set_limit(context, arguments, action,
                   parse_rate(action, action == "limit" ? words.front() : arguments.text("bandwidth")));
}

}  // namespace

extern const Command cluster_moves{
    .name = "cluster moves",
    .summary = "Show which partitions move and how far they are; stop, slow down or go on with them.",
    .arguments = {{"cancel|pause|resume|limit", Kind::choice, 0, 1, "cancel|pause|resume|limit"},
                  {"TOPIC[:PARTS]|RATE", Kind::topic, 0, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq cluster moves", "what is copied where, how fast, and how long it still takes"},
                 {"mq cluster moves limit 20MiB/s", "what each leader may send to replicas that are added"},
                 {"mq cluster moves pause", "nothing is copied until resume"},
                 {"mq cluster moves cancel 'logs-*' -y",
                  "back to where they were; without a topic: all of them"}},
    .flags = {{.name = "over",
               .kind = Kind::duration,
               .value = "DUR",
               .initial = "1s",
               .help = "look twice, so far apart, for the rate; 0: once"},
              bandwidth_flag()},
    .more =
        "pause and limit are the broker setting leader.replication.throttled.rate, for all brokers: it never "
        "slows down\n"
        "replicas that are in sync, and is lifted by the controller ten seconds after the last move. resume "
        "sets it "
        "to --bandwidth.",
    .see = "mq cluster rebalance, mq partition move, man mq-cluster",
    .run = run_moves_command};

}  // namespace mq::cli
