// SPDX-License-Identifier: Apache-2.0
#include "storage/appender.h"

#include <boost/asio/post.hpp>

#include "storage/error.h"
#include "storage/partition_log.h"

namespace mq::storage {

// One lock and one wake-up for all appends of a turn.
void Appender::submit(Append append) {
  if (stopped_) {
    append.error = Errc::stopped;
    if (append.log) append.log->completed(append);
    return refuse(std::move(append.done), Errc::stopped);
  }
  waiting_++;
  if (!work_) {
    work_.emplace(loop_.get_executor());
    stall_watch_.began();
  }
  if (turn_.empty()) {
    asio::post(loop_, [this, alive = std::weak_ptr(alive_)] {
      if (alive.lock()) hand_over();
    });
  }
  turn_.push_back(std::move(append));
}

void Appender::hand_over() {
  queue_.push(std::exchange(turn_, {}));
}

Task<error_code> Appender::submitted(Append append) {
  struct Answer {
    error_code error;
  };
  auto start = [this](auto handler, Append record) {
    auto kept = std::make_shared<decltype(handler)>(std::move(handler));
    record.done = [kept](error_code error) { std::move (*kept)(Answer{error}); };
    submit(std::move(record));
  };
  const Answer answer = co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Answer)>(
      start, asio::use_awaitable_t<Executor>(), std::move(append));
  co_return answer.error;
}

void Appender::refuse(Log::Appended done, error_code error) {
  asio::post(loop_, [done = std::move(done), error] { done(error); });
}

void Appender::answered(std::size_t count) {
  waiting_ -= count;
  if (count > 0) stall_watch_.answered(waiting_);
  if (waiting_ == 0) work_.reset();
}

void Appender::stop() {
  stopped_ = true;
  stall_watch_.stop();
}

void Appender::refuse_turn() {
  for (const Append& append : std::exchange(turn_, {}))
    if (append.done) append.done(Errc::stopped);
}

}  // namespace mq::storage
