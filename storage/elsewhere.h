// SPDX-License-Identifier: Apache-2.0
// Runs what may wait for the disk on another thread and comes back to the coroutine's loop with what it
// returned.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "storage/types.h"

namespace mq::storage {

// `work` keeps alive what it uses: whoever awaits may be gone when it runs. It returns no error_code (Asio
// would throw it), but a Result.
template <class Work>
auto elsewhere(asio::thread_pool& pool, Work work) {
  using Answer = std::invoke_result_t<Work&>;
  auto start = [&pool](auto handler, Work call) {
    auto guard = asio::make_work_guard(handler);
    asio::post(pool,
               [guard = std::move(guard), handler = std::move(handler), call = std::move(call)]() mutable {
                 auto loop = guard.get_executor();
                 asio::post(loop, [handler = std::move(handler), answer = call()]() mutable {
                   std::move(handler)(std::move(answer));
                 });
               });
  };
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Answer)>(
      start, asio::use_awaitable_t<Executor>(), std::move(work));
}

}  // namespace mq::storage
