// SPDX-License-Identifier: Apache-2.0
// A word to systemd about how the service is doing: a datagram to the socket it named. Without one nothing
// happens.
#pragma once

#include <string_view>

namespace mq::cli {

void tell_systemd(std::string_view state);  // "READY=1", "STOPPING=1"

}  // namespace mq::cli
