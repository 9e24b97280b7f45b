// SPDX-License-Identifier: Apache-2.0
// `mq __complete mq topic describe or`: what the last word may become, one candidate a line with a
// description behind a TAB; `:files` and `:directories` leave it to the shell. Never asks, never writes to
// stderr, and takes a broker that does not answer for one that has nothing to say.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "cli/frame/help.h"
#include "cli/frame/parse.h"
#include "cli/group/group.h"
#include "cli/topic/topic.h"
#include "core/config/broker_config.h"
#include "core/config/config.h"
#include "core/config/scalars.h"
#include "core/config/topic_config.h"

namespace mq::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t candidates_max = 1000;
constexpr auto fresh = std::chrono::seconds(30);

struct Candidate {
  std::string word;
  std::string description;
};
using Candidates = std::vector<Candidate>;

// ---- topics and groups, remembered for a while ----

fs::path cache_file(std::string_view what, const std::string& brokers) {
  const Environment environment = process_environment();
  const std::string base = environment("XDG_CACHE_HOME").value_or("");
  const std::string home = environment("HOME").value_or("");
  if (base.empty() && home.empty()) return {};
  const fs::path folder = base.empty() ? fs::path(home) / ".cache" / "mq" : fs::path(base) / "mq";
  return folder / (std::string(what) + "-" + std::to_string(std::hash<std::string>{}(brokers)));
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; lines.size() < candidates_max && std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Written aside and renamed, because another shell may be reading it. A cache that cannot be written is none.
void remember(const fs::path& path, const std::vector<std::string>& names) {
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  const fs::path aside = path.string() + "." + std::to_string(::getpid());
  {
    std::ofstream out(aside);
    for (const std::string& name : names) out << name << '\n';
  }
  fs::rename(aside, path, ignored);
  if (ignored) fs::remove(aside, ignored);
}

std::chrono::milliseconds patience() {
  const auto wish = process_environment()("MQ_COMPLETION_TIMEOUT");
  const auto parsed = core::parse_duration(wish.value_or("250ms"));
  return parsed ? std::chrono::milliseconds(*parsed) : std::chrono::milliseconds(250);
}

using AskedNames = std::optional<std::vector<std::string>>;

AskedNames topic_names(client::Cluster& cluster) {
  const auto metadata = cluster.metadata();
  if (!metadata) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& topic : metadata->topics)
    if (topic.name && !topic.is_internal) names.push_back(*topic.name);
  return names;
}

AskedNames group_names(client::Cluster& cluster) {
  const auto groups = cluster.run(client::list_groups);
  if (!groups) return std::nullopt;
  std::vector<std::string> names;
  for (const client::ListedGroup& group : *groups) names.push_back(group.name);
  return names;
}

AskedNames broker_names(client::Cluster& cluster) {
  const auto metadata = cluster.metadata(std::vector<std::string>{});
  if (!metadata) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& broker : metadata->brokers) names.push_back(std::to_string(broker.node_id));
  return names;
}

AskedNames partition_names(client::Cluster& cluster, const std::string& topic) {
  const auto metadata = cluster.metadata(std::vector<std::string>{topic});
  if (!metadata || metadata->topics.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& partition : metadata->topics[0].partitions)
    names.push_back(std::to_string(partition.partition_index));
  return names;
}

