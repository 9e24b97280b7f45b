// SPDX-License-Identifier: Apache-2.0
// A YAML text as a flat list of settings, each with its place. Sections and dots mean the same: `storage:
// {data: /x}` is storage.data. Knows no setting. Bounded whatever the text; reads files only for ${file:…}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"

namespace mq::core {

struct Entry {
  enum class Shape { scalar, list, nothing };

  std::string key;    // in a list of maps "listeners[0].name"
  std::string value;  // ${NAME} and ${file:/path} replaced; the items of a list joined by commas
  Shape shape = Shape::scalar;
  std::string place;   // "mq.yaml:14:3"
  std::string origin;  // "mq.yaml:14"
};

struct YamlSettings {
  std::vector<Entry> entries;  // as they stand in the text; each key once
  std::vector<Problem> problems;
};

inline constexpr std::size_t yaml_bytes_max = 1u << 20;

YamlSettings read_yaml(std::string_view text, const std::string& name, const Environment& environment);

}  // namespace mq::core
