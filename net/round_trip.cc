// SPDX-License-Identifier: Apache-2.0
#include "net/round_trip.h"

#include <linux/tcp.h>  // glibc's, which Asio includes, has no tcpi_min_rtt
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

namespace mq::net {

std::chrono::microseconds round_trip(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  constexpr std::uint32_t not_seen = ~0u;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || info.tcpi_min_rtt == not_seen)
    return {};
  return std::chrono::microseconds(info.tcpi_min_rtt);
}

}  // namespace mq::net
