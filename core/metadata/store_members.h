// SPDX-License-Identifier: Apache-2.0
// The members of a metadata store that speaks HTTP, whichever of them answers. All connections are to one
// member as a rule; when it fails one call, all move to the next. Lives on the loop.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/loop/async_mutex.h"
#include "core/loop/clock.h"
#include "net/http/client.h"

namespace mq::core {

struct StoreMembersOptions {
  std::string store = {};                   // its name, for people: "Consul"
  std::uint16_t usual_port = 0;             // likewise
  std::vector<std::string> endpoints = {};  // http://host:port, https://host:port
  net::http::TlsFiles tls = {};
  std::chrono::milliseconds connect_within{1500};  // to one address
};

class StoreMembers {
 public:
  // A connection of somebody's own, so that nobody else's calls are before his.
  struct Lane {
    AsyncMutex calling;
    std::shared_ptr<net::http::Client> connection;
    std::size_t member = 0;  // that it is to
    bool answered = false;   // the last call, whatever it said
    bool left = false;       // closed by whoever calls: no failure of the member
    std::size_t callers = 0;

    void close() {
      if (connection) connection->close();
    }
    void leave() {
      left = true;
      close();
    }
  };
  // As long as it waits for a lane or uses it.
  class Caller {
   public:
    explicit Caller(Lane& lane) : lane_(lane) { lane_.callers++; }
    Caller(const Caller&) = delete;
    ~Caller() { lane_.callers--; }

   private:
    Lane& lane_;
  };

  // WrongStart: an endpoint that is none, a file that cannot be read. Reads the files.
  StoreMembers(const Clock& clock, StoreMembersOptions options);
  void stop();  // what is in progress on shared lanes ends, no connection is made any more
  bool stopped() const { return stopped_; }

  Lane& shared_lane();  // of those that many share, the one with the fewest callers

  // Connected, to `only` when it is given; else why not. A member that cannot be reached was not asked: the
  // next one may be.
  Task<std::string> connect(Lane& lane, std::optional<std::size_t> only, Time deadline);

  // A member has failed: its index. Called on the loop, within a call.
  using Failed = std::function<void(std::size_t member)>;
  void on_failure(Failed failed) { failed_ = std::move(failed); }
  void failed(std::size_t member);

  std::size_t size() const { return members_.size(); }
  std::string name_of(std::size_t member) const { return to_string(members_[member]); }

 private:
  static constexpr std::size_t shared_lanes = 4;

  const Clock& clock_;
  const std::chrono::milliseconds connect_within_;
  std::vector<net::http::Endpoint> members_;
  std::shared_ptr<net::http::Tls> tls_;
  std::size_t current_ = 0;
  std::array<Lane, shared_lanes> lanes_;
  Failed failed_;
  bool stopped_ = false;
};

}  // namespace mq::core
