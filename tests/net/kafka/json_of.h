// SPDX-License-Identifier: Apache-2.0
// A described message as the JSON that golden bytes come with: what this version carries, in Kafka's
// spelling.
#pragma once

#include <boost/beast/core/detail/base64.hpp>
#include <boost/json.hpp>

#include "net/kafka/codec_definitions.h"
#include "net/kafka/uuid.h"

namespace mq::kafka::golden {

namespace json = boost::json;

inline std::string camel(std::string_view snake) {
  std::string out;
  for (std::size_t i = 0; i < snake.size(); i++) {
    if (snake[i] == '_') {
      out += static_cast<char>(std::toupper(static_cast<unsigned char>(snake[++i])));
    } else {
      out += snake[i];
    }
  }
  return out;
}

inline std::string base64(net::Bytes bytes) {
  namespace base64 = boost::beast::detail::base64;
  std::string out(base64::encoded_size(bytes.size()), '\0');
  out.resize(base64::encode(out.data(), bytes.data(), bytes.size()));
  return out;
}

template <Described M>
json::value json_of(const M& m, Version version);

template <wire::Integer T>
json::value json_of(T v, Version) {
  return static_cast<std::int64_t>(v);
}
inline json::value json_of(bool v, Version) {
  return v;
}
inline json::value json_of(const std::string& v, Version) {
  return json::string(v);
}
inline json::value json_of(const Uuid& v, Version) {
  return json::string(text_of(v));
}
inline json::value json_of(const Bytes& v, Version) {
  return json::string(base64(v));
}
inline json::value json_of(const Records& v, Version) {
  return json::string(base64(v.bytes));
}
template <class T>
requires(!wire::Raw<std::vector<T>>) json::value json_of(const std::vector<T>& v, Version version) {
  json::array out;
  for (const auto& element : v) out.push_back(json_of(element, version));
  return out;
}
template <class T>
json::value json_of(const std::optional<T>& v, Version version) {
  return v ? json_of(*v, version) : json::value(nullptr);
}
template <Described M>
json::value json_of(const M& m, Version version) {
  json::object out;
  each_field<M>([&](const auto& f) {
    if (f.rules.in.has(version)) out[camel(f.name)] = json_of(m.*f.at, version);
  });
  return out;
}

}  // namespace mq::kafka::golden
