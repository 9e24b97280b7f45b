// SPDX-License-Identifier: Apache-2.0
// What the connections of a server have in common: who is there, the memory their requests hold, and the
// watch over those that should move and do not, and those that are idle. Lives on the loop, shared by the
// server and each connection.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/arena.h"
#include "net/server.h"
#include "net/signal.h"
#include "net/socket.h"

namespace mq::net {

class Connection;

class Connections : public std::enable_shared_from_this<Connections> {
 public:
  Connections(asio::io_context& loop, Handler& handler, const Limits& limits);

  bool full(const asio::ip::address& from) const;
  void joined(Connection& connection);
  void left(Connection& connection);
  void close_all();

  // The memory of all requests together. `mine`: held by who asks; what is alone may be as large as it is.
  bool fits(std::size_t bytes, std::size_t mine) const;
  void hold(std::size_t bytes);
  void release(std::size_t bytes);
  void wake_when_released(std::shared_ptr<Signal> signal);

  // A connection begins to wait for its peer. Cheap when somebody already does: all of them are looked at
  // every now and then while at least one waits, else when the first may have been idle for too long.
  void watch();

  // A line of log, unless there were many this second.
  void say(const Peer& peer, std::string_view what);
  void say(std::string_view line);

  asio::io_context& loop;
  Handler& handler;
  const Limits limits;
  Arena arena{Slabs::of_process()};
  ServerStats stats;

 private:
  static Task<void> keep_watch(std::shared_ptr<Connections> self);
  std::optional<Clock::time_point> look();
  bool close_stalled();
  Clock::time_point close_idle();
  void set_watch(Clock::time_point until);
  bool may_say();

  const Clock::duration look_every_;
  bool watching_ = false;  // the timer runs
  bool often_ = false;     // somebody waits for a peer
  Timer timer_;

  std::unordered_map<std::uint64_t, Connection*> all_;
  std::map<asio::ip::address, std::size_t> per_ip_;  // empty without a limit

  std::size_t held_bytes_ = 0;
  std::vector<std::shared_ptr<Signal>> waiting_;

  Clock::time_point said_at_{};
  std::size_t said_ = 0;
};

}  // namespace mq::net
