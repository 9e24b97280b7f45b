// SPDX-License-Identifier: Apache-2.0
// From the sources to a Config: weakest source first, each value over the one before, every problem noted.
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <set>

#include "core/config/broker_config.h"
#include "core/config/config.h"
#include "core/config/yaml.h"

namespace mq::core {
namespace {

constexpr std::string_view include_key = "include";
constexpr std::size_t included_files_max = 100;

// Variables of the commands, which a broker started from the same shell sees as well.
constexpr std::array<std::string_view, 28> client_variables{
    "MQ_BROKERS",       "MQ_HTTP",         "MQ_PROFILE",         "MQ_CONFIG",
    "MQ_CLIENT_CONFIG", "MQ_TLS",          "MQ_TLS_CA",          "MQ_TLS_CERT",
    "MQ_TLS_KEY",       "MQ_TLS_INSECURE", "MQ_TLS_SERVER_NAME", "MQ_SASL_MECHANISM",
    "MQ_USER",          "MQ_PASSWORD",     "MQ_PASSWORD_FILE",   "MQ_TOKEN_FILE",
    "MQ_OUTPUT",        "MQ_VERBOSE",      "MQ_COLOR",           "MQ_TIMEOUT",
    "MQ_YES",           "MQ_NO_INPUT",     "MQ_PROGRESS",        "MQ_UTC",
    "MQ_PAGER",         "MQ_DEBUG",        "MQ_SERVE_CONFIG",    "MQ_COMPLETION_TIMEOUT"};

// Known to the documentation of later versions. Refused here: what is accepted works.
constexpr std::array<std::string_view, 9> later_keys{"http.base_path", "http.messages", "http.mask",
                                                     "http.history",   "groups",        "metrics",
                                                     "security",       "limits.memory", "log.slow_request"};
constexpr std::string_view later = " is not in this version of mq";

template <std::size_t n>
bool contains(const std::array<std::string_view, n>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_at_or_below(std::string_view key, std::string_view section) {
  return key.starts_with(section) && (key.size() == section.size() || key[section.size()] == '.');
}

const Setting* find_setting(std::string_view key) {
  const auto& all = settings();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Setting& setting) { return setting.key == key; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  for (const Setting& setting : settings()) keys.push_back(setting.key);
  for (const TopicConfigKey& key : topic_config_keys())
    keys.push_back(std::string(topic_defaults_prefix) + std::string(key.name));
  return keys;
}

// ---- what an unknown key probably meant ----

std::string_view last_word(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

// The key of mq.yaml for something that Kafka calls `name`; empty: none.
std::string key_named_by_kafka(std::string_view name) {
  if (name.empty()) return {};
  for (const Setting& setting : settings())
    if (setting.kafka == name) return setting.key;
  if (find_topic_config(name)) return std::string(topic_defaults_prefix) + std::string(name);
  const std::string_view topic_key = topic_key_for(name);
  return topic_key.empty() ? std::string() : std::string(topic_defaults_prefix) + std::string(topic_key);
}

std::string meant(std::string_view key) {
  const auto bare = key.starts_with(topic_defaults_prefix) ? key.substr(topic_defaults_prefix.size()) : key;
  if (auto same = key_named_by_kafka(bare); !same.empty()) return same;
  const auto keys = known_keys();
  if (const auto near = closest(key, {keys.begin(), keys.end()}); !near.empty()) return std::string(near);
  for (const Setting& setting : settings())
    if (last_word(setting.key) == last_word(key)) return setting.key;
  return {};
}

std::string what_is_wrong_with_key(std::string_view key) {
  const std::string name(key.substr(0, 200));
  for (const std::string_view section : later_keys)
    if (is_at_or_below(key, section)) return name + std::string(later);
  for (const std::string& known : known_keys()) {
    if (is_at_or_below(known, key))
      return name + " is a section: its settings stand below it, such as " + known;
    if (is_at_or_below(key, known)) return known + " takes a value, not a section";
  }
  const std::string better = meant(key);
  return "unknown key " + name + (better.empty() ? "" : "; did you mean " + better + "?");
}

// ---- the sources ----

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(yaml_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

// Services of Kubernetes that are called mq-something put variables into every container near them.
bool is_service_link(std::string_view name, std::string_view value) {
  if (value.starts_with("tcp://") || value.starts_with("udp://")) return true;
  return name.find("_SERVICE_HOST") != std::string_view::npos ||
         name.find("_SERVICE_PORT") != std::string_view::npos ||
         name.find("_TCP_") != std::string_view::npos || name.ends_with("_TCP");
}

// Roots and services keep data where packages put it; a developer in the home directory.
std::filesystem::path default_data(const Environment& environment) {
  const passwd* user = ::getpwuid(::geteuid());
  if (::geteuid() == 0 || (user && std::string_view(user->pw_name) == "mq")) return Config{}.data;
  const auto in = [&](const char* variable, const char* below) -> std::filesystem::path {
    const auto found = environment.find(variable);
    if (found == environment.end() || !found->second.starts_with('/')) return {};
    return std::filesystem::path(found->second) / below;
  };
  if (auto path = in("XDG_DATA_HOME", "mq"); !path.empty()) return path;
  if (auto path = in("HOME", ".local/share/mq"); !path.empty()) return path;
  return Config{}.data;
}

class Loader {
 public:
  explicit Loader(const Sources& sources) : sources_(sources) {}

  Loaded load() {
    files();
    environment();
    for (const Given& flag : sources_.flags) set({flag.key, flag.value, scalar, flag.origin, flag.origin});
    sets();
    for (const Entry& entry : advertised_) assign(entry);
    one_store();
    if (!loaded_.config.is_set("storage.data")) loaded_.config.data = default_data(sources_.environment);
    return std::move(loaded_);
  }

 private:
  static constexpr auto scalar = Entry::Shape::scalar;

  void problem(std::string place, std::string what) {
    loaded_.problems.push_back({std::move(place), std::move(what)});
  }

  void one_store() {
    const Config& config = loaded_.config;
    if (!config.etcd.empty() && !config.consul.empty())
      problem(config.origins.at("cluster.consul"), "cluster.consul: cluster.etcd is set, too (" +
                                                       config.origins.at("cluster.etcd") +
                                                       "); a cluster has one of them");
  }

  void files() {
    if (!sources_.file && !sources_.text) return;
    const auto path = sources_.file.value_or("mq.yaml");
    const auto text = sources_.text ? sources_.text : read_file(path);
    if (!text) return problem(path.string(), "cannot read the file");
    const auto included = file(path.string(), *text, true);
    if (!included) return;
    for (const auto& each : files_in(path.parent_path() / included->value, included->place)) {
      const auto content = read_file(each);
      if (!content) problem(each.string(), "cannot read the file");
      if (content) file(each.string(), *content, false);
    }
  }

  // Takes the settings of one file; what it includes, if anything.
  std::optional<Entry> file(const std::string& name, std::string_view text, bool may_include) {
    YamlSettings yaml = read_yaml(text, name, sources_.environment);
    std::move(yaml.problems.begin(), yaml.problems.end(), std::back_inserter(loaded_.problems));
    std::optional<Entry> included;
    std::vector<Entry> listeners;
    for (Entry& entry : yaml.entries) {
      if (entry.key.starts_with("listeners["))
        listeners.push_back(std::move(entry));
      else if (entry.key != include_key)
        set(entry);
      else if (!may_include)
        problem(entry.place, "include: only the main file may include others");
      else if (entry.shape != scalar || entry.value.empty())
        problem(entry.place, "include: must name one directory");
      else
        included = std::move(entry);
    }
    set_listeners(listeners);
    return included;
  }

  std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory,
                                              const std::string& place) {
    std::vector<std::filesystem::path> paths;
    std::error_code error;
    for (std::filesystem::directory_iterator each(directory, error), end; !error && each != end;
         each.increment(error)) {
      const auto extension = each->path().extension();
      if (extension == ".yaml" || extension == ".yml") paths.push_back(each->path());
    }
    if (error) problem(place, "include: cannot read the directory " + directory.string());
    if (paths.size() > included_files_max) {
      problem(place, "include: too many files in " + directory.string());
      paths.clear();
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  void environment() {
    std::map<std::string, std::string, std::less<>> keys;  // variable → key
    for (const std::string& key : known_keys()) keys[variable_of(key)] = key;
    for (const Setting& setting : settings())
      if (!setting.variable.empty()) keys[std::string(setting.variable)] = setting.key;

    std::map<std::string, std::string, std::less<>> given;  // key → variable
    for (const auto& [name, value] : sources_.environment) {
      if (!name.starts_with("MQ_") || contains(client_variables, name) || is_service_link(name, value))
        continue;
      const auto known = keys.find(name);
      if (known == keys.end()) {
        problem("env " + name, what_is_wrong_with_variable(name, keys));
        continue;
      }
      if (value.empty()) continue;  // VARIABLE= in a compose file means: not set
      const auto [first, is_new] = given.emplace(known->second, name);
      if (!is_new) problem("env " + name, known->second + ": given twice, also by " + first->second);
      set({known->second, value, scalar, "env " + name, "env " + name});
    }
  }

  static std::string what_is_wrong_with_variable(
      std::string_view name, const std::map<std::string, std::string, std::less<>>& keys) {
    const std::string shown(name.substr(0, 200));
    for (const std::string_view key : later_keys)
      if (name.starts_with(variable_of(key) + "__") || name == variable_of(key))
        return shown + std::string(later);
    std::vector<std::string_view> candidates;
    for (const auto& [variable, key] : keys) candidates.push_back(variable);
    const std::string better(closest(name, candidates));
    return "unknown variable" + (better.empty() ? "" : "; did you mean " + better + "?");
  }

  void sets() {
    for (const std::string& text : sources_.sets) {
      const std::size_t equals = text.find('=');
      const std::string key(trim(std::string_view(text).substr(0, equals)));
      const std::string place = "--set " + key;
      if (equals == std::string::npos)
        problem(place, "needs a value: --set " + key + "=VALUE");
      else
        set({key, text.substr(equals + 1), scalar, place, place});
    }
  }

  // One value from any source. What is advertised waits until it is known which listeners there are.
  void set(const Entry& entry) {
    const Setting* setting = find_setting(entry.key);
    const TopicConfigKey* topic_key =
        entry.key.starts_with(topic_defaults_prefix)
            ? find_topic_config(std::string_view(entry.key).substr(topic_defaults_prefix.size()))
            : nullptr;
    if (!setting && !topic_key) return unknown(entry);
    if (entry.shape == Entry::Shape::nothing) return problem(entry.place, entry.key + ": has no value");
    const bool list = setting ? setting->list : topic_key->type == ConfigType::list;
    if (entry.shape == Entry::Shape::list && !list)
      return problem(entry.place, entry.key + ": takes one value, not a list");
    if (entry.key == "advertise") return advertised_.push_back(entry);
    assign(entry);
  }

  void assign(const Entry& entry) {
    if (const auto wrong = set_value(loaded_.config, entry.key, entry.value))
      return problem(entry.place, entry.key + ": " + wrong->why);
    loaded_.config.origins[entry.key] = entry.origin;
  }

  void unknown(const Entry& entry) {
    const auto keys = known_keys();
    const auto is_section = [&](const std::string& key) { return is_at_or_below(key, entry.key); };
    // A section whose lines are all commented out.
    if (entry.shape == Entry::Shape::nothing && std::any_of(keys.begin(), keys.end(), is_section)) return;
    problem(entry.place, what_is_wrong_with_key(entry.key));
  }

  // The long form: a list of maps. Entries of one listener stand together, numbered from 0.
  void set_listeners(const std::vector<Entry>& entries) {
    if (entries.empty()) return;
    std::vector<Listener> listeners;
    std::string current;
    const std::size_t problems_before = loaded_.problems.size();
    for (const Entry& entry : entries) {
      const std::size_t dot = entry.key.find("].");
      if (dot == std::string::npos) {
        unknown(entry);
        continue;
      }
      if (entry.key.compare(0, dot, current) != 0) {
        current = entry.key.substr(0, dot);
        listeners.emplace_back();
      }
      if (const auto wrong = set_listener_field(listeners.back(), entry.key.substr(dot + 2), entry))
        problem(entry.place, wrong->why);
    }
    if (loaded_.problems.size() > problems_before) return;
    if (const auto wrong = check(listeners))
      return problem(entries.front().place, "listeners: " + wrong->why);
    loaded_.config.listeners = std::move(listeners);
    loaded_.config.origins["listeners"] = entries.front().origin;
  }

  static std::optional<Wrong> set_listener_field(Listener& listener, std::string_view field,
                                                 const Entry& entry) {
    const auto named = [&](const std::string& why) { return Wrong{entry.key + ": " + why}; };
    for (const std::string_view section : {"tls", "auth"})
      if (is_at_or_below(field, section)) return Wrong{entry.key + std::string(later)};
    if (field != "name" && field != "listen" && field != "advertise")
      return Wrong{"unknown key " + entry.key + "; a listener has name, listen and advertise"};
    if (entry.shape != scalar) return named("takes one value");
    if (field == "name") {
      listener.name = entry.value;
    } else if (field == "listen") {
      const auto address = parse_address(entry.value);
      if (!address) return named(address.error().why);
      listener.listen = *address;
    } else {
      const auto address = parse_advertise(entry.value);
      if (!address) return named(address.error().why);
      listener.advertise = *address;
    }
    return std::nullopt;
  }

  const Sources& sources_;
  Loaded loaded_;
  std::vector<Entry> advertised_;  // weakest first
};

}  // namespace

Environment current_environment() {
  Environment result;
  for (char** each = environ; each && *each; each++) {
    const std::string_view text(*each);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

Loaded load(const Sources& sources) {
  return Loader(sources).load();
}

}  // namespace mq::core
