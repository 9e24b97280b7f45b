// SPDX-License-Identifier: Apache-2.0
// Runs what may wait for the disk, or takes long, on another executor; the coroutine comes back to its loop
// with what it returned.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "storage/types.h"

namespace mq::storage {

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

// `work` is called once on `where`; its result must be movable. It keeps alive what it uses: the awaiting
// coroutine may be gone by then. What it throws is thrown to the awaiting one. Name `work` before the
// co_await.
template <class On, class Work, class Answer = std::invoke_result_t<Work&>>
Task<Answer> run_on(On where, Work work) {
  using Shared = std::shared_ptr<Outcome<Answer>>;  // an error_code as the answer itself would be thrown
  using Use = asio::use_awaitable_t<Executor>;
  auto start = [where, work = std::move(work)](auto handler) mutable {
    auto loop = asio::get_associated_executor(handler);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    asio::post(where, [loop, guard = asio::make_work_guard(loop), shared, work = std::move(work)]() mutable {
      auto outcome = outcome_of(work);
      asio::post(loop, [shared, outcome] { std::move (*shared)(outcome); });
    });
  };
  const Shared outcome = co_await asio::async_initiate<const Use, void(Shared)>(std::move(start), Use());
  if (outcome->thrown) std::rethrow_exception(outcome->thrown);
  co_return std::move(*outcome->answer);
}

}  // namespace mq::storage
