// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/advertise.h"

#include <boost/endian/conversion.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace mq::core {

namespace {

using net::asio::ip::address;

// /proc/net/route: Iface Destination Gateway …, addresses as hexadecimal numbers in host order of a
// little-endian word.
std::optional<address> default_gateway() {
  std::ifstream routes("/proc/net/route");
  std::string line;
  std::getline(routes, line);
  while (std::getline(routes, line)) {
    std::istringstream words(line);
    std::string interface, destination, gateway;
    words >> interface >> destination >> gateway;
    if (destination != "00000000" || gateway.size() != 8) continue;
    const auto bits = static_cast<std::uint32_t>(std::stoul(gateway, nullptr, 16));
    return net::asio::ip::address_v4(boost::endian::endian_reverse(bits));
  }
  return {};
}

bool in_container() {
  std::error_code ignored;
  return std::filesystem::exists("/.dockerenv", ignored) ||
         std::filesystem::exists("/run/.containerenv", ignored);
}

address plain(const address& from) {
  if (from.is_v6() && from.to_v6().is_v4_mapped())
    return net::asio::ip::make_address_v4(net::asio::ip::v4_mapped, from.to_v6());
  return from;
}

}  // namespace

std::optional<address> container_gateway() {
  static const auto gateway = in_container() ? default_gateway() : std::nullopt;
  return gateway;
}

Address advertised(const Config& config, const net::Peer& peer) {
  for (const Listener& listener : config.listeners)
    if (listener.name == peer.listener && listener.advertise) return *listener.advertise;
  const std::uint16_t port = peer.local.port();
  if (const auto gateway = container_gateway(); gateway && plain(peer.remote.address()) == *gateway)
    return {"localhost", port};
  return {plain(peer.local.address()).to_string(), port};
}

}  // namespace mq::core
