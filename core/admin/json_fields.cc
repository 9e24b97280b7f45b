// SPDX-License-Identifier: Apache-2.0
#include "core/admin/json_fields.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>

namespace mq::admin {
namespace {

namespace json = boost::json;
using Kind = JsonField::Kind;
using Paths = std::uint32_t;  // a bit for each path
static_assert(JsonFields::paths_max <= 32);

// What the parser calls, once for each word. `ahead_`: the paths that lead to, or into, the value that comes
// next.
class Finder {
 public:
  static constexpr std::size_t max_object_size = -1, max_array_size = -1, max_key_size = -1,
                               max_string_size = -1;

  explicit Finder(const std::vector<JsonFields::Path>& paths) : paths_(paths), fields_(paths.size()) {
    ahead_ = static_cast<Paths>((std::uint64_t{1} << paths.size()) - 1);
    levels_.reserve(16);
  }
  std::vector<JsonField> take() { return std::move(fields_); }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return open(false); }
  bool on_array_begin(json::error_code&) { return open(true); }
  bool on_object_end(std::size_t, json::error_code&) { return close(); }
  bool on_array_end(std::size_t, json::error_code&) { return close(); }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    return levels_.back().paths == 0 || gather(part);
  }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    if (levels_.back().paths == 0) return true;
    gather(part);
    look_for([this](const JsonFields::Step& step) {
      const auto* name = std::get_if<std::string>(&step);
      return name && *name == text_;
    });
    text_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    return ahead_ == 0 || gather(part);
  }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    if (ahead_ == 0) return passed();
    gather(part);
    found({Kind::text, false, text_});
    text_.clear();
    return passed();
  }
  bool on_number_part(json::string_view part, json::error_code&) { return ahead_ == 0 || gather(part); }
  bool on_int64(std::int64_t, json::string_view digits, json::error_code&) { return number(digits); }
  bool on_uint64(std::uint64_t, json::string_view digits, json::error_code&) { return number(digits); }
  bool on_double(double, json::string_view digits, json::error_code&) { return number(digits); }
  bool on_bool(bool truth, json::error_code&) {
    if (ahead_ != 0) found({Kind::boolean, truth, {}});
    return passed();
  }
  bool on_null(json::error_code&) {
    if (ahead_ != 0) found({Kind::null, false, {}});
    return passed();
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  struct Level {  // an object or array that is open
    bool is_array = false;
    std::size_t place = 0;
    Paths paths = 0;  // that lead into it
  };

  bool gather(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool number(json::string_view digits) {
    if (ahead_ == 0) return passed();
    gather(digits);
    found({Kind::number, false, text_});
    text_.clear();
    return passed();
  }
  bool open(bool is_array) {
    if (ahead_ != 0) found({Kind::structure, false, {}});
    levels_.push_back({is_array, 0, ahead_});
    ahead_ = 0;
    if (is_array) look_for_place();
    return true;
  }
  bool close() {
    levels_.pop_back();
    return passed();
  }
  bool passed() {
    ahead_ = 0;
    if (levels_.empty() || !levels_.back().is_array) return true;
    levels_.back().place++;
    look_for_place();
    return true;
  }
  void look_for_place() {
    if (levels_.back().paths == 0) return;
    look_for([this](const JsonFields::Step& step) {
      const auto* place = std::get_if<std::size_t>(&step);
      return place && *place == levels_.back().place;
    });
  }
  // What an earlier field of that name had does not count.
  template <class Fits>
  void look_for(const Fits& fits) {
    const std::size_t depth = levels_.size();
    ahead_ = 0;
    for (std::size_t i = 0; i < paths_.size(); i++) {
      if (!(levels_.back().paths >> i & 1) || paths_[i].size() < depth || !fits(paths_[i][depth - 1]))
        continue;
      ahead_ |= Paths{1} << i;
      fields_[i] = {};
    }
  }
  void found(const JsonField& field) {
    for (std::size_t i = 0; i < paths_.size(); i++)
      if (ahead_ >> i & 1 && paths_[i].size() == levels_.size()) fields_[i] = field;
  }

  const std::vector<JsonFields::Path>& paths_;
  std::vector<JsonField> fields_;
  std::vector<Level> levels_;
  Paths ahead_ = 0;
  std::string text_;  // of the word that is being read
};

}  // namespace

std::size_t JsonFields::add(Path path) {
  const auto number = static_cast<std::size_t>(std::ranges::find(paths_, path) - paths_.begin());
  if (number == paths_.size()) paths_.push_back(std::move(path));
  return number;
}

std::vector<JsonField> JsonFields::find(std::string_view text) const {
  json::parse_options options;
  options.max_depth = depth_max;
  json::basic_parser<Finder> parser(options, paths_);
  json::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (error || read < text.size()) return std::vector<JsonField>(paths_.size());
  return parser.handler().take();
}

}  // namespace mq::admin
