// SPDX-License-Identifier: Apache-2.0
// Some fields of a JSON text, found in one pass over it and without building what it says. Digits and texts
// are kept as they are. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mq::admin {

struct JsonField {
  enum class Kind { missing, null, boolean, number, text, structure };  // structure: an object or array
  Kind kind = Kind::missing;
  bool truth = false;  // of a boolean
  std::string text;    // of a text, without its escapes; the digits of a number
};

class JsonFields {
 public:
  static constexpr std::size_t paths_max = 32, depth_max = 128;

  // A field's name, or the place in an array, from 0. An empty path is the whole text.
  using Step = std::variant<std::string, std::size_t>;
  using Path = std::vector<Step>;

  // Its number; the same for the same path. Not more than paths_max of them, nor longer than depth_max.
  std::size_t add(Path path);
  std::size_t size() const { return paths_.size(); }
  bool full() const { return paths_.size() == paths_max; }

  // By number. A text that is no JSON, or nested deeper than depth_max, has no fields: all are missing. Of a
  // field that is there twice it is the last, as everybody reads it.
  std::vector<JsonField> find(std::string_view json) const;

 private:
  std::vector<Path> paths_;
};

}  // namespace mq::admin
