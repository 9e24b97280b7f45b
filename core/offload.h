// SPDX-License-Identifier: Apache-2.0
// Work that may block runs elsewhere; the coroutine comes back to its loop with the result.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <utility>

#include "core/types.h"

namespace mq::core {

// `work` is called once on a thread of `pool`; its result must be movable. Name `work` before the co_await.
template <class Work, class Answer = std::invoke_result_t<Work&>>
Task<Answer> offload(asio::thread_pool& pool, Work work) {
  using Shared = std::shared_ptr<Answer>;  // an error_code as the answer itself would be thrown
  auto start = [&pool, work = std::move(work)](auto handler) mutable {
    auto loop = asio::get_associated_executor(handler);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    asio::post(pool, [loop, guard = asio::make_work_guard(loop), shared, work = std::move(work)]() mutable {
      auto answer = std::make_shared<Answer>(work());
      asio::post(loop, [shared, answer] { std::move (*shared)(answer); });
    });
  };
  const Shared answer =
      co_await asio::async_initiate<const net::Use, void(Shared)>(std::move(start), net::use);
  co_return std::move(*answer);
}

}  // namespace mq::core
