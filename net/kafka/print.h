// SPDX-License-Identifier: Apache-2.0
// Any described message as one line: {group_id: "g", generation_id: 7, …}. For logs, tools and failing tests.
#pragma once

#include <ostream>

#include "net/kafka/codec_definitions.h"
#include "net/kafka/uuid.h"

namespace mq::kafka {

namespace wire {

void print_text(std::ostream& to, std::string_view text);  // quoted, escaped, cut when long

template <Described M>
void print_value(std::ostream& to, const M& m);

template <Integer T>
void print_value(std::ostream& to, T v) {
  to << +v;
}
inline void print_value(std::ostream& to, bool v) {
  to << (v ? "true" : "false");
}
inline void print_value(std::ostream& to, const Uuid& v) {
  to << text_of(v);
}
inline void print_value(std::ostream& to, const std::string& v) {
  print_text(to, v);
}
inline void print_value(std::ostream& to, const Bytes& v) {
  to << v.size() << " bytes";
}
inline void print_value(std::ostream& to, const Records& v) {
  to << v.size() << " bytes of records";
}
template <class T>
requires(!Raw<std::vector<T>>) void print_value(std::ostream& to, const std::vector<T>& array) {
  to << '[';
  for (const char* comma = ""; const auto& element : array) {
    to << comma;
    print_value(to, element);
    comma = ", ";
  }
  to << ']';
}
template <class T>
void print_value(std::ostream& to, const std::optional<T>& v) {
  if (!v) {
    to << "null";
  } else {
    print_value(to, *v);
  }
}
template <Described M>
void print_value(std::ostream& to, const M& m) {
  to << '{';
  const char* comma = "";
  each_field<M>([&](const auto& f) {
    to << comma << f.name << ": ";
    print_value(to, m.*f.at);
    comma = ", ";
  });
  to << '}';
}

}  // namespace wire

template <Described M>
void print(std::ostream& to, const M& m) {
  wire::print_value(to, m);
}

}  // namespace mq::kafka
