// SPDX-License-Identifier: Apache-2.0
// What a server calls: the one door from net up to whoever answers.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <string>

#include "net/types.h"

namespace mq::net {

// Who is at the other end. One per connection, lives as long as the connection and every request of it.
struct Peer {
  std::uint64_t id = 0;           // unique in this process
  std::string listener;           // on which it came, as Server::listen was told
  asio::ip::tcp::endpoint local;  // the address it came to
  asio::ip::tcp::endpoint remote;
  std::string software;  // "name version", as the client gave it in ApiVersions; may be empty
  bool gone = false;     // the connection has closed: parked answers may be dropped
  int socket = -1;       // its descriptor, to ask the kernel about; -1 when gone
  // Called once when it goes: for whoever waits on its behalf. There is one at a time, for requests that wait
  // do not overlap.
  std::function<void()> when_gone = {};
};

// Lives on the loop. `handle` is called once per frame in the order of arrival and runs to its first
// suspension before the next one is called; answers may become ready in any order and leave in order. Who
// sends several requests at once relies on their order: each begins when all before it on its connection are
// answered, unless `overlaps` says that it need not.
class Handler {
 public:
  virtual ~Handler() = default;

  // `frame`: one request without its length. The answer: a whole response frame, its 4-byte length first;
  // empty when nothing is to be said (acks = 0). An error closes the connection.
  virtual Task<Result<Pieces>> handle(std::shared_ptr<Peer> peer, Slice frame) = 0;

  // Whether this request may be in flight beside others of which this is said, too. Asked once, before it
  // begins.
  virtual bool overlaps(Bytes frame) const = 0;
};

}  // namespace mq::net
