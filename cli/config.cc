// SPDX-License-Identifier: Apache-2.0
// About the broker's configuration file: is it valid, what may stand in it.
#include "core/config/config.h"

#include <algorithm>

#include "cli/frame/print.h"
#include "core/admin/selector.h"

namespace mq::cli {

namespace {

Exit run_validate(Context& context, const Arguments& arguments) {
  core::Sources sources;
  sources.file = arguments.positional().front();
  const core::Loaded loaded = core::load(sources);
  if (loaded.problems.empty()) {
    context.notice(*sources.file == "-" ? "valid" : sources.file->string() + " is valid");
    return Exit::ok;
  }
  Failure failure{.exit = Exit::usage,
                  .message = sources.file->string() + " is not valid",
                  .target = sources.file->string()};
  for (const core::Problem& problem : loaded.problems) failure.details.push_back(problem.message());
  failure.hint = "all settings: mq config keys";
  return report(context, failure);
}

// ---- template ----

// "node.id" → section "node", key "id"; "advertise" stands alone.
std::pair<std::string, std::string> parts_of(const std::string& key) {
  const std::size_t dot = key.find('.');
  return dot == key.npos ? std::pair{std::string{}, key} : std::pair{key.substr(0, dot), key.substr(dot + 1)};
}

std::string line(const std::string& indent, const std::string& key, const std::string& value,
                 std::string_view says) {
  const std::string quoted =
      value.empty() || value.find_first_of(":#{}[],&*?|<>=!%@`") != value.npos ? in_quotes(value) : value;
  return indent + "# " + std::string(says) + "\n" + indent + "#" + key + ": " + quoted + "\n";
}

// Every setting with its default, commented out: a file that changes nothing until somebody edits it.
std::string template_text(bool full) {
  std::string text =
      "# Settings of an mq broker. Everything is optional; what is commented out is the default.\n"
      "# Check it with: mq config validate FILE\n";
  std::string open = "-";
  for (const core::Setting& setting : core::settings()) {
    const auto [section, key] = parts_of(setting.key);
    if (section != open) {
      text += "\n";
      if (!section.empty()) text += section + ":\n";
      open = section;
    }
    const std::string indent = section.empty() ? "" : "  ";
    text += line(indent, key, setting.default_value, setting.documentation);
    if (full) text += indent + "# takes: " + setting.accepts + "\n";
  }
  text += "\ntopic_defaults:\n  # Kafka's names and meanings; mq topic configs explains them\n";
  for (const core::TopicConfigKey& key : core::topic_config_keys()) {
    const bool usual = key.name == "retention.ms" || key.name == "retention.bytes" ||
                       key.name == "cleanup.policy" || key.name == "max.message.bytes" ||
                       key.name == "compression.type";
    if (full || usual)
      text += line("  ", std::string(key.name), core::to_human(key, std::string(key.default_value)),
                   core::documentation_of(key));
  }
  return text;
}

Exit run_template(Context& context, const Arguments& arguments) {
  return context.answer(template_text(arguments.on("full")));
}

// ---- keys ----

const Table keys_table{.columns = {{"key", "KEY"},
                                   {"default", "DEFAULT"},
                                   {"accepts", "ACCEPTS", Unit::plain, true},
                                   {"variable", "VARIABLE", Unit::plain, true},
                                   {"kafka", "KAFKA", Unit::plain, true},
                                   {"meaning", "MEANING"}},
                       .name = "key"};

Exit run_keys(Context& context, const Arguments& arguments) {
  const std::string pattern = arguments.positional().empty() ? "" : arguments.positional().front();
  const bool glob = pattern.find_first_of("*?[") != pattern.npos;
  std::vector<json::object> rows;
  std::vector<std::string_view> known;
  for (const core::Setting& setting : core::settings()) {
    known.push_back(setting.key);
    if (glob ? !admin::matches_glob(pattern, setting.key) : setting.key.find(pattern) == setting.key.npos)
      continue;
    json::object row{{"key", setting.key}, {"default", setting.default_value}, {"accepts", setting.accepts}};
    if (!setting.variable.empty()) row["variable"] = setting.variable;
    if (!setting.kafka.empty()) row["kafka"] = setting.kafka;
    row["meaning"] = setting.documentation;
    rows.push_back(std::move(row));
  }
  if (!rows.empty()) return print(context, arguments, keys_table, std::move(rows));
  const std::string_view near = core::closest(pattern, known);
  return report(context, {.exit = Exit::not_found,
                          .message = "no setting matches " + in_quotes(pattern),
                          .target = pattern,
                          .hint = near.empty() ? "all settings: mq config keys"
                                               : "did you mean " + in_quotes(near) + "?"});
}

}  // namespace

extern const Command config_validate{
    .name = "config validate",
    .summary = "Check a broker's configuration file.",
    .arguments = {{"FILE", Kind::file}},
    .examples = {{"mq config validate /etc/mq/mq.yaml", "all problems, each with its line"}},
    .more =
        "Exit code 0 when it is valid, 2 when it is not. Environment and flags play no part; mq serve "
        "--check looks at all of it.",
    .see = "man mq-config",
    .run = run_validate};

extern const Command config_template{
    .name = "config template",
    .summary = "Print a configuration file with every setting and its default.",
    .examples = {{"mq config template > mq.yaml", "a file to edit"},
                 {"mq config template --full", "and what each setting takes"}},
    .flags = {{.name = "full", .help = "what each setting takes, and all topic defaults"}},
    .see = "man mq-config",
    .run = run_template};

extern const Command config_keys{
    .name = "config keys",
    .summary = "List the broker's settings.",
    .arguments = {{"PATTERN", Kind::broker_key, 0, 1}},
    .uses = rows,
    .examples = {{"mq config keys", "all of them"},
                 {"mq config keys storage -o wide", "some, with everything known about them"}},
    .see = "man mq-config",
    .run = run_keys};

}  // namespace mq::cli
