// SPDX-License-Identifier: Apache-2.0
// The far end of a Client, alive while its coroutines run: sends what is called, hands each answer to the
// call that is next in line, watches the clock. Lives on its loop.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "net/frames.h"
#include "net/signal.h"
#include "net/stream.h"

namespace mq::net {

class Wire : public std::enable_shared_from_this<Wire> {
 public:
  Wire(Socket socket, std::size_t answer_bytes_max);

  void run();  // once

  // With `answered` unset it returns when the request has left, with an empty slice.
  static Task<Result<Slice>> call(std::shared_ptr<Wire> self, Pieces request, Clock::duration timeout,
                                  bool answered);

  bool open() const { return !why_closed_; }
  void close(error_code why);
  asio::ip::tcp::endpoint remote() const;

 private:
  struct Call {
    std::int32_t correlation = 0;
    Clock::time_point deadline;
    std::optional<Result<Slice>> result;
    Signal done;

    void finish(Result<Slice> with);
  };
  struct Request {
    Pieces pieces;
    std::shared_ptr<Call> ends;  // when it has left, without waiting for an answer; may be null
  };

  static Task<void> send_all(std::shared_ptr<Wire> self);
  static Task<void> receive(std::shared_ptr<Wire> self);
  bool answered(Slice frame);
  void look_at_clock_by(Clock::time_point deadline);
  void look_at_clock();

  Stream stream_;
  Timer timer_;
  std::optional<Clock::time_point> looks_at_;
  Arena arena_{Slabs::of_process()};
  Frames frames_;
  Progress sending_;
  std::int32_t last_correlation_ = 0;
  std::deque<Request> requests_;               // not sent yet
  std::deque<std::shared_ptr<Call>> calls_;    // wait for an answer, in order
  std::deque<std::shared_ptr<Call>> leaving_;  // wait for having left, in order
  Signal more_;
  error_code why_closed_;
};

}  // namespace mq::net