// What the brokers said lately, or say now; a broker that does not answer leaves what it said before.
std::vector<std::string> names_of(std::string_view what, const std::string& brokers,
                                  const std::function<AskedNames(client::Cluster&)>& ask) {
  const fs::path cache = cache_file(what, brokers);
  std::error_code error;
  const auto written = cache.empty() ? fs::file_time_type{} : fs::last_write_time(cache, error);
  const bool cached = !cache.empty() && !error;
  if (cached && fs::file_time_type::clock::now() - written < fresh) return lines_of(cache);
  const auto addresses = client::parse_addresses(brokers);
  if (!addresses || addresses->empty()) return {};
  client::Options options;
  options.brokers = *addresses;
  options.timeout = options.connect_timeout = options.request_timeout = patience();
  client::Cluster cluster(options);
  AskedNames names = ask(cluster);
  if (!names) return cached ? lines_of(cache) : std::vector<std::string>{};
  std::ranges::sort(*names, [](const std::string& a, const std::string& b) {
    const bool numbers =
        a.find_first_not_of("0123456789") == a.npos && b.find_first_not_of("0123456789") == b.npos;
    return numbers && a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  if (names->size() > candidates_max) names->resize(candidates_max);
  if (!cache.empty()) remember(cache, *names);
  return *names;
}

// ---- values ----

Candidates of_words(std::string_view words, char separator) {
  Candidates found;
  for (std::string_view word : core::split(words, separator)) found.push_back({std::string(word), ""});
  return found;
}

Candidates config_keys(std::string_view suffix) {
  Candidates found;
  for (const core::TopicConfigKey& key : core::topic_config_keys())
    found.push_back({std::string(key.name) + std::string(suffix), std::string(key.documentation)});
  return found;
}

// KEY=, or once the key is there, the values it can have.
Candidates settings(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == word.npos) return config_keys("=");
  Candidates found;
  const core::TopicConfigKey* key = core::find_topic_config(word.substr(0, equals));
  if (!key) return found;
  Candidates values = of_words(key->choices, ',');
  if (key->type == core::ConfigType::boolean) values = of_words("true,false", ',');
  if (values.empty())
    values.push_back({core::to_human(*key, std::string(key->default_value)), "the default"});
  for (const Candidate& value : values)
    found.push_back({word.substr(0, equals + 1) + value.word, value.description});
  return found;
}

Candidates values_of(Kind kind, std::string_view choices, const std::string& word,
                     const std::string& brokers);

// Behind "orders:" or "orders:0," the partitions that are not named yet.
Candidates partitions(const std::string& word, const std::string& brokers) {
  const std::string topic = word.substr(0, word.find(':'));
  const std::string kept = word.substr(0, word.find_last_of(":,") + 1);
  if (topic.empty() || admin::Selector(topic).is_pattern() || topic.find('/') != topic.npos) return {};
  std::vector<std::string> numbers = names_of("partitions-" + topic, brokers, [&](client::Cluster& cluster) {
    return partition_names(cluster, topic);
  });
  const auto named = core::split(std::string_view(kept).substr(topic.size() + 1), ',');
  Candidates found;
  for (const std::string& number : numbers)
    if (std::ranges::find(named, number) == named.end()) found.push_back({kept + number, ""});
  return found;
}

// TOPIC, then :PARTITIONS, and behind the equals sign the brokers that are not named yet.
Candidates reassignments(const std::string& word, const std::string& brokers) {
  const std::size_t equals = word.find('=');
  if (equals == word.npos) return values_of(Kind::topic, "", word, brokers);
  const std::string kept = word.substr(0, word.find_last_of("=,") + 1);
  const auto named = core::split(std::string_view(kept).substr(equals + 1), ',');
  Candidates found;
  for (const std::string& id : names_of("brokers", brokers, broker_names))
    if (std::ranges::find(named, id) == named.end()) found.push_back({kept + id, ""});
  return found;
}

Candidates command_words(const std::string& first) {
  Candidates found;
  std::vector<std::string_view> seen;
  for (const Command* command : commands()) {
    if (command->hidden) continue;
    const std::size_t space = command->name.find(' ');
    const std::string_view head = command->name.substr(0, space);
    if (!first.empty() && space != command->name.npos && head == first)
      found.push_back({std::string(command->name.substr(space + 1)), std::string(command->summary)});
    if (!first.empty() || std::find(seen.begin(), seen.end(), head) != seen.end()) continue;
    seen.push_back(head);
    found.push_back({std::string(head), space == command->name.npos
                                            ? std::string(command->summary)
                                            : "commands about a " + std::string(head)});
  }
  return found;
}

Candidates values_of(Kind kind, std::string_view choices, const std::string& word,
                     const std::string& brokers) {
  Candidates found;
  if (!choices.empty()) return of_words(choices, '|');
  switch (kind) {
    case Kind::topic:
      if (word.find(':') != word.npos) return partitions(word, brokers);
      for (std::string& name : names_of("topics", brokers, topic_names))
        found.push_back({std::move(name), ""});
      return found;
    case Kind::group:
      for (std::string& name : names_of("groups", brokers, group_names))
        found.push_back({std::move(name), ""});
      return found;
    case Kind::broker_id:
      for (std::string& id : names_of("brokers", brokers, broker_names)) found.push_back({std::move(id), ""});
      return found;
    case Kind::reassignment:
      return reassignments(word, brokers);
    case Kind::config_key:
      return config_keys("");
    case Kind::setting:
      return settings(word);
    case Kind::broker_setting:
      for (const core::TopicConfigKey& key : core::topic_config_keys())
        for (const std::string_view name : core::split(key.synonyms, ','))
          if (core::is_dynamic(name)) found.push_back({std::string(name), std::string(key.documentation)});
      return found;
    case Kind::broker_key:
      for (const core::Setting& setting : core::settings())
        found.push_back({setting.key, std::string(setting.documentation)});
      return found;
    case Kind::position:
      return of_words("start|end|@", '|');
    case Kind::time:
      return of_words("now|today|yesterday|-1h", '|');
    case Kind::file:
      return {{":files", ""}};
    case Kind::directory:
      return {{":directories", ""}};
    case Kind::command:
      found = command_words("");
      for (std::string_view topic : help_topics()) found.push_back({std::string(topic), "help topic"});
      return found;
    default:
      return found;
  }
}

Candidates flag_words(const std::vector<Flag>& flags) {
  Candidates found;
  for (const Flag& flag : flags) {
    if (flag.idle) continue;
    const bool negative = flag.kind == Kind::boolean && flag.initial == "true";
    found.push_back({(negative ? "--no-" : "--") + std::string(flag.name), std::string(flag.help)});
  }
  return found;
}

// ---- the line ----

const Flag* flag_of(const std::vector<Flag>& flags, std::string_view word) {
  if (word.size() < 2 || word[0] != '-') return nullptr;
  for (const Flag& flag : flags) {
    const bool is_long = word.starts_with("--") && word.substr(2) == flag.name;
    const bool is_short = !word.starts_with("--") && flag.letter && word.back() == flag.letter;
    if (is_long || is_short) return &flag;
  }
  return nullptr;
}

std::string brokers_of(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i + 1 < words.size(); i++) {
    if (words[i] == "-b" || words[i] == "--brokers") return words[i + 1];
    if (words[i].starts_with("--brokers=")) return words[i].substr(10);
  }
  return process_environment()("MQ_BROKERS").value_or("127.0.0.1:9092");
}

