// SPDX-License-Identifier: Apache-2.0
// One connection to a broker: frames out, frames back in order. Lives on its loop; many calls may be in
// flight.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "net/dial.h"

namespace mq::net {

class Client {
 public:
  using Duration = std::chrono::steady_clock::duration;
  static constexpr std::size_t answer_bytes_max_default = 256u << 20;

  // As `dial`. Larger answers than `answer_bytes_max` close the connection.
  static Task<Result<std::shared_ptr<Client>>> connect(
      std::string host, std::uint16_t port, Duration timeout, std::vector<Attempt>* attempts = nullptr,
      std::size_t answer_bytes_max = answer_bytes_max_default);
  virtual ~Client() = default;  // closes

  // Sends a whole request frame (4-byte length first, correlation id anything) and returns the answer's frame
  // without its length: it begins with the correlation id. Frames leave in the order of the calls.
  // `timed_out` closes the connection; so does any other error, and then all calls in flight return it. A
  // request that is no frame is `malformed` and harms nobody else.
  virtual Task<Result<Slice>> call(Pieces request, Duration timeout) = 0;
  virtual Task<error_code> send(
      Pieces request) = 0;  // no answer expected (acks = 0); returns when it has left

  virtual bool open() const = 0;
  virtual void close() = 0;
  virtual asio::ip::tcp::endpoint remote() const = 0;
};

}  // namespace mq::net
