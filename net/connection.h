// SPDX-License-Identifier: Apache-2.0
// One client of a server. Requests start in order and, but for those that may overlap, one after the other;
// answers leave in order; all that is ready leaves in one write. Not read any further while too much is in
// flight. Lives on the loop, kept alive by its coroutines: a handler that answers after the end finds a
// connection that drops the answer.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "net/connections.h"
#include "net/frames.h"
#include "net/handler.h"
#include "net/signal.h"
#include "net/stream.h"

namespace mq::net {

// For how long something may wait for a peer: within the limit it finishes, or moves a good piece.
class Patience {
 public:
  static constexpr int looks = 4;  // within the shortest limit

  bool lost(const Progress& now, Clock::duration look_every, Clock::duration limit);

 private:
  Progress before_;
  int unmoved_ = 0;  // times looked at
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket socket, std::shared_ptr<Peer> peer, std::shared_ptr<Connections> all);

  static Task<void> serve(std::shared_ptr<Connection> self);
  void close(error_code why);  // the first reason counts

  const Peer& peer() const { return *peer_; }
  bool waiting() const {
    return receiving_.waiting || sending_.waiting;
  }  // for the peer, with something unfinished
  bool lost_patience(Clock::duration look_every);
  // When it will have been idle for too long if it goes on like this; while it is at work, as if it ended
  // now.
  Clock::time_point idle_until(Clock::time_point now) const;

 private:
  struct Slot {
    std::size_t request_bytes = 0, answer_bytes = 0;  // of the answer, what is in memory
    std::optional<Result<Pieces>> answer;
  };
  struct Work {
    std::shared_ptr<Slot> slot;
    Slice frame;
  };

  Task<error_code> read();
  Task<error_code> reserve();
  Task<void> room(std::size_t bytes);
  bool crowded(std::size_t bytes) const;
  bool must_wait(bool overlaps) const;
  Task<void> wait_for_earlier(bool overlaps);
  void start(Slice frame, bool overlaps);
  static Task<void> run(std::shared_ptr<Connection> self, Work work);
  void finish(Slot& slot, Result<Pieces> answer);

  static Task<void> answer(std::shared_ptr<Connection> self);
  Pieces take_ready(std::size_t& bytes);

  Stream stream_;
  const std::shared_ptr<Peer> peer_;
  const std::shared_ptr<Connections> all_;
  Frames frames_;
  std::deque<std::shared_ptr<Slot>> slots_;
  std::size_t running_ = 0;          // requests whose handler has not answered
  bool overlapping_ = false;         // those that run, with others like them
  std::size_t in_flight_bytes_ = 0;  // requests that have not been answered
  std::size_t unsent_bytes_ = 0;     // answers in memory
  std::size_t reserved_bytes_ = 0;   // for the frame on its way
  bool failed_ = false;  // a request could not be answered: the connection ends when its turn comes
  bool closed_ = false;
  bool starting_ = false;  // a request: what it answers at once leaves when all that has come is started
  Work next_;              // of the runner that is resumed
  Clock::time_point active_ = Clock::now();  // a request has come whole, or an answer has left
  Progress receiving_, sending_;
  Patience for_frame_, for_send_;
  Signal ready_, room_, runner_;
};

}  // namespace mq::net