// The argument that the next positional word is for; the last one takes the rest.
const Argument* argument_at(const Command& command, std::size_t index) {
  for (const Argument& argument : command.arguments) {
    if (argument.most == any || index < argument.most) return &argument;
    index -= argument.most;
  }
  return nullptr;
}

std::size_t positional_count(const std::vector<Flag>& flags, const std::vector<std::string>& words) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < words.size(); i++) {
    const bool is_flag = words[i].size() > 1 && words[i][0] == '-';
    if (!is_flag) count++;
    const Flag* flag = flag_of(flags, words[i]);
    if (flag && flag->kind != Kind::boolean && !flag->optional) i++;
  }
  return count;
}

Candidates candidates(std::vector<std::string> words) {
  const std::string word = words.empty() ? "" : words.back();
  if (!words.empty()) words.pop_back();
  const std::string brokers = brokers_of(words);
  Found found;
  try {
    found = find(words);
  } catch (const UsageError&) {
    return {};
  }
  if (!found.command) {
    if (word.starts_with('-')) return flag_words(flags_of(*find_command("version")));
    return command_words(found.noun);
  }
  const std::vector<Flag> flags = flags_of(*found.command);
  const Flag* before = found.words.empty() ? nullptr : flag_of(flags, found.words.back());
  if (before && before->kind != Kind::boolean && !before->optional)
    return values_of(before->kind, before->choices, word, brokers);
  const std::size_t equals = word.find('=');
  if (word.starts_with("--") && equals != word.npos) {
    const Flag* flag = flag_of(flags, word.substr(0, equals));
    Candidates values =
        flag ? values_of(flag->kind, flag->choices, word.substr(equals + 1), brokers) : Candidates{};
    for (Candidate& value : values)
      if (!value.word.starts_with(':')) value.word.insert(0, word.substr(0, equals + 1));
    return values;
  }
  if (word.starts_with('-')) return flag_words(flags);
  const Argument* argument = argument_at(*found.command, positional_count(flags, found.words));
  return argument ? values_of(argument->kind, argument->choices, word, brokers) : Candidates{};
}

Exit run_complete(Context& context, const Arguments& arguments) {
  std::vector<std::string> words = arguments.positional();
  if (!words.empty()) words.erase(words.begin());  // the program itself
  std::string text;
  try {
    const std::string word = words.empty() ? "" : words.back();
    std::size_t count = 0;
    for (const Candidate& candidate : candidates(words)) {
      if (!candidate.word.starts_with(':') && !candidate.word.starts_with(word)) continue;
      if (count++ == candidates_max) break;
      text += candidate.word + (candidate.description.empty() ? "" : "\t" + candidate.description) + "\n";
    }
  } catch (const std::exception&) {  // nobody wants to hear of it in the middle of a line
  }
  context.write(text);
  return Exit::ok;
}

}  // namespace

extern const Command complete{.name = "__complete",
                              .summary = "What the last word may become; for the shells' completion.",
                              .arguments = {{"WORD", Kind::text, 0, any}},
                              .hidden = true,
                              .run = run_complete};

}  // namespace mq::cli
