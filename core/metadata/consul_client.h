// SPDX-License-Identifier: Apache-2.0
// Calls of Consul, whichever of its agents answers, with the token that was given. Lives on the loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/run_on.h"
#include "core/metadata/consul_error.h"
#include "core/metadata/store_members.h"

namespace mq::core {

struct ConsulOptions {
  // Consul takes none that is shorter, and none that is longer than a day.
  static constexpr std::chrono::seconds session_ttl_min{10};

  std::vector<std::string> endpoints = {};  // of agents: http://host:port, https://host:port
  std::string prefix = {};                  // of every key: "mq/<cluster>/"
  std::chrono::seconds session_ttl = session_ttl_min;
  std::string token = {};  // empty: none
  net::http::TlsFiles tls = {};
  std::chrono::milliseconds answer_within{5000};
  std::chrono::milliseconds connect_within{1500};  // to one address
  // That one query waits for a change, at most: then everything is read anew, in case Consul has not woken
  // it.
  std::chrono::seconds wait{60}, wait_for_sessions{10};
  asio::any_io_executor workers = {};  // where long answers are parsed; none: on the loop
};

struct ConsulCall {
  static constexpr std::size_t list_bytes_max = 64u << 20;

  std::string method = "GET";
  std::string target;
  std::string body = {};
  Time::duration within{};
  // Only this agent is asked, however it answers.
  std::optional<std::size_t> member = {};
};

class ConsulClient {
 public:
  using Self = std::shared_ptr<ConsulClient>;
  using Lane = StoreMembers::Lane;

  // WrongStart: an endpoint that is none, a file that cannot be read. Reads the files.
  ConsulClient(asio::io_context& loop, const Clock& clock, ConsulOptions options);
  void stop() { members_.stop(); }  // what is in progress ends, nothing begins any more

  // unknown when there is no answer in time, whatever the reason; `why` tells it.
  static Task<ConsulAnswer> call(Self self, Lane& lane, ConsulCall call);
  static Task<ConsulAnswer> call(Self self, ConsulCall call);  // on a lane that many share
  // Of what can be asked twice: each agent once, until one answers.
  static Task<ConsulAnswer> read(Self self, ConsulCall call);

  // Within `answer_within`.
  ConsulCall get(std::string target) const;
  ConsulCall put(std::string target, const boost::json::value& body) const;

  // On a worker when it is a long one.
  template <class Work>
  Task<std::invoke_result_t<Work&>> work(bool long_one, Work task) {
    if (!long_one || !options_.workers) co_return task();
    co_return co_await run_on(options_.workers, std::move(task));
  }
  static constexpr std::size_t worth_a_worker = 64u << 10;  // bytes to be parsed

  StoreMembers& members() { return members_; }
  bool stopped() const { return members_.stopped(); }
  asio::io_context& loop() { return loop_; }
  const Clock& clock() const { return clock_; }
  const ConsulOptions& options() const { return options_; }
  const ConsulRequests& requests() const { return requests_; }

 private:
  Task<ConsulAnswer> exchange(Lane& lane, ConsulCall call);
  Task<ConsulAnswer> ask(Lane& lane, const ConsulCall& call);
  net::http::Request request_of(const ConsulCall& call) const;

  asio::io_context& loop_;
  const Clock& clock_;
  const ConsulOptions options_;
  const ConsulRequests requests_{options_.prefix};
  StoreMembers members_;
};

// What these keys are now, not what they were a moment ago; who is not there is not in it. Says why it
// failed.
Task<Result<ConsulEntries>> read_entries(ConsulClient::Self client, std::vector<std::string> keys);

}  // namespace mq::core
