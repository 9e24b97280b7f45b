// SPDX-License-Identifier: Apache-2.0
// How entries are read and written: an object that says the version of its form. For entries*.cc.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "core/types.h"
#include "storage/error.h"

namespace mq::core::entry_json {

namespace json = boost::json;

inline constexpr std::int64_t form = 1;

// An object of a form that is known.
inline Result<json::object> parse(std::string_view text) {
  error_code error;
  auto value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return make_error_code(storage::Errc::corrupt);
  const json::value* version = value.get_object().if_contains("v");
  if (!version || !version->is_int64() || version->get_int64() != form)
    return make_error_code(storage::Errc::corrupt);
  return std::move(value.get_object());
}

template <class T>
bool read(const json::object& from, json::string_view name, T& to) {
  const json::value* value = from.if_contains(name);
  if (!value) return false;
  auto got = json::try_value_to<T>(*value);
  if (!got) return false;
  to = std::move(*got);
  return true;
}

}  // namespace mq::core::entry_json
