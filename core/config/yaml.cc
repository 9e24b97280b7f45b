// SPDX-License-Identifier: Apache-2.0
#include "core/config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <unordered_map>

namespace mq::core {
namespace {

// Aliases let a short text describe a huge tree; these end the walk through it.
constexpr int depth_max = 6;
constexpr std::size_t entries_max = 10'000;
constexpr std::size_t value_bytes_max = 64u << 10;
constexpr std::size_t problems_max = 100;

bool is_variable_name(std::string_view text) {
  const auto ok = [](char c) {
    return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), ok) &&
         !(text.front() >= '0' && text.front() <= '9');
}

// Appends the content of a small regular file without the line end that editors leave.
std::optional<Wrong> append_file(const std::string& path, std::string& result) {
  std::error_code error;
  std::ifstream in;
  if (std::filesystem::is_regular_file(path, error)) in.open(path, std::ios::binary);
  if (!in.is_open()) return Wrong{"cannot read " + path};
  std::string content(value_bytes_max + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.size() > value_bytes_max) return Wrong{path + " is too large for a value"};
  while (content.ends_with('\n') || content.ends_with('\r')) content.pop_back();
  result += content;
  return std::nullopt;
}

std::optional<Wrong> append_reference(std::string_view name, const Environment& environment,
                                      std::string& result) {
  if (name.starts_with("file:")) return append_file(std::string(name.substr(5)), result);
  if (!is_variable_name(name))
    return Wrong{"${" + std::string(name.substr(0, 80)) + "} is neither ${NAME} nor ${file:/path}"};
  const auto variable = environment.find(name);
  if (variable == environment.end())
    return Wrong{"the environment variable " + std::string(name) + " is not set"};
  result += variable->second;
  return std::nullopt;
}

// Replaces ${…} once, what is put in is not looked at again; $${ stands for ${ itself.
std::optional<Wrong> expand(std::string& text, const Environment& environment) {
  std::string result;
  std::string_view rest = text;
  while (true) {
    const std::size_t at = rest.find("${");
    if (at == std::string_view::npos) break;
    if (at > 0 && rest[at - 1] == '$') {
      result.append(rest.substr(0, at - 1)).append("${");
      rest.remove_prefix(at + 2);
      continue;
    }
    const std::size_t end = rest.find('}', at);
    if (end == std::string_view::npos) return Wrong{"${ without }"};
    result.append(rest.substr(0, at));
    if (auto wrong = append_reference(rest.substr(at + 2, end - at - 2), environment, result)) return wrong;
    if (result.size() > value_bytes_max) return Wrong{"the value is too long"};
    rest.remove_prefix(end + 1);
  }
  text = result.append(rest);
  return std::nullopt;
}

class Nothing : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

// YAML::Load() leaves unread what follows the first document, or a stray comma; YAML::LoadAll() never returns
// from one.
bool is_one_document(std::string_view text) {
  std::istringstream in{std::string(text)};
  YAML::Parser parser(in);
  Nothing nothing;
  parser.HandleNextDocument(nothing);
  return !parser.HandleNextDocument(nothing);
}

class Walk {
 public:
  Walk(const std::string& name, const Environment& environment) : name_(name), environment_(environment) {}

  void text(std::string_view text) {
    if (text.size() > yaml_bytes_max)
      return problem({0, 0}, "the file is larger than " + format_size(yaml_bytes_max));
    if (!look_for_tabs(text)) return;
    try {
      if (!is_one_document(text)) return problem({0, 0}, "text that does not belong to one YAML document");
      const YAML::Node root = YAML::Load(std::string(text));
      if (root.IsMap()) return section("", root, 0);
      if (!root.IsNull()) problem({0, 0}, "expected settings such as storage: and below it data: /path");
    } catch (const YAML::Exception& broken) {
      problem(place_of(broken.mark), "broken YAML: " + broken.msg);
    } catch (const std::exception& broken) {
      problem({0, 0}, std::string("broken YAML: ") + broken.what());
    }
  }

