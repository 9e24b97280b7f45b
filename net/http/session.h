// SPDX-License-Identifier: Apache-2.0
// One client of an HTTP server. Lives on the loop, kept alive by its coroutine.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <map>
#include <optional>
#include <set>

#include "net/http/server.h"
#include "net/stream.h"

namespace mq::net::http {

class Session;

// What all sessions of a server share: their number, what has not left yet, and the watch over those that
// stand still.
class Sessions : public std::enable_shared_from_this<Sessions> {
 public:
  Sessions(asio::io_context& on, Handler& by, const ServerLimits& within)
      : loop(on), handler(by), limits(within), watch_(on.get_executor()) {}

  bool is_full(const asio::ip::address& address) const;
  void add(Session* session);
  void remove(Session* session);
  void close_all();

  asio::io_context& loop;
  Handler& handler;
  const ServerLimits limits;
  ServerStats stats;

 private:
  static Task<void> watch(std::shared_ptr<Sessions> self);
  Clock::duration look_every() const;

  std::set<Session*> all_;
  std::map<asio::ip::address, std::size_t> by_address_;
  Timer watch_;
  bool watching_ = false;
};

class Session final : public Exchange, public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, std::shared_ptr<Sessions> all);

  static Task<void> serve(std::shared_ptr<Session> self);
  static Task<void> turn_away(std::shared_ptr<Session> self);  // there are too many
  void look(Clock::time_point now);                            // does it stand still?
  void close();
  const asio::ip::address& address() const { return address_; }

  const RequestHead& head() const override { return head_; }
  Task<Result<std::string>> next_piece() override;
  Task<Result<std::string>> body(std::size_t bytes_max) override;
  Task<error_code> answer(Answer answer) override;
  Task<error_code> begin(Answer head) override;
  Task<error_code> send(std::string piece) override;
  Task<error_code> end() override;
  bool is_answered() const override { return state_ != State::unanswered; }
  bool is_gone() override;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  // What it waits for, and may not wait for too long.
  enum class Phase { idle, head, body, handler, lingering };
  enum class State { unanswered, begun, answered };

  Task<bool> read_head();  // false: there is none; it was answered if there was anything to answer
  Task<bool> refuse(unsigned status, std::string why);
  Task<void> handle();
  Task<void> complete();
  Task<void> linger();
  Task<error_code> receive();
  error_code parse();
  Task<error_code> write(std::string bytes);
  std::string head_of(const Answer& answer, std::optional<std::size_t> size);
  void enter(Phase phase);

  Stream stream_;
  const std::shared_ptr<Sessions> all_;
  asio::ip::address address_;
  asio::ip::tcp::endpoint remote_, local_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  RequestHead head_;
  State state_ = State::unanswered;
  Phase phase_ = Phase::idle;
  Clock::time_point since_ = Clock::now();     // it has waited, or moved a good piece
  std::uint64_t received_ = 0, moved_to_ = 0;  // bytes, of what has come, or left, since then
  Progress sending_;
  bool keep_ = false, told_to_go_on_ = false, timed_out_ = false, closed_ = false;
};

}  // namespace mq::net::http
