// SPDX-License-Identifier: Apache-2.0
// Where an HTTP server listens, as people write it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mq::net::http {

struct Endpoint {
  bool tls = false;
  std::string host;  // an IPv6 address stands without its brackets
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

// http://host:port or https://host:port; nothing: it is something else.
std::optional<Endpoint> parse_endpoint(std::string_view text);
std::string authority(const Endpoint& endpoint);  // host:port
std::string to_string(const Endpoint& endpoint);

}  // namespace mq::net::http
