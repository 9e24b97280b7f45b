// SPDX-License-Identifier: Apache-2.0
#include "core/http/web.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/detached.hpp>
#include <thread>

#include "core/admin/usage_error.h"
#include "core/config/scalars.h"
#include "core/http/guard.h"
#include "core/http/in_process.h"
#include "core/http/routes.h"
#include "core/loop/promise.h"

namespace mq::http {

namespace {

constexpr int niceness = 5;  // a page cannot outrun producers
constexpr std::uint64_t peer_id = UINT64_MAX;
constexpr std::chrono::seconds ending_max{5};

GuardRules rules_of(const core::Config& config) {
  GuardRules rules;
  for (const std::string_view host : core::split(config.http_hosts, ',')) rules.hosts.emplace_back(host);
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) == 0) rules.hosts.emplace_back(name);
  rules.read_only = config.is_http_read_only();
  return rules;
}

// As if it had come to the first listener, so that it is told that one's address.
std::shared_ptr<net::Peer> peer_here(const core::Config& config) {
  auto peer = std::make_shared<net::Peer>();
  const core::Listener& listener = config.listeners.front();
  peer->id = peer_id;
  peer->listener = listener.name;
  core::error_code is_a_name;
  auto address = asio::ip::make_address(listener.listen.host, is_a_name);
  if (is_a_name || address.is_unspecified()) address = asio::ip::address_v4::loopback();
  peer->remote = peer->local = {address, listener.listen.port};
  return peer;
}

client::Options options_of(const Web::Parts& parts, const std::shared_ptr<Door>& door) {
  client::Options options;
  options.client_id = "mq-http";
  auto to_us = [door, handler = parts.handler,
                peer = peer_here(parts.config)]() -> Task<Result<std::shared_ptr<net::Client>>> {
    co_return connect_in_process(door, handler, peer);
  };
  options.connect = [to_us, self = parts.identity.node_id](core::BrokerId to, client::Address address,
                                                           client::Duration timeout,
                                                           std::vector<net::Attempt>* attempts) {
    if (to < 0 || to == self) return to_us();
    return net::Client::connect(std::move(address.host), address.port, timeout, attempts);
  };
  return options;
}

// What lives on the web thread. Whoever answers keeps it: some may be left when that thread has ended.
class Site final : public net::http::Handler, public std::enable_shared_from_this<Site> {
 public:
  Site(const Web::Parts& parts, const std::shared_ptr<asio::io_context>& web)
      : door_(std::make_shared<Door>(parts.loop, web)),
        client_(*web, options_of(parts, door_)),
        backend_{door_,           client_,      parts.config,
                 parts.identity,  parts.broker, parts.network,
                 parts.not_ready, scrape_,      std::chrono::steady_clock::now()},
        rules_(rules_of(parts.config)) {
    backend_.started_ms = core::real_clock().wall_ms();
  }

  Task<void> handle(net::http::Exchange& exchange) override {
    const auto self = shared_from_this();
    Answer answer;
    try {
      answer = co_await answer_to(exchange);
    } catch (const Problem& problem) {
      answer = answer_of(problem);
    } catch (const admin::UsageError& wrong) {
      answer = answer_of(Problem{.status = 400, .detail = wrong.what(), .hint = wrong.hint});
    } catch (const std::exception& failed) {
      spdlog::error("HTTP {} {}: {}", exchange.head().method, exchange.head().target, failed.what());
      answer = answer_of(Problem{.detail = "this could not be answered; the log says why"});
    }
    if (answer.status == 0 || exchange.is_answered()) co_return;
    answer.fields.emplace_back("X-Content-Type-Options", "nosniff");
    co_await exchange.answer(std::move(answer));
  }

  void stop() {
    backend_.is_stopping = true;
    client_.close();
  }

 private:
  Task<Answer> answer_to(net::http::Exchange& exchange) {
    const net::http::RequestHead& head = exchange.head();
    auto target = net::http::parse_target(head.target);
    if (!target) throw Problem{.status = 400, .detail = "the target is no path"};
    Match match = find_route(head.method, target->path);
    const Guarded wants{.changes = match.route && match.route->right == Route::Right::change,
                        .takes_any_type = match.route && match.route->takes_any_type,
                        .is_page = match.route && match.route->right == Route::Right::page};
    if (const auto refused = refusal(head, wants, rules_)) throw *refused;
    if (!match.route && match.allowed.empty())
      throw Problem{
          .status = 404, .detail = "there is nothing here", .hint = "all there is: /api/v1/openapi.json"};
    if (!match.route) {
      Answer not_allowed =
          answer_of(Problem{.status = 405, .detail = "this cannot be done with it: " + head.method});
      not_allowed.fields.emplace_back("Allow", match.allowed);
      co_return not_allowed;
    }
    Request request(exchange, std::move(*target), std::move(match.path), *match.route, backend_);
    request.check();
    co_return co_await match.route->serve(request);
  }

  const std::shared_ptr<Door> door_;
  client::Client client_;
  Scrape scrape_;
  Backend backend_;
  const GuardRules rules_;
};

class Running final : public Web {
 public:
  Running(Parts parts, std::shared_ptr<asio::io_context> web)
      : loop_(parts.loop),
        web_(std::move(web)),
        site_(std::make_shared<Site>(parts, web_)),
        server_(net::http::Server::create(*web_, *site_)) {}

  ~Running() override {
    if (!thread_.joinable()) return;
    web_->stop();
    thread_.join();
  }

  net::error_code listen(const asio::ip::tcp::endpoint& at) {
    const auto got = server_->listen(at);
    if (!got) return got.error();
    address_ = *got;
    thread_ = std::thread([web = web_, ended = ended_, &loop = loop_] {
      ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
      web->run();
      asio::post(loop, [ended] { ended->set(true); });
    });
    return {};
  }

  asio::ip::tcp::endpoint address() const override { return address_; }

  Task<void> stop() override {
    if (!thread_.joinable()) co_return;
    auto stopping = [this] {
      site_->stop();
      server_->stop();
    };
    asio::post(*web_, stopping);
    // What it asked of the loop is answered meanwhile; then it has nothing to do.
    net::Timer limit(loop_.get_executor());
    limit.expires_after(ending_max);
    limit.async_wait([ended = ended_](error_code cancelled) {
      if (!cancelled) ended->set(false);
    });
    co_await core::Promise<bool>::get(ended_);
    limit.cancel();
    web_->stop();
    thread_.join();
  }

 private:
  asio::io_context& loop_;
  const std::shared_ptr<asio::io_context> web_;
  std::shared_ptr<Site> site_;
  std::unique_ptr<net::http::Server> server_;
  asio::ip::tcp::endpoint address_;
  const std::shared_ptr<core::Promise<bool>> ended_ = std::make_shared<core::Promise<bool>>();  // the thread
  std::thread thread_;
};

}  // namespace

net::Result<std::unique_ptr<Web>> Web::start(Parts parts, const asio::ip::tcp::endpoint& at) {
  auto web = std::make_unique<Running>(std::move(parts), std::make_shared<asio::io_context>(1));
  if (const auto error = web->listen(at)) return error;
  return web;
}

}  // namespace mq::http
