// SPDX-License-Identifier: Apache-2.0
#include "net/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <csignal>
#include <utility>
#include <vector>

#include "net/acceptor.h"
#include "net/connection.h"
#include "net/connections.h"
#include "net/socket.h"

namespace mq::net {

namespace {

using asio::ip::tcp;

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
    auto acceptor = bind_acceptor(loop_.get_executor(), at);
    if (!acceptor) return acceptor.error();
    error_code error;
    const tcp::endpoint got = (*acceptor)->local_endpoint(error);
    if (error) return error;
    acceptors_.push_back({std::move(name), std::move(*acceptor)});
    return got;
  }

  error_code accept(const std::string& name) override {
    for (Bound& bound : acceptors_) {
      if (bound.name != name || std::exchange(bound.listens, true)) continue;
      error_code error;
      bound.acceptor->listen(asio::socket_base::max_listen_connections, error);
      if (error) return error;
      auto welcomed = [name, all = all_](Socket socket) { welcome(std::move(socket), name, all); };
      auto turned_away = [all = all_](const Socket& socket, error_code why) { turn_away(socket, why, *all); };
      asio::co_spawn(loop_, accept_all(bound.acceptor, std::move(welcomed), std::move(turned_away)),
                     asio::detached);
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

  // Its connection closes, or waits in the kernel's queue when it could not even be accepted.
  static void turn_away(const Socket& socket, error_code error, Connections& all) {
    all.stats.refused++;
    if (error) return all.say("new connections wait: " + error.message());
    error_code ignored;
    Peer peer;
    peer.remote = as_written(socket.remote_endpoint(ignored));
    all.say(peer, "refused: the last descriptors are for files (ulimit -n)");
  }

  static void welcome(Socket socket, const std::string& listener, const std::shared_ptr<Connections>& all) {
    auto peer = std::make_shared<Peer>();
    peer->listener = listener;
    error_code error;
    peer->remote = as_written(socket.remote_endpoint(error));
    if (!error) peer->local = as_written(socket.local_endpoint(error));
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
