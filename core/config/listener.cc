// SPDX-License-Identifier: Apache-2.0
#include "core/config/listener.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace mq::core {
namespace {

constexpr std::size_t listeners_max = 64;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_host(std::string_view text) {
  const auto ok = [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; };
  return text.size() <= 253 && std::all_of(text.begin(), text.end(), ok);
}

bool is_ipv6(std::string_view text) {
  const auto ok = [](char c) { return is_alphanumeric(c) || c == ':' || c == '.' || c == '%'; };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), ok);
}

bool is_name(std::string_view text) {
  const auto ok = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), ok);
}

struct NamedAddress {
  std::string_view name;  // "default" when there was none
  std::string_view address;
};

NamedAddress named_address(std::string_view part) {
  const std::size_t equals = part.find('=');
  if (equals == std::string_view::npos) return {"default", part};
  return {trim(part.substr(0, equals)), trim(part.substr(equals + 1))};
}

Listener* find_listener(std::vector<Listener>& listeners, std::string_view name) {
  const auto found = std::ranges::find(listeners, name, &Listener::name);
  return found == listeners.end() ? nullptr : &*found;
}

// The names are left out where there is only one.
std::string joined(const std::vector<Listener>& listeners, std::string (*text_of)(const Listener&)) {
  std::string text;
  for (const Listener& listener : listeners) {
    if (!text.empty()) text += ',';
    if (listeners.size() > 1 || listener.name != "default") text += listener.name + "=";
    text += text_of(listener);
  }
  return text;
}

}  // namespace

Parsed<Address> parse_address(std::string_view text) {
  const Wrong wrong{quote(text) + " is not an address such as 127.0.0.1:9092, [::1]:9092 or :9092"};
  const std::string_view all = trim(text);
  if (all.find("://") != std::string_view::npos)
    return Wrong{quote(text) + " is a URL; write host:port alone"};

  const std::size_t colon = all.rfind(':');
  std::string_view host = colon == std::string_view::npos ? std::string_view() : all.substr(0, colon);
  const std::string_view digits = colon == std::string_view::npos ? all : all.substr(colon + 1);
  if (colon == std::string_view::npos && !parse_integer(all))
    return is_host(all) && !all.empty() ? Wrong{quote(text) + " needs a port: " + std::string(all) + ":9092"}
                                        : wrong;

  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!is_ipv6(host)) return wrong;
  } else if (host.find(':') != std::string_view::npos && is_ipv6(host)) {
    return Wrong{quote(text) + " needs brackets around the IPv6 address: [::1]:9092"};
  } else if (!is_host(host)) {
    return wrong;
  }
  const auto port = parse_integer(digits);
  if (!port) return wrong;
  if (*port < 0 || *port > 65535) return Wrong{quote(text) + ": a port is a number from 0 to 65535"};
  return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

Parsed<std::optional<Address>> parse_advertise(std::string_view text) {
  if (trim(text) == "auto") return std::optional<Address>();
  auto address = parse_address(text);
  if (!address) return address.error();
  const bool nowhere = address->host.empty() || address->host == "0.0.0.0" || address->host == "::";
  if (nowhere || address->port == 0)
    return Wrong{"clients cannot connect to " + quote(text) + "; write auto or host:port as they reach it"};
  return std::optional<Address>(std::move(*address));
}

bool HttpListener::is_local() const {
  if (!at || at->host == "localhost") return true;
  boost::system::error_code is_a_name;
  const auto address = boost::asio::ip::make_address(at->host, is_a_name);
  return !is_a_name && address.is_loopback();
}

std::string format_address(const Address& address) {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::optional<Wrong> check(const std::vector<Listener>& listeners) {
  if (listeners.empty()) return Wrong{"at least one listener is needed"};
  if (listeners.size() > listeners_max)
    return Wrong{"at most " + std::to_string(listeners_max) + " listeners"};
  for (auto one = listeners.begin(); one != listeners.end(); ++one) {
    if (!is_name(one->name))
      return Wrong{quote(one->name) + " is no name for a listener: letters, digits, - and _"};
    for (auto other = listeners.begin(); other != one; ++other) {
      if (other->name == one->name) return Wrong{"two listeners are called " + quote(one->name)};
      if (other->listen == one->listen && one->listen.port != 0)
        return Wrong{quote(other->name) + " and " + quote(one->name) + " both listen on " +
                     format_address(one->listen)};
    }
  }
  return std::nullopt;
}

std::optional<Wrong> read_listeners(std::string_view text, std::vector<Listener>& into) {
  std::vector<Listener> listeners;
  for (const std::string_view part : split(text, ',')) {
    const auto [name, address] = named_address(part);
    const auto listen = parse_address(address);
    if (!listen) return listen.error();
    const Listener* known = find_listener(into, name);
    const auto advertise = known ? known->advertise : std::optional<Address>();
    listeners.push_back({std::string(name), *listen, advertise});
  }
  if (auto wrong = check(listeners)) return wrong;
  into = std::move(listeners);
  return std::nullopt;
}

std::optional<Wrong> read_advertised(std::string_view text, std::vector<Listener>& into) {
  auto listeners = into;
  const auto parts = split(text, ',');
  if (parts.empty()) return Wrong{"must be auto or host:port"};
  for (const std::string_view part : parts) {
    const auto [name, address] = named_address(part);
    Listener* known = find_listener(listeners, name);
    if (!known) return Wrong{"there is no listener " + quote(name)};
    const auto advertise = parse_advertise(address);
    if (!advertise) return advertise.error();
    known->advertise = *advertise;
  }
  into = std::move(listeners);
  return std::nullopt;
}

std::string format_listeners(const std::vector<Listener>& listeners) {
  return joined(listeners, [](const Listener& one) { return format_address(one.listen); });
}

std::string format_advertised(const std::vector<Listener>& listeners) {
  return joined(listeners, [](const Listener& one) {
    return one.advertise ? format_address(*one.advertise) : std::string("auto");
  });
}

}  // namespace mq::core
