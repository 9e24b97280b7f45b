// SPDX-License-Identifier: Apache-2.0
// How far away a peer is.
#pragma once

#include <chrono>

namespace mq::net {

// The shortest way there and back that TCP has seen of late; 0 of what is no connected socket.
std::chrono::microseconds round_trip(int socket);

}  // namespace mq::net
