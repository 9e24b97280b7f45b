// SPDX-License-Identifier: Apache-2.0
// Calls of an etcd cluster, whichever member answers, with the token of a user. Lives on the loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/run_on.h"
#include "core/metadata/etcd_wire.h"
#include "core/metadata/store_members.h"

namespace mq::core {

struct EtcdOptions {
  std::vector<std::string> endpoints = {};  // http://host:port, https://host:port
  std::string prefix = {};                  // of every key: "/mq/<cluster>/"
  std::chrono::seconds session_ttl{9};      // etcd makes it longer when it is too short for it
  std::string user = {}, password = {};     // empty: none
  net::http::TlsFiles tls = {};
  std::chrono::milliseconds answer_within{5000};
  std::chrono::milliseconds connect_within{1500};  // to one address
  std::chrono::seconds relist_every{300};          // in case the watch has lost something
  std::int64_t page_entries = 1000;                // that one call lists
  asio::any_io_executor workers = {};              // where long answers are parsed; none: on the loop
};

struct EtcdCall {
  static constexpr std::size_t list_bytes_max = 64u << 20;

  std::string path;  // /v3/kv/range
  boost::json::object body = {};
  Time::duration within{};
  std::size_t answer_bytes_max = list_bytes_max;
  bool get = false;     // without a body
  bool stream = false;  // returns with the first byte; the rest is read from the lane's connection
  // Only this member is asked, however it answers.
  std::optional<std::size_t> member = {};
};

class EtcdClient {
 public:
  using Self = std::shared_ptr<EtcdClient>;

  using Lane = StoreMembers::Lane;

  // WrongStart: an endpoint that is none, a file that cannot be read. Reads the files.
  EtcdClient(asio::io_context& loop, const Clock& clock, EtcdOptions options);
  void stop() { members_.stop(); }  // what is in progress ends, nothing begins any more

  // unknown when there is no answer in time, whatever the reason; `why` tells it.
  static Task<EtcdAnswer> call(Self self, Lane& lane, EtcdCall call);
  static Task<EtcdAnswer> call(Self self, EtcdCall call);  // on a lane that many share
  // Of what can be asked twice: each member once, until one answers.
  static Task<EtcdAnswer> read(Self self, EtcdCall call);

  // On a worker when it is a long one.
  template <class Work>
  Task<std::invoke_result_t<Work&>> work(bool long_one, Work task) {
    if (!long_one || !options_.workers) co_return task();
    co_return co_await run_on(options_.workers, std::move(task));
  }
  static constexpr std::size_t worth_a_worker = 64u << 10;  // bytes to be parsed

  void forget_token() { token_.clear(); }

  StoreMembers& members() { return members_; }
  // Of the first answer; one with another is none. Empty: nobody has answered yet.
  const std::string& cluster_id() const { return cluster_id_; }
  bool is_of_this_cluster(const EtcdHeader& header);
  bool stopped() const { return members_.stopped(); }
  asio::io_context& loop() { return loop_; }
  const Clock& clock() const { return clock_; }
  const EtcdOptions& options() const { return options_; }
  const EtcdRequests& requests() const { return requests_; }

 private:
  Task<EtcdAnswer> call_with_token(Lane& lane, EtcdCall call);
  Task<EtcdAnswer> renew_token(Lane& lane, std::string stale, Time deadline);
  Task<EtcdAnswer> exchange(Lane& lane, EtcdCall call, std::string token, Time deadline);
  Task<EtcdAnswer> ask(Lane& lane, EtcdCall call, std::string token);
  net::http::Request request_of(const EtcdCall& call, const std::string& token) const;

  asio::io_context& loop_;
  const Clock& clock_;
  const EtcdOptions options_;
  const EtcdRequests requests_{options_.prefix};
  StoreMembers members_;
  std::string token_;
  AsyncMutex renewing_;
  bool auth_is_off_ = false;
  std::string cluster_id_;
};

}  // namespace mq::core
