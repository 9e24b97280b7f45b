// SPDX-License-Identifier: Apache-2.0
#include "net/http/endpoint.h"

#include <charconv>

namespace mq::net::http {

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  if (text.starts_with("https://"))
    endpoint.tls = true;
  else if (!text.starts_with("http://"))
    return std::nullopt;
  text.remove_prefix(endpoint.tls ? 8 : 7);
  if (text.ends_with('/')) text.remove_suffix(1);

  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (error != std::errc() || end != digits.data() + digits.size() || endpoint.port == 0) return std::nullopt;

  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of("/@[]? \t\r\n") != host.npos) return std::nullopt;
  if (!bracketed && host.find(':') != host.npos) return std::nullopt;
  endpoint.host = host;
  return endpoint;
}

std::string authority(const Endpoint& endpoint) {
  const bool brackets = endpoint.host.find(':') != std::string::npos;
  return (brackets ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

std::string to_string(const Endpoint& endpoint) {
  return (endpoint.tls ? "https://" : "http://") + authority(endpoint);
}

}  // namespace mq::net::http
