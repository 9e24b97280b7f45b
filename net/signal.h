// SPDX-License-Identifier: Apache-2.0
// One coroutine waits, others of its loop notify. Lives on its loop. Who is notified resumes through the
// loop's queue, so that all that becomes ready in one turn is seen together (several answers in one write);
// who is resumed, at once. Either is forgotten when nobody waits: waiting is a loop that looks first.
#pragma once

#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "net/types.h"

namespace mq::net {

class Signal {
 public:
  auto wait() {
    auto keep = [this](Handler handler) { waiting_.emplace(std::move(handler)); };
    return asio::async_initiate<const Use, void()>(keep, use);
  }

  void notify() {
    if (waiting_) asio::post(take());
  }
  void resume() {  // returns when the waiting one waits for something again, or has ended
    if (waiting_) take()();
  }
  bool waited_for() const { return waiting_.has_value(); }

 private:
  using Handler = asio::async_result<Use, void()>::handler_type;
  Handler take() {
    Handler handler = std::move(*waiting_);
    waiting_.reset();
    return handler;
  }
  std::optional<Handler> waiting_;
};

}  // namespace mq::net
