// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster/brokers.h"

namespace mq::cli {

namespace {

const Table disks_table{.columns = {{"broker", "BROKER"},
                                    {"directory", "DIRECTORY"},
                                    {"state", "STATE"},
                                    {"replicas", "REPLICAS"},
                                    {"used_bytes", "USED", Unit::bytes},
                                    {"free_bytes", "FREE", Unit::bytes},
                                    {"total_bytes", "DISK", Unit::bytes},
                                    {"full_percent", "FULL %"},
                                    {"largest", "LARGEST TOPICS", Unit::plain, true}},
                        .name = "broker"};

constexpr std::size_t largest_named = 3;

// "orders 138 MiB, logs 20 KiB"
std::string largest_of(const admin::LogDir& dir) {
  std::string text;
  for (std::size_t i = 0; i < dir.topics.size() && i < largest_named; i++)
    text += (i > 0 ? ", " : "") + dir.topics[i].first + " " + human_bytes(dir.topics[i].second, false);
  return text;
}

Exit run_broker_disk(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  std::vector<admin::BrokerState> brokers = brokers_named(cluster, arguments.positional());
  cluster.run(admin::add_log_dirs(cluster.client(), brokers));
  notice_silent(context, brokers);
  std::vector<json::object> rows;
  for (const admin::BrokerState& broker : brokers) {
    if (!broker.dirs) continue;
    for (const admin::LogDir& dir : *broker.dirs) {
      json::object row{{"broker", broker.id}};
      for (auto& field : admin::row_of(dir)) row[field.key()] = field.value();
      if (dir.total_bytes && dir.free_bytes && *dir.total_bytes > 0)
        row["full_percent"] = 100 - *dir.free_bytes * 100 / *dir.total_bytes;
      if (is_human(context.output)) row["largest"] = largest_of(dir);
      rows.push_back(std::move(row));
    }
  }
  return print(context, arguments, disks_table, std::move(rows));
}

}  // namespace

extern const Command broker_disk{
    .name = "broker disk",
    .summary = "Show how full the disks of the brokers are.",
    .arguments = {{"N", Kind::broker_id, 0, any}},
    .uses = connects | rows,
    .examples = {{"mq broker disk", "of all brokers"},
                 {"mq broker disk 2 -o wide", "of one, with its largest topics"},
                 {"mq broker disk -o json | jq '.[].topics[:5]'", "the five largest of each, for programs"}},
    .more =
        "USED is what partitions take, FREE what the disk has left for them, whoever else fills it. The "
        "state of a directory is\n"
        "failed when the broker cannot write there.",
    .see = "mq broker list, man mq-broker",
    .run = run_broker_disk};

}  // namespace mq::cli
