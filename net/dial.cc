// SPDX-License-Identifier: Apache-2.0
#include "net/dial.h"

#include <algorithm>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>

#include "net/error.h"

namespace mq::net {

namespace {

using asio::ip::tcp;
using Endpoints = std::vector<tcp::endpoint>;

constexpr std::size_t addresses_max = 16;

// Something that may never end: whoever waits gives up at the timer, whoever ends it cancels the timer.
// Shared, for the end may come when nobody waits any more.
struct Race {
  explicit Race(const Executor& executor) : timer(executor), socket(executor), resolver(executor) {}

  void ended(error_code with) {
    if (result) return;
    result = with;
    timer.cancel();
  }

  Timer timer;
  Socket socket;
  asio::ip::basic_resolver<tcp, Executor> resolver;
  Endpoints found;
  std::optional<error_code> result;
};

Task<error_code> finish(std::shared_ptr<Race> race, Clock::duration timeout) {
  race->timer.expires_after(std::min<Clock::duration>(timeout, std::chrono::hours(24)));
  if (!race->result) co_await race->timer.async_wait(use_result);
  if (!race->result) race->result = Errc::timed_out;
  co_return *race->result;
}

// The system's resolver runs on a thread of Asio's and cannot be stopped: late answers find nobody.
Task<Result<Endpoints>> resolve(std::string host, std::uint16_t port, Clock::duration timeout) {
  error_code not_numeric;
  const auto address = asio::ip::make_address(host, not_numeric);
  if (!not_numeric) co_return Endpoints{{address, port}};

  auto race = std::make_shared<Race>(co_await asio::this_coro::executor);
  const auto ended = [race](error_code error, const tcp::resolver::results_type& results) {
    for (const auto& entry : results)
      if (race->found.size() < addresses_max) race->found.push_back(entry.endpoint());
    race->ended(error);
  };
  race->resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service, ended);
  const error_code error = co_await finish(race, timeout);
  if (error) co_return error;
  co_return std::move(race->found);
}

Task<Result<std::shared_ptr<Race>>> reach(tcp::endpoint address, Clock::duration timeout) {
  auto race = std::make_shared<Race>(co_await asio::this_coro::executor);
  race->socket.async_connect(address, [race](error_code error) { race->ended(error); });
  error_code error = co_await finish(race, timeout);
  if (!error) error = prepare(race->socket);
  if (!error) co_return race;
  error_code ignored;
  race->socket.close(ignored);
  co_return error;
}

}  // namespace

Task<Result<Socket>> dial(std::string host, std::uint16_t port, Clock::duration timeout,
                          std::vector<Attempt>* attempts) {
  const auto addresses = co_await resolve(std::move(host), port, timeout);
  if (!addresses) co_return addresses.error();
  error_code last = asio::error::host_not_found;
  for (const tcp::endpoint& address : *addresses) {
    auto reached = co_await reach(address, timeout);
    if (attempts) attempts->push_back({address, reached ? error_code{} : reached.error()});
    if (reached) co_return std::move((*reached)->socket);
    last = reached.error();
  }
  co_return last;
}

}  // namespace mq::net
