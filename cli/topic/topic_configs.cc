// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/print.h"
#include "core/admin/selector.h"
#include "core/config/topic_config.h"

namespace mq::cli {

namespace {

const Table configs_table{.columns = {{"key", "KEY"},
                                      {"type", "TYPE"},
                                      {"default", "DEFAULT"},
                                      {"accepts", "ACCEPTS", Unit::plain, true},
                                      {"meaning", "MEANING"}},
                          .name = "key"};

std::string_view type_of(core::ConfigType type) {
  switch (type) {
    case core::ConfigType::boolean:
      return "boolean";
    case core::ConfigType::int16:
    case core::ConfigType::int32:
    case core::ConfigType::int64:
      return "integer";
    case core::ConfigType::real:
      return "number";
    case core::ConfigType::list:
      return "list";
    default:
      return "string";
  }
}

std::string_view unit_of(std::string_view key) {
  if (key.ends_with(".ms")) return "ms";
  if (key.ends_with(".bytes") || key == "max.message.bytes") return "bytes";
  return {};
}

json::object row_of(const core::TopicConfigKey& key, bool human) {
  const std::string wire(key.default_value);
  json::object row{{"key", key.name},
                   {"type", type_of(key.type)},
                   {"default", human ? core::to_human(key, wire) : wire},
                   {"effective", key.effective}};
  if (const std::string_view unit = unit_of(key.name); !unit.empty()) row["unit"] = unit;
  if (!key.choices.empty()) row["accepts"] = key.choices;
  row["meaning"] = core::documentation_of(key);
  return row;
}

// A word names a key, or a part of one, or is a pattern.
bool wanted(const std::vector<std::string>& words, std::string_view key) {
  if (words.empty()) return true;
  for (const std::string& word : words) {
    const bool pattern = word.find_first_of("*?[") != word.npos;
    if (pattern                         ? admin::matches_glob(word, key)
        : core::find_topic_config(word) ? key == word
                                        : key.find(word) != key.npos)
      return true;
  }
  return false;
}

Exit run_configs(Context& context, const Arguments& arguments) {
  std::vector<json::object> rows;
  for (const core::TopicConfigKey& key : core::topic_config_keys())
    if (wanted(arguments.positional(), key.name)) rows.push_back(row_of(key, is_human(context.output)));
  if (!rows.empty()) return print(context, arguments, configs_table, std::move(rows));
  const std::string& word = arguments.positional().front();
  const std::string_view near = core::suggest_topic_config(word);
  return report(context, {.exit = Exit::not_found,
                          .message = "no topic config matches " + in_quotes(word),
                          .target = word,
                          .hint = near.empty() ? "all keys: mq topic configs"
                                               : "did you mean " + in_quotes(near) + "?"});
}

}  // namespace

extern const Command topic_configs{.name = "topic configs",
                                   .summary = "Explain the settings a topic can have.",
                                   .arguments = {{"KEY", Kind::config_key, 0, any}},
                                   .uses = rows,
                                   .examples = {{"mq topic configs", "all of them"},
                                                {"mq topic configs retention.ms", "one"},
                                                {"mq topic configs compact -o wide",
                                                 "those with compact in their name, and what they accept"}},
                                   .more =
                                       "Settings keep Kafka's names. Those without effect here are stored "
                                       "and answered, so that tools built for Kafka work.",
                                   .see = "mq topic create, mq topic alter, man mq-topic",
                                   .run = run_configs};

}  // namespace mq::cli
