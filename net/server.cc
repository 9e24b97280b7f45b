// SPDX-License-Identifier: Apache-2.0
#include "net/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <csignal>
#include <vector>

#include "net/connection.h"
#include "net/connections.h"
#include "net/socket.h"

namespace mq::net {

namespace {

using asio::ip::tcp;

constexpr std::chrono::milliseconds pause_without_descriptors{100};

// The last descriptors are for files: storage must be able to go on when clients take all they can get.
bool reserved(int descriptor) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  const rlim_t spare = std::min<rlim_t>(64, limit.rlim_cur / 4);
  return static_cast<rlim_t>(descriptor) + spare >= limit.rlim_cur;
}

bool without_means(error_code error) {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space || error == boost::system::errc::too_many_files_open_in_system;
}

// 192.0.2.1, and not ::ffff:192.0.2.1, wherever it came in.
tcp::endpoint plain(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return endpoint;
  return {asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()), endpoint.port()};
}

void ignore_sigpipe() {
  struct sigaction now {};
  if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
}

class Listening final : public Server {
 public:
  Listening(asio::io_context& loop, Handler& handler, const Limits& limits)
      : loop_(loop), all_(std::make_shared<Connections>(loop, handler, limits)) {
    ignore_sigpipe();
  }

  ~Listening() override {
    stop_accepting();
    close_all();
  }

  Result<tcp::endpoint> bind(const tcp::endpoint& at, std::string name) override {
    auto acceptor = std::make_shared<Acceptor>(loop_.get_executor());
    error_code error;
    acceptor->open(at.protocol(), error);
    if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor->bind(at, error);
    if (error) return error;
    const tcp::endpoint got = acceptor->local_endpoint(error);
    if (error) return error;
    acceptors_.push_back({std::move(name), std::move(acceptor)});
    return got;
  }

  error_code accept(const std::string& name) override {
    for (Bound& bound : acceptors_) {
      if (bound.name != name || std::exchange(bound.listens, true)) continue;
      error_code error;
      bound.acceptor->listen(asio::socket_base::max_listen_connections, error);
      if (error) return error;
      asio::co_spawn(loop_, accept(bound.acceptor, name, all_), asio::detached);
    }
    return {};
  }

  void stop_accepting() override {
    error_code ignored;
    for (const Bound& bound : acceptors_) bound.acceptor->close(ignored);
    acceptors_.clear();
  }

  void close_all() override { all_->close_all(); }

  ServerStats stats() const override { return all_->stats; }

 private:
  struct Bound {
    std::string name;
    std::shared_ptr<Acceptor> acceptor;
    bool listens = false;
  };

  static Task<void> accept(std::shared_ptr<Acceptor> acceptor, std::string listener,
                           std::shared_ptr<Connections> all) {
    Timer pause(acceptor->get_executor());
    while (acceptor->is_open()) {
      Socket socket(acceptor->get_executor());
      auto [error] = co_await acceptor->async_accept(socket, use_result);
      const bool exhausted = error ? without_means(error) : reserved(socket.native_handle());
      if (exhausted) turn_away(socket, error, *all);
      if (!error && !exhausted) welcome(std::move(socket), listener, all);
      if (!exhausted) continue;
      error_code ignored;
      socket.close(ignored);
      pause.expires_after(pause_without_descriptors);
      co_await pause.async_wait(use_result);
    }
  }

  // Its connection closes, or waits in the kernel's queue when it could not even be accepted.
  static void turn_away(const Socket& socket, error_code error, Connections& all) {
    all.stats.refused++;
    if (error) return all.say("new connections wait: " + error.message());
    error_code ignored;
    Peer peer;
    peer.remote = plain(socket.remote_endpoint(ignored));
    all.say(peer, "refused: the last descriptors are for files (ulimit -n)");
  }

  static void welcome(Socket socket, const std::string& listener, const std::shared_ptr<Connections>& all) {
    auto peer = std::make_shared<Peer>();
    peer->listener = listener;
    error_code error;
    peer->remote = plain(socket.remote_endpoint(error));
    if (!error) peer->local = plain(socket.local_endpoint(error));
    if (!error) error = prepare(socket);
    if (error) return;  // it has left already
    if (all->full(peer->remote.address())) {
      all->stats.refused++;
      all->say(*peer, "refused: too many connections");
      return;
    }
    peer->id = ++all->stats.accepted;
    auto connection = std::make_shared<Connection>(std::move(socket), std::move(peer), all);
    asio::co_spawn(all->loop, Connection::serve(std::move(connection)), asio::detached);
  }

  asio::io_context& loop_;
  const std::shared_ptr<Connections> all_;
  std::vector<Bound> acceptors_;
};

}  // namespace

std::unique_ptr<Server> Server::create(asio::io_context& loop, Handler& handler, Limits limits) {
  return std::make_unique<Listening>(loop, handler, limits);
}

}  // namespace mq::net
