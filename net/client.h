// SPDX-License-Identifier: Apache-2.0
// One connection to a broker: frames out, frames back in order. Lives on its loop; many calls may be in flight.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "net/types.h"

namespace mq::net {

class Client {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // Tries each address the name has, one after the other; `timeout` for each of them (TCP connect only).
  static Task<Result<std::shared_ptr<Client>>> connect(std::string host, std::uint16_t port, Duration timeout);
  virtual ~Client() = default;

  // Sends a whole request frame (4-byte length first, correlation id anything) and returns the answer's frame without
  // its length. Frames leave in the order of the calls. `timed_out` closes the connection; so does any other error,
  // and then all calls in flight return it.
  virtual Task<Result<Slice>> call(Pieces request, Duration timeout) = 0;
  virtual Task<error_code> send(Pieces request) = 0;  // no answer expected (acks = 0)

  virtual bool open() const = 0;
  virtual void close() = 0;
};

}  // namespace mq::net
