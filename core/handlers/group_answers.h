// SPDX-License-Identifier: Apache-2.0
// What the handlers of all kinds of groups say alike. Pure functions.
#pragma once

#include "net/handler.h"
#include "net/kafka/acl_operation.h"

namespace mq::core {

// Without ACLs everybody may do everything that makes sense for a group.
using kafka::group_operations;

// As Kafka shows it: a name that is not there, and the address.
inline std::string host_of(const net::Peer& peer) {
  namespace ip = boost::asio::ip;
  auto address = peer.remote.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return "/" + address.to_string();
}

}  // namespace mq::core