  YamlSettings take() { return std::move(settings_); }

 private:
  struct At {
    int line, column;  // from 1; 0: unknown
  };

  static At place_of(const YAML::Mark& mark) {
    return mark.is_null() ? At{0, 0} : At{mark.line + 1, mark.column + 1};
  }

  std::string origin(At at) const { return at.line > 0 ? name_ + ":" + std::to_string(at.line) : name_; }
  std::string place(At at) const {
    return at.line > 0 ? origin(at) + ":" + std::to_string(at.column) : name_;
  }

  void problem(At at, std::string what) {
    if (settings_.problems.size() < problems_max) settings_.problems.push_back({place(at), std::move(what)});
  }

  // The parser's own message for a tab names some line further down and not the tab.
  bool look_for_tabs(std::string_view text) {
    int line = 0;
    while (!text.empty()) {
      line++;
      const std::string_view current = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), current.size() + 1));
      const std::size_t start = current.find_first_not_of(" \t\r");
      const std::size_t tab = current.find('\t');
      if (start == std::string_view::npos || tab > start || current[start] == '#') continue;
      problem({line, static_cast<int>(tab) + 1}, "a tab in the indentation: use spaces");
    }
    return settings_.problems.empty();
  }

  void section(const std::string& prefix, const YAML::Node& map, int depth) {
    for (const auto& pair : map) {
      const At at = place_of(pair.first.Mark());
      if (!pair.first.IsScalar() || pair.first.Scalar().empty()) {
        problem(at, "a key must be a word");
        continue;
      }
      value(prefix + pair.first.Scalar(), pair.second, at, depth);
    }
  }

  void value(const std::string& key, const YAML::Node& node, At at, int depth) {
    if (full_) return;
    if (depth >= depth_max || key.size() > 512) return problem(at, "nested too deeply");
    if (node.IsMap()) return section(key + ".", node, depth + 1);
    if (node.IsSequence()) return list(key, node, at, depth);
    add(key, node.IsScalar() ? node.Scalar() : "",
        node.IsScalar() ? Entry::Shape::scalar : Entry::Shape::nothing, at);
  }

  void list(const std::string& key, const YAML::Node& node, At at, int depth) {
    const auto maps = std::count_if(node.begin(), node.end(), [](const auto& item) { return item.IsMap(); });
    const auto scalars =
        std::count_if(node.begin(), node.end(), [](const auto& item) { return item.IsScalar(); });
    if (static_cast<std::size_t>(maps) == node.size() && maps > 0) {
      for (std::size_t i = 0; i < node.size() && !full_; i++)
        section(key + "[" + std::to_string(i) + "].", node[i], depth + 1);
      return;
    }
    if (static_cast<std::size_t>(scalars) != node.size())
      return problem(at, key + ": the items of a list must be all values or all maps");
    std::string joined;
    for (const auto& item : node) {
      if (joined.size() > value_bytes_max) return problem(at, key + ": the list is too long");
      joined += (joined.empty() ? "" : ",") + item.Scalar();
    }
    add(key, std::move(joined), Entry::Shape::list, at);
  }

  void add(const std::string& key, std::string value, Entry::Shape shape, At at) {
    if (settings_.entries.size() >= entries_max) {
      full_ = true;
      return problem(at, "too many settings");
    }
    const auto [first, is_new] = seen_.emplace(key, origin(at));
    if (!is_new) return problem(at, key + ": given twice, first at " + first->second);
    if (const auto wrong = expand(value, environment_)) return problem(at, key + ": " + wrong->why);
    settings_.entries.push_back({key, std::move(value), shape, place(at), origin(at)});
  }

  const std::string& name_;
  const Environment& environment_;
  YamlSettings settings_;
  std::unordered_map<std::string, std::string> seen_;  // key → where
  bool full_ = false;
};

}  // namespace

YamlSettings read_yaml(std::string_view text, const std::string& name, const Environment& environment) {
  Walk walk(name, environment);
  walk.text(text);
  return walk.take();
}

}  // namespace mq::core
