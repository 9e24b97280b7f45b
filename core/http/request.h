// SPDX-License-Identifier: Apache-2.0
// What an answer over HTTP is made from: the request, taken apart, and the broker, reached as a client
// reaches it. Lives on the web thread.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/client/client.h"
#include "core/config/config.h"
#include "core/handlers/context.h"
#include "core/http/door.h"
#include "core/http/problem.h"
#include "core/http/scrape.h"
#include "core/loop/waiter.h"
#include "net/http/server.h"
#include "net/http/target.h"
#include "net/server.h"

namespace mq::http {

namespace json = boost::json;
using core::Timestamp;

// How many of what takes memory may be under way at a time.
class Places {
 public:
  Places(asio::io_context& web, std::size_t count) : web_(web), free_(count) {}

  class Held {
   public:
    explicit Held(Places& of) : of_(&of) { of_->free_--; }
    Held(const Held&) = delete;
    Held(Held&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    ~Held() {
      if (!of_) return;
      of_->free_++;
      of_->waiting_.wake_all();
    }

   private:
    Places* of_;
  };
  // Throws a Problem (503) when none is free for so long.
  Task<Held> take(Time::duration patience);

 private:
  asio::io_context& web_;
  std::size_t free_;
  core::Waiters waiting_;
};

// What all requests share. `broker`: for questions through the door alone.
struct Backend {
  std::shared_ptr<Door> door;
  client::Client& client;  // of the cluster, this broker without a socket
  const core::Config& config;
  const core::Identity& identity;
  const core::Services& broker;
  std::function<net::ServerStats()> network;  // a question
  std::function<std::string()> not_ready;     // a question: why clients are not served; empty: they are
  Scrape& scrape;
  Time started;
  Timestamp started_ms = 0;
  Places streams{client.loop(),
                 32};  // records that are sent as they are read; each has some hundred KiB in memory
  Places pages{client.loop(), 4};                  // records that are gathered; each has some MiB
  Places bodies{client.loop(), 8};                 // of records, that are larger than a small one; likewise
  std::optional<net::http::Answer> overview = {};  // the newest one
  Time overview_at = {};
  bool is_stopping = false;
};

// One thing that a route takes, in its path or its query.
struct Parameter {
  std::string_view name;
  std::string_view help;
  enum class Kind { text, number, flag } kind = Kind::text;
};

class Request;

struct Route {
  std::string_view method, path;               // "/api/v1/topics/{topic}"
  std::string_view help;                       // one sentence
  std::span<const Parameter> parameters = {};  // of its query
  // page: open to everybody, and another site may link to it.
  enum class Right { page, open, view, records, change } right = Right::view;
  bool takes_any_type = false;  // of body
  // Throws Problem, or admin::UsageError; a status of 0: it has been answered already.
  Task<net::http::Answer> (*serve)(Request& request) = nullptr;
};

class Request {
 public:
  Request(net::http::Exchange& its_exchange, net::http::Target target,
          std::map<std::string_view, std::string> path, const Route& route, Backend& broker)
      : exchange(its_exchange),
        backend(broker),
        route_(route),
        target_(std::move(target)),
        path_(std::move(path)) {}

  const std::string& path(std::string_view name) const { return path_.at(name); }
  const std::string* query(std::string_view name) const { return target_.value(name); }
  std::string text(std::string_view name, std::string_view otherwise = {}) const;
  // Throw where the value is none of these.
  std::int64_t number(std::string_view name, std::int64_t otherwise, std::int64_t min,
                      std::int64_t max) const;
  bool flag(std::string_view name) const;
  std::int32_t partition() const;  // of the path
  Task<json::object> json_body();  // at most 1 MiB; of no body: empty
  bool accepts(std::string_view type) const;

  void check() const;  // throws where something is asked that the route does not know

  net::http::Exchange& exchange;
  Backend& backend;

 private:
  const Route& route_;
  const net::http::Target target_;
  const std::map<std::string_view, std::string> path_;
};

net::http::Answer answer_json(const json::value& value, unsigned status = 200);
std::int64_t parse_number(std::string_view name, std::string_view text, std::int64_t min, std::int64_t max);

// A page of a list: filtered by name, sorted, cut, as its query says.
struct Page {
  std::vector<json::object> rows;
  json::value next;       // the cursor of the page behind it; null: there is none
  std::size_t total = 0;  // of all pages
};
// `name`: the field that tells rows apart.
Page page_of(const Request& request, std::vector<json::object> rows, std::string_view name);
// {"items", "next", "total", "as_of", "partial"}; `partial`: who did not answer.
json::object list_of(const Request& request, Page page, const std::vector<std::string>& partial = {});
extern const std::span<const Parameter> list_parameters;

}  // namespace mq::http
