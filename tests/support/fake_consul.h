// SPDX-License-Identifier: Apache-2.0
// Consul's HTTP API as far as a metadata store uses it, in this process: entries with indices, sessions,
// transactions, queries that wait. It does what the real one does (state/kvs.go, session.go of 1.14), and
// wrong what a test tells it to. Lives on the loop; its sessions end when a test says so, and no wait does.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/loop/promise.h"
#include "net/socket.h"

namespace mq::test {

namespace asio = boost::asio;

class FakeConsul {
 public:
  explicit FakeConsul(asio::io_context& loop);
  ~FakeConsul() { stop(); }
  void stop();
  std::string endpoint() const;

  // ---- what is wrong with it
  struct Faults {
    bool no_leader = false;
    bool silent = false;          // takes calls, and answers none
    int lost_answers = 0;         // of the next writes: they are made, and nobody is told
    std::string token = {};       // empty: everybody may do everything
    bool refuses_writes = false;  // to that token, too
    bool filters = false;         // lists leave out what the token may not read: all of it
    bool is_web_page = false;     // it is something else
    bool quiet_sessions = false;  // who waits is not woken by what the end of a session deletes
  };
  Faults& faults() { return state_->faults; }

  // ---- what others do to it
  void end_sessions();       // their time is over
  void time_out();           // of the queries that wait
  void forget_tombstones();  // so that indices of lists fall back
  void restore();            // to how it was at save()
  void save();
  void put(const std::string& key, const std::string& value);  // whole key

  std::size_t sessions() const { return state_->sessions.size(); }
  std::string session_of(const std::string& key) const;  // that holds it
  std::vector<std::string> keys() const;
  // "PUT /v1/txn", without queries; how often.
  int asked(const std::string& what) const;

 private:
  struct Row {
    std::string value;  // base64
    std::int64_t created = 0, modified = 0, locked = 0;
    std::string session;
  };
  struct Session {
    bool deletes = false, delays = false, checks = false;
  };
  struct Data {
    std::int64_t index = 10;
    std::map<std::string, Row> rows;
    std::map<std::string, std::int64_t> tombstones;
  };
  struct Answer {
    unsigned status = 200;
    std::string body;
    std::int64_t index = 0;
  };
  using Socket = std::shared_ptr<net::Socket>;
  struct State {
    Faults faults;
    Data data, saved;
    std::map<std::string, Session> sessions;
    std::set<std::string> delayed;  // keys that nobody may lock for a while
    int sessions_made = 0;
    std::map<std::string, int> asked;
    std::vector<std::weak_ptr<net::Socket>> sockets;
    std::shared_ptr<core::Promise<bool>> changed = std::make_shared<core::Promise<bool>>();
    std::uint64_t timed_out = 0;

    void wake() { std::exchange(changed, std::make_shared<core::Promise<bool>>())->set(true); }
    std::int64_t index_of(const std::string& prefix) const;
    Answer list(const std::string& prefix) const;
    Answer txn(const std::string& body);
    std::string apply(Data& data, const boost::json::object& kv, boost::json::array& results);
    Answer session(const std::string& what, const std::string& body);
    void end(const std::string& id);
  };

  static core::Task<void> accept(net::Acceptor& acceptor, std::shared_ptr<State> state);
  static core::Task<void> serve(Socket socket, std::shared_ptr<State> state);
  static core::Task<Answer> answer(std::shared_ptr<State> state, std::string method, std::string target,
                                   std::string body, std::string token);

  net::Acceptor acceptor_;
  const std::shared_ptr<State> state_;
};

}  // namespace mq::test
