// SPDX-License-Identifier: Apache-2.0
// One coroutine waits, others of its loop notify. Lives on its loop. The waiting one resumes through the
// loop's queue, so that all that becomes ready in one turn is seen together (several answers in one write). A
// notification that finds nobody is forgotten: waiting is a loop that looks first.
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
    if (!waiting_) return;
    Handler handler = std::move(*waiting_);
    waiting_.reset();
    asio::post(std::move(handler));
  }

 private:
  using Handler = asio::async_result<Use, void()>::handler_type;
  std::optional<Handler> waiting_;
};

}  // namespace mq::net
