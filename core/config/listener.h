// SPDX-License-Identifier: Apache-2.0
// Where clients reach the broker, and what they are told. Pure; any thread; no name is resolved here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/scalars.h"

namespace mq::core {

struct Address {
  std::string host;  // empty: all interfaces; IPv6 without brackets
  std::uint16_t port = 9092;

  bool operator==(const Address&) const = default;
};

struct Listener {
  std::string name = "default";
  Address listen{"127.0.0.1", 9092};
  std::optional<Address> advertise;  // none: auto, the local address of the client's connection

  bool operator==(const Listener&) const = default;
};

// Where HTTP is spoken.
struct HttpListener {
  std::optional<Address> at = Address{"127.0.0.1", 8092};  // none: nowhere

  bool is_local() const;  // nobody on another machine reaches it; a name counts as if somebody did
  bool operator==(const HttpListener&) const = default;
};

Parsed<Address> parse_address(std::string_view text);  // host:port, [::1]:port, :port, or a port alone
Parsed<std::optional<Address>> parse_advertise(
    std::string_view text);                          // auto, or an address one can connect to
std::string format_address(const Address& address);  // ":9092", "[::1]:9092"

// All of them in one line, ":9092,internal=10.0.0.1:9093", and what they advertise, "internal=auto".
// Listeners keep what they advertise when their name stays; nothing changes when something is wrong.
std::optional<Wrong> read_listeners(std::string_view text, std::vector<Listener>& into);
std::optional<Wrong> read_advertised(std::string_view text, std::vector<Listener>& into);
std::string format_listeners(const std::vector<Listener>& listeners);
std::string format_advertised(const std::vector<Listener>& listeners);

// What is wrong with the listeners of a broker: none, bad names, two with one name or one address.
std::optional<Wrong> check(const std::vector<Listener>& listeners);

}  // namespace mq::core
