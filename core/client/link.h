// SPDX-License-Identifier: Apache-2.0
// A connection to one broker and the versions that broker speaks. Lives on its loop. It is opened once, and
// whoever comes meanwhile waits for the same opening.
#pragma once

#include <memory>
#include <vector>

#include "core/client/client.h"
#include "core/loop/waiter.h"

namespace mq::client {

class Link {
 public:
  // Tries the addresses one after the other, and all that their names stand for; greets whoever answers.
  // All of it within options.timeout.
  static Task<Answer<Nothing>> open(std::shared_ptr<Link> self, std::vector<Address> addresses,
                                    Broker expected, Options options);
  // Waits until open() has ended, one way or the other, and all who came earlier have gone on.
  static Task<Answer<Nothing>> opened(std::shared_ptr<Link> self, asio::io_context& loop);

  bool usable() const { return state_ == State::opening || (state_ == State::open && socket_->open()); }
  bool must_queue() const { return state_ == State::opening || serving_ != next_ticket_; }
  net::Client& socket() { return *socket_; }
  std::shared_ptr<net::Client> shared_socket() { return socket_; }
  void close() {
    if (socket_) socket_->close();
  }

  const Broker& broker() const { return broker_; }
  const kafka::ApiVersionsResponse& versions() const { return versions_; }

 private:
  enum class State { opening, open, failed };
  Task<bool> try_address(Address address, const Options& options, Time deadline);
  Task<bool> greet(const Options& options, Time deadline);
  void finish(State state);

  State state_ = State::opening;
  Broker broker_;
  std::shared_ptr<net::Client> socket_;
  kafka::ApiVersionsResponse versions_;
  Failure failure_;
  core::Waiters waiting_;
  std::uint64_t next_ticket_ = 0, serving_ = 0;
};

// "connection refused", "no answer within 3 s", …: an error as a reason, behind a colon.
std::string reason(error_code error);

// The addresses of a name that were tried, as people read them.
std::vector<Attempt> told(const std::string& name, const std::vector<net::Attempt>& attempts,
                          error_code error);

// The bytes behind the header of a response; empty when there are too few.
net::Bytes response_body(net::Bytes frame, bool flexible);

}  // namespace mq::client
