// SPDX-License-Identifier: Apache-2.0
// From the web thread into the broker's loop and back: a question is called there, and what it answers, plain
// values alone, comes back here. Made and used on the web thread.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <list>
#include <memory>
#include <utility>

#include "core/loop/run_on.h"

namespace mq::http {

namespace asio = boost::asio;
using core::error_code;
using core::Result;
using core::Task;
using core::Time;
using core::use;

class Door {
 public:
  // Either may go first: what is under way keeps `web`, and never comes back once that has stopped.
  Door(asio::io_context& loop, std::shared_ptr<asio::io_context> web) : loop_(loop), web_(std::move(web)) {}

  // `question` takes a millisecond at most; what takes longer is a task (run), and gives way. What it uses
  // has to be there as long as the loop runs.
  template <class Question, class Answer = std::invoke_result_t<Question&>>
  Task<Answer> ask(Question question) {
    auto start = [this, question = std::move(question)](auto done) mutable {
      asio::post(loop_, [question = std::move(question), done = std::move(done)]() mutable {
        done(storage::outcome_of(question));
      });
    };
    const auto asked = asked_.insert(asked_.end(), std::chrono::steady_clock::now());
    std::optional<Answer> answer;
    std::exception_ptr thrown;
    try {
      answer.emplace(co_await returned<Answer>(std::move(start)));
    } catch (...) {
      thrown = std::current_exception();
    }
    asked_.erase(asked);
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(*answer);
  }

  // `task` makes, on the loop, the coroutine that answers there.
  template <class Make, class Answer = typename std::invoke_result_t<Make&>::value_type>
  Task<Answer> run(Make make) {
    auto start = [this, make = std::move(make)](auto done) mutable {
      asio::post(loop_, [&loop = loop_, make = std::move(make), done = std::move(done)]() mutable {
        asio::co_spawn(loop, make(),
                       [done = std::move(done)](std::exception_ptr thrown, Answer answer) mutable {
                         auto outcome = std::make_shared<storage::Outcome<Answer>>();
                         outcome->thrown = thrown;
                         if (!thrown) outcome->answer.emplace(std::move(answer));
                         done(std::move(outcome));
                       });
      });
    };
    co_return co_await returned<Answer>(std::move(start));
  }

  // For how long the oldest question has waited; zero: none does. A task may take as long as it likes.
  Time::duration waits() const {
    return asked_.empty() ? Time::duration::zero() : std::chrono::steady_clock::now() - asked_.front();
  }

 private:
  template <class Answer, class Start>
  Task<Answer> returned(Start start) {
    using Shared = std::shared_ptr<storage::Outcome<Answer>>;
    auto initiate = [web = web_, start = std::move(start)](auto handler) mutable {
      auto kept = std::make_shared<decltype(handler)>(std::move(handler));
      // `web` goes last: the coroutine that waits may end with this.
      auto done = [web, guard = asio::make_work_guard(*web), kept](Shared outcome) {
        asio::post(*web, [kept, outcome] { std::move (*kept)(outcome); });
      };
      start(std::move(done));
    };
    const Shared outcome =
        co_await asio::async_initiate<const net::Use, void(Shared)>(std::move(initiate), use);
    if (outcome->thrown) std::rethrow_exception(outcome->thrown);
    co_return std::move(*outcome->answer);
  }

  asio::io_context& loop_;
  const std::shared_ptr<asio::io_context> web_;
  std::list<Time> asked_;  // oldest first
};

}  // namespace mq::http
