// SPDX-License-Identifier: Apache-2.0
#include "core/http/guard.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>

namespace mq::http {

namespace {

using boost::beast::iequals;

// Of host:port, the host; an IPv6 address stands in brackets.
std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool is_address(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code is_a_name;
  boost::asio::ip::make_address(std::string(host), is_a_name);
  return !is_a_name;
}

bool is_ours(std::string_view authority, const GuardRules& rules) {
  const std::string_view host = without_port(authority);
  return is_address(host) || iequals(host, "localhost") ||
         std::ranges::any_of(rules.hosts, [host](const std::string& known) { return iequals(known, host); });
}

bool is_same_origin(std::string_view origin, std::string_view host) {
  const std::size_t at = origin.find("://");
  return at != std::string_view::npos && iequals(origin.substr(at + 3), host);
}

// "application/json; charset=utf-8": its first part.
std::string_view media_type(std::string_view field) {
  std::string_view type = field.substr(0, field.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

}  // namespace

std::optional<Problem> refusal(const net::http::RequestHead& head, const Guarded& wants,
                               const GuardRules& rules) {
  const std::string_view host = head.field("Host"), origin = head.field("Origin"),
                         site = head.field("Sec-Fetch-Site");
  if (!host.empty() && !is_ours(host, rules))
    return Problem{
        .status = 421,
        .detail = "this broker is not asked by the name \"" + std::string(without_port(host)) + "\"",
        .hint = "add it to http.hosts, or use the address"};
  // A page cannot say the former itself, and behind a proxy the latter is of another host.
  const bool is_foreign = !site.empty() ? !iequals(site, "same-origin") && !iequals(site, "none")
                                        : !origin.empty() && !is_same_origin(origin, host);
  // The site with the link does not see what is answered.
  const bool is_link = wants.is_page && iequals(head.field("Sec-Fetch-Mode"), "navigate");
  if (is_foreign && !is_link)
    return Problem{.status = 403, .detail = "another site's page may not ask this broker"};
  if (!wants.changes) return std::nullopt;
  if (rules.read_only)
    return Problem{.status = 403,
                   .detail = "nothing can be changed here: http.read_only",
                   .hint = "use mq, or set http.read_only: false"};
  const std::string_view type = media_type(head.field("Content-Type")), length = head.field("Content-Length");
  const bool has_body = !head.field("Transfer-Encoding").empty() || (!length.empty() && length != "0");
  const bool is_json = iequals(type, "application/json");
  if (!wants.takes_any_type && !is_json && (has_body || !type.empty()))
    return Problem{.status = 415, .detail = "the body has to be application/json"};
  return std::nullopt;
}

}  // namespace mq::http
