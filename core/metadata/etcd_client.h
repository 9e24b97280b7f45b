// SPDX-License-Identifier: Apache-2.0
// Calls of an etcd cluster, whichever member answers: connections, deadlines, the token of a user. All
// connections are to one member as a rule; when it fails one call, all move to the next. Lives on the loop.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/async_mutex.h"
#include "core/loop/clock.h"
#include "core/loop/run_on.h"
#include "core/metadata/etcd_wire.h"
#include "net/http/client.h"

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

  // A connection of somebody's own, so that nobody else's calls are before his.
  struct Lane {
    AsyncMutex calling;
    std::shared_ptr<net::http::Client> connection;
    std::size_t member = 0;  // that it is to
    bool answered = false;   // the last call, whatever it said
    std::size_t callers = 0;

    void close() {
      if (connection) connection->close();
    }
  };

  // WrongStart: an endpoint that is none, a file that cannot be read. Reads the files.
  EtcdClient(asio::io_context& loop, const Clock& clock, EtcdOptions options);
  void stop();  // what is in progress ends, nothing begins any more

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

  // A member has failed: its index. Called on the loop, within a call.
  using Failed = std::function<void(std::size_t member)>;
  void on_failure(Failed failed) { failed_ = std::move(failed); }
  void failed(std::size_t member);  // by somebody's own judgement
  void forget_token() { token_.clear(); }

  std::size_t members() const { return members_.size(); }
  std::string name_of(std::size_t member) const { return to_string(members_[member]); }
  // Of the first answer; one with another is none. Empty: nobody has answered yet.
  const std::string& cluster_id() const { return cluster_id_; }
  bool is_of_this_cluster(const EtcdHeader& header);
  bool stopped() const { return stopped_; }
  asio::io_context& loop() { return loop_; }
  const Clock& clock() const { return clock_; }
  const EtcdOptions& options() const { return options_; }
  const EtcdRequests& requests() const { return requests_; }

 private:
  static constexpr std::size_t shared_lanes = 4;

  Task<EtcdAnswer> call_with_token(Lane& lane, EtcdCall call);
  Task<EtcdAnswer> renew_token(Lane& lane, std::string stale, Time deadline);
  Task<EtcdAnswer> exchange(Lane& lane, EtcdCall call, std::string token, Time deadline);
  Task<EtcdAnswer> ask(Lane& lane, EtcdCall call, std::string token);
  Task<std::string> connect(Lane& lane, std::optional<std::size_t> member, Time deadline);  // why not
  net::http::Request request_of(const EtcdCall& call, const std::string& token) const;

  asio::io_context& loop_;
  const Clock& clock_;
  const EtcdOptions options_;
  const EtcdRequests requests_{options_.prefix};
  std::vector<net::http::Endpoint> members_;
  std::shared_ptr<net::http::Tls> tls_;
  std::size_t current_ = 0;
  std::array<Lane, shared_lanes> lanes_;
  Failed failed_;
  std::string token_;
  AsyncMutex renewing_;
  bool auth_is_off_ = false;
  std::string cluster_id_;
  bool stopped_ = false;
};

}  // namespace mq::core
