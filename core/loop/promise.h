// SPDX-License-Identifier: Apache-2.0
// A value that is set later, once: coroutines wait for it, another one of their loop sets it. Of a value that
// can be copied any number may wait, before and after. Lives on the loop.
#pragma once

#include <boost/asio/post.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "core/types.h"

namespace mq::core {

template <class T>
class Promise {
 public:
  void set(T value) {
    if (value_) return;
    value_.emplace(std::move(value));
    for (Handler& handler : std::exchange(waiting_, {}))
      asio::post(std::move(handler));  // after all of this turn: answers leave together
  }
  bool is_set() const { return value_.has_value(); }
  static Task<T> get(std::shared_ptr<Promise> self) {
    auto keep = [promise = self.get()](Handler handler) { promise->waiting_.push_back(std::move(handler)); };
    if (!self->value_) co_await asio::async_initiate<const net::Use, void()>(keep, net::use);
    co_return std::move(*self->value_);
  }

 private:
  using Handler = asio::async_result<net::Use, void()>::handler_type;
  std::optional<T> value_;
  std::vector<Handler> waiting_;
};

}  // namespace mq::core
