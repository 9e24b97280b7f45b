// SPDX-License-Identifier: Apache-2.0
// Hands appends to the writer's queue, those of one turn of the loop together, and keeps the loop running
// while one of them waits for its answer. Lives on the loop.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <optional>

#include "storage/append_queue.h"
#include "storage/stall_watch.h"

namespace mq::storage {

class Appender {
 public:
  Appender(asio::io_context& loop, AppendQueue& queue, StallWatch& stall_watch)
      : loop_(loop), queue_(queue), stall_watch_(stall_watch) {}

  void submit(Append append);                         // its `done` is called when it has its answer
  Task<error_code> submitted(Append append);          // resumes when it is durable
  void refuse(Log::Appended done, error_code error);  // without an append: on a later turn of the loop
  void answered(std::size_t count);                   // so many of what was submitted have their answers

  void stop();  // what is submitted from now on is refused with `stopped`
  bool stopped() const { return stopped_; }
  void refuse_turn();  // with `stopped`, at once: what was submitted in this turn

 private:
  void hand_over();

  asio::io_context& loop_;
  AppendQueue& queue_;
  StallWatch& stall_watch_;
  std::vector<Append> turn_;                                 // appends of this turn of the loop
  std::size_t waiting_ = 0;                                  // appends without an answer
  std::optional<asio::executor_work_guard<Executor>> work_;  // while there are any
  bool stopped_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace mq::storage
