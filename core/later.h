// SPDX-License-Identifier: Apache-2.0
// An answer that comes later, once: one coroutine waits, somebody else of its loop has the answer. Lives on
// the loop.
#pragma once

#include <boost/asio/post.hpp>
#include <memory>
#include <optional>

#include "core/types.h"

namespace mq::core {

template <class T>
class Later {
 public:
  void set(T value) {
    if (value_) return;
    value_.emplace(std::move(value));
    if (!handler_) return;
    auto handler = std::move(*handler_);
    handler_.reset();
    asio::post(std::move(handler));  // after all of this turn: answers leave together
  }
  static Task<T> get(std::shared_ptr<Later> self) {
    auto keep = [later = self.get()](Handler handler) { later->handler_.emplace(std::move(handler)); };
    if (!self->value_) co_await asio::async_initiate<const net::Use, void()>(keep, net::use);
    co_return std::move(*self->value_);
  }

 private:
  using Handler = asio::async_result<net::Use, void()>::handler_type;
  std::optional<T> value_;
  std::optional<Handler> handler_;
};

}  // namespace mq::core
