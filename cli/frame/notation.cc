// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/notation.h"

#include <algorithm>
#include <cctype>

namespace mq::cli {

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + '"';
}

std::string tsv_cell(const std::string& text) {
  std::string cell;
  for (const char c : text) {
    if (c == '\t') {
      cell += "\\t";
    } else if (c == '\n') {
      cell += "\\n";
    } else if (c == '\\') {
      cell += "\\\\";
    } else {
      cell += c;
    }
  }
  return cell;
}

namespace {

void json_lines(const json::value& value, const std::string& indent, std::string& text) {
  const std::string deeper = indent + "  ";
  if (value.is_object() && !value.get_object().empty()) {
    text += "{\n";
    std::size_t left = value.get_object().size();
    for (const auto& [key, inner] : value.get_object()) {
      text += deeper + json::serialize(json::string(key)) + ": ";
      json_lines(inner, deeper, text);
      text += --left ? ",\n" : "\n";
    }
    text += indent + "}";
  } else if (value.is_array() && !value.get_array().empty()) {
    text += "[\n";
    std::size_t left = value.get_array().size();
    for (const json::value& inner : value.get_array()) {
      text += deeper;
      json_lines(inner, deeper, text);
      text += --left ? ",\n" : "\n";
    }
    text += indent + "]";
  } else {
    text += json::serialize(value);
  }
}

// Plain where no reader of YAML could see anything but this string; else as JSON writes it, which is YAML
// too.
std::string yaml_string(std::string_view text) {
  constexpr std::string_view safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
  constexpr std::string_view words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const bool letter_first =
      !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '_');
  const bool plain = letter_first && text.find_first_not_of(safe) == text.npos &&
                     std::find(std::begin(words), std::end(words), lower) == std::end(words);
  return plain ? std::string(text) : json::serialize(json::string(text));
}

void yaml_lines(const json::value& value, const std::string& indent, std::string& text, bool after_dash) {
  bool first = after_dash;
  if (value.is_object() && !value.get_object().empty()) {
    for (const auto& [key, inner] : value.get_object()) {
      text += (first ? "" : indent) + yaml_string(key) + ":";
      first = false;
      const bool nested = (inner.is_object() && !inner.get_object().empty()) ||
                          (inner.is_array() && !inner.get_array().empty());
      text += nested ? "\n" : " ";
      yaml_lines(inner, nested ? indent + "  " : std::string{}, text, false);
    }
  } else if (value.is_array() && !value.get_array().empty()) {
    for (const json::value& inner : value.get_array()) {
      text += (first ? "" : indent) + "- ";
      first = false;
      yaml_lines(inner, indent + "  ", text, true);
    }
  } else {
    text += (value.is_string() ? yaml_string(value.get_string()) : json::serialize(value)) + "\n";
  }
}

}  // namespace

std::string to_json(const json::value& value, bool indent) {
  if (!indent) return json::serialize(value);
  std::string text;
  json_lines(value, "", text);
  return text;
}

std::string to_yaml(const json::value& value) {
  std::string text;
  yaml_lines(value, "", text, false);
  return text;
}

}  // namespace mq::cli
