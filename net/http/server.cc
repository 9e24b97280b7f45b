// SPDX-License-Identifier: Apache-2.0
#include "net/http/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "net/acceptor.h"
#include "net/http/session.h"

namespace mq::net::http {

namespace {

using asio::ip::tcp;

class Listening final : public Server {
 public:
  Listening(asio::io_context& loop, Handler& handler, const ServerLimits& limits)
      : loop_(loop), all_(std::make_shared<Sessions>(loop, handler, limits)) {}

  ~Listening() override { stop(); }

  Result<tcp::endpoint> listen(const tcp::endpoint& at) override {
    auto acceptor = bind_acceptor(loop_.get_executor(), at);
    if (!acceptor) return acceptor.error();
    error_code error;
    (*acceptor)->listen(asio::socket_base::max_listen_connections, error);
    const tcp::endpoint got = error ? tcp::endpoint() : (*acceptor)->local_endpoint(error);
    if (error) return error;
    auto welcomed = [all = all_](Socket socket) { welcome(std::move(socket), all); };
    auto turned_away = [all = all_](const Socket&, error_code) { all->stats.refused++; };
    asio::co_spawn(loop_, accept_all(*acceptor, std::move(welcomed), std::move(turned_away)), asio::detached);
    acceptors_.push_back(std::move(*acceptor));
    return got;
  }

  void stop() override {
    error_code ignored;
    for (const auto& acceptor : acceptors_) acceptor->close(ignored);
    acceptors_.clear();
    all_->close_all();
  }

  ServerStats stats() const override { return all_->stats; }

 private:
  static void welcome(Socket socket, const std::shared_ptr<Sessions>& all) {
    if (prepare(socket)) return;  // it has left already
    const auto session = std::make_shared<Session>(std::move(socket), all);
    const bool is_full = all->is_full(session->address());
    (is_full ? all->stats.refused : all->stats.accepted)++;
    auto served = is_full ? Session::turn_away(session) : Session::serve(session);
    asio::co_spawn(all->loop, std::move(served), asio::detached);
  }

  asio::io_context& loop_;
  const std::shared_ptr<Sessions> all_;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
};

}  // namespace

std::unique_ptr<Server> Server::create(asio::io_context& loop, Handler& handler, ServerLimits limits) {
  return std::make_unique<Listening>(loop, handler, limits);
}

}  // namespace mq::net::http
