// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/cluster/brokers.h"

namespace mq::cli {

namespace {

std::string text_or_dash(const json::object& row, std::string_view field) {
  const json::value* value = row.if_contains(field);
  if (!value || value->is_null()) return "–";
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

std::string bytes_or_dash(const json::object& row, std::string_view field, bool exact) {
  const json::value* value = row.if_contains(field);
  return value ? human_bytes(value->to_number<std::int64_t>(), exact) : "–";
}

std::string broker_page(const Context&, const json::object& row, bool exact) {
  std::string text = "broker " + json::serialize(row.at("broker")) + "   " + text_or_dash(row, "state") +
                     (row.at("controller").as_bool() ? ", controller" : "") + "   leads " +
                     json::serialize(row.at("leaders")) + " of " +
                     counted(row.at("replicas").to_number<std::int64_t>(), "replica") + "\n";
  text += aligned({{"address", text_or_dash(row, "address")}, {"rack", text_or_dash(row, "rack")}},
                  {false, false});
  if (const json::value* dirs = row.if_contains("log_dirs")) {
    std::vector<std::vector<std::string>> lines{{"DIRECTORY", "STATE", "REPLICAS", "USED", "FREE", "DISK"}};
    for (const json::value& value : dirs->get_array()) {
      const json::object& dir = value.get_object();
      lines.push_back({text_or_dash(dir, "directory"), text_or_dash(dir, "state"),
                       text_or_dash(dir, "replicas"), bytes_or_dash(dir, "used_bytes", exact),
                       bytes_or_dash(dir, "free_bytes", exact), bytes_or_dash(dir, "total_bytes", exact)});
    }
    text += aligned(lines, {false, false, true, true, true, true});
  }
  const json::value* settings = row.if_contains("settings");
  if (!settings || settings->get_array().empty()) return text;
  std::vector<std::vector<std::string>> lines{{"SETTING", "VALUE", "FROM"}};
  for (const json::value& value : settings->get_array()) {
    const json::object& setting = value.get_object();
    const std::string key = text_or_dash(setting, "key");
    lines.push_back(
        {key, human_broker_setting(key, text_or_dash(setting, "value")), text_or_dash(setting, "source")});
  }
  return text + aligned(lines, {false, false, false});
}

Exit run_broker_describe(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  std::vector<admin::BrokerState> brokers = brokers_named(cluster, arguments.positional());
  cluster.run(admin::add_log_dirs(cluster.client(), brokers));
  notice_silent(context, brokers);
  std::vector<json::object> rows;
  for (const admin::BrokerState& broker : brokers) {
    std::vector<admin::BrokerSetting> settings;
    if (broker.runs)
      settings = must(cluster.run(admin::settings_of_broker, std::optional(broker.id)), "broker");
    if (!arguments.on("all"))
      std::erase_if(settings, [](const admin::BrokerSetting& setting) {
        return setting.source == admin::BrokerSetting::Source::fallback;
      });
    for (admin::BrokerSetting& setting : settings) setting.documentation.clear();  // mq broker config has it
    rows.push_back(admin::details_of(broker, settings));
  }
  const Table table{.columns = {{"broker", "BROKER"},
                                {"address", "ADDRESS"},
                                {"rack", "RACK"},
                                {"state", "STATE"},
                                {"leaders", "LEADS"},
                                {"replicas", "REPLICAS"}},
                    .name = "broker",
                    .page = broker_page,
                    .apart = true};
  return print(context, arguments, table, std::move(rows),
               arguments.positional().size() == 1 ? Shape::single : Shape::list);
}

}  // namespace

extern const Command broker_describe{
    .name = "broker describe",
    .summary = "Show one broker: where it listens, its disk, what it is set to.",
    .arguments = {{"N", Kind::broker_id, 1, any}},
    .uses = connects | rows,
    .examples = {{"mq broker describe 2", "what is not as it would be unless set"},
                 {"mq broker describe 2 --all", "every setting"},
                 {"mq broker describe 2 -o json | jq .log_dirs", "for programs"}},
    .flags = {{.name = "all", .help = "settings that have their default, too"}},
    .see = "mq broker list, mq broker config, man mq-broker",
    .run = run_broker_describe};

}  // namespace mq::cli
