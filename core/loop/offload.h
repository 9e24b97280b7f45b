// SPDX-License-Identifier: Apache-2.0
// Work that may block, or takes long, runs elsewhere; the coroutine comes back to its loop with the result.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "core/types.h"

namespace mq::core {

// What work leaves behind: an answer, or what it threw.
template <class Answer>
struct Outcome {
  std::optional<Answer> answer;
  std::exception_ptr thrown;
};

template <class Work, class Answer = std::invoke_result_t<Work&>>
std::shared_ptr<Outcome<Answer>> outcome_of(Work& work) {
  auto outcome = std::make_shared<Outcome<Answer>>();
  try {
    outcome->answer.emplace(work());
  } catch (...) {
    outcome->thrown = std::current_exception();
  }
  return outcome;
}

// `work` is called once on a thread of `pool`; its result must be movable. It keeps alive what it uses:
// whoever awaits may be gone by then. What it throws is thrown to who awaits. Name `work` before the
// co_await.
template <class Work, class Answer = std::invoke_result_t<Work&>>
Task<Answer> offload(asio::thread_pool& pool, Work work) {
  using Shared = std::shared_ptr<Outcome<Answer>>;  // an error_code as the answer itself would be thrown
  auto start = [&pool, work = std::move(work)](auto handler) mutable {
    auto loop = asio::get_associated_executor(handler);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    asio::post(pool, [loop, guard = asio::make_work_guard(loop), shared, work = std::move(work)]() mutable {
      auto outcome = outcome_of(work);
      asio::post(loop, [shared, outcome] { std::move (*shared)(outcome); });
    });
  };
  const Shared outcome =
      co_await asio::async_initiate<const net::Use, void(Shared)>(std::move(start), net::use);
  if (outcome->thrown) std::rethrow_exception(outcome->thrown);
  co_return std::move(*outcome->answer);
}

// Destroys on a thread of `pool` what would take long.
template <class T>
void discard(asio::thread_pool& pool, T what) {
  asio::post(pool, [what = std::move(what)]() mutable { T(std::move(what)); });
}

}  // namespace mq::core
