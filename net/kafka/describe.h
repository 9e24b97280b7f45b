// SPDX-License-Identifier: Apache-2.0
// How a Kafka message is described: once, as data, next to its struct. Encode, decode, size, print, the table
// of APIs and the tests are folds over Describe<Message>::fields; nothing about a message is written twice.
#pragma once

#include <boost/pfr/tuple_size.hpp>
#include <string_view>
#include <tuple>

#include "net/kafka/types.h"

namespace mq::kafka {

struct Versions {
  Version first = 0;
  Version last = INT16_MAX;
  constexpr bool has(Version v) const { return first <= v && v <= last; }
  friend constexpr bool operator==(Versions, Versions) = default;
};
inline constexpr Versions always{};
inline constexpr Versions never{1, 0};
constexpr Versions since(Version v) {
  return {v, INT16_MAX};
}
constexpr Versions until(Version v) {
  return {0, v};
}

struct Rules {
  Versions in = always;    // versions that carry the field
  std::int16_t tag = -1;   // >= 0: carried in the tag section, when it differs from its default
  Versions null = always;  // of an optional: versions that know null; the others send an empty value instead
};

template <class Owner, class Type>
struct Field {
  std::string_view name;  // as the protocol guide spells it
  Type Owner::*at;
  Rules rules;
};

template <class Owner, class Type>
constexpr Field<Owner, Type> field(std::string_view name, Type Owner::*at, Rules rules = {}) {
  return {name, at, rules};
}

// Specialised beside every struct with `fields`, the rows in the order of the bytes. That of a whole message
// has as well `name`, `key`, `valid` (the versions we serve) and `flexible` (those with compact lengths and
// tags).
template <class Message>
struct Describe;

template <class T>
concept Described = requires {
  Describe<T>::fields;
};

template <class T>
concept Message = Described<T> && requires {
  Describe<T>::name;
  Describe<T>::key;
  Describe<T>::valid;
  Describe<T>::flexible;
};

// Every fold goes through here, so that a forgotten row does not compile.
template <Described M>
constexpr void each_field(auto&& visit) {
  static_assert(std::tuple_size_v<decltype(Describe<M>::fields)> == boost::pfr::tuple_size_v<M>,
                "a member of this message has no row in its table");
  std::apply([&](const auto&... f) { (visit(f), ...); }, Describe<M>::fields);
}

}  // namespace mq::kafka
