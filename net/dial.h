// SPDX-License-Identifier: Apache-2.0
// From a name and a port to a socket that is connected. Lives on the loop.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "net/socket.h"

namespace mq::net {

// An address that was tried, and why it did not answer.
struct Attempt {
  asio::ip::tcp::endpoint address;
  error_code error;
};

// Tries each address the name has, one after the other; `timeout` for the name, and for each of them (TCP
// connect only). The error is the last one; `attempts`, if given, tells all of them and is kept by the
// caller.
Task<Result<Socket>> dial(std::string host, std::uint16_t port, Clock::duration timeout,
                          std::vector<Attempt>* attempts = nullptr);

}  // namespace mq::net
