// SPDX-License-Identifier: Apache-2.0
// The errors inside an answer, wherever its table has them: a fold, which is nothing for messages that have
// none.
#pragma once

#include <optional>
#include <vector>

#include "net/kafka/describe.h"

namespace mq::kafka {

namespace errors {

template <class T>
constexpr bool is_list = false;
template <class T>
constexpr bool is_list<std::vector<T>> = true;
template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

template <class Owner, class Type>
constexpr bool is_error(const Field<Owner, Type>& field) {
  return std::is_same_v<Type, std::int16_t> && field.name == "error_code";
}

template <class T>
constexpr bool holds_any() {
  if constexpr (is_list<T> || is_optional<T>) {
    return holds_any<typename T::value_type>();
  } else if constexpr (Described<T>) {
    bool any = false;
    each_field<T>([&]<class Owner, class Type>(const Field<Owner, Type>& field) {
      any = any || is_error(field) || holds_any<Type>();
    });
    return any;
  } else {
    return false;
  }
}

}  // namespace errors

// `visit(code)` for each that is not 0, in the first `elements` of all lists together, which becomes less: an
// answer may be long.
template <class T, class Visit>
void each_error(const T& part, std::size_t& elements, Visit& visit) {
  if constexpr (!errors::holds_any<T>()) {
    return;
  } else if constexpr (errors::is_list<T>) {
    for (const auto& one : part) {
      if (elements == 0) return;
      elements--;
      each_error(one, elements, visit);
    }
  } else if constexpr (errors::is_optional<T>) {
    if (part) each_error(*part, elements, visit);
  } else {
    each_field<T>([&]<class Owner, class Type>(const Field<Owner, Type>& field) {
      if constexpr (std::is_same_v<Type, std::int16_t>) {
        if (errors::is_error(field) && part.*field.at != 0) visit(part.*field.at);
      } else {
        each_error(part.*field.at, elements, visit);
      }
    });
  }
}

}  // namespace mq::kafka
