// SPDX-License-Identifier: Apache-2.0
#include "net/http/client.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>

#include "net/dial.h"
#include "net/error.h"

namespace mq::net::http {

namespace beast = boost::beast;

namespace {

constexpr std::size_t read_bytes = 64u << 10;

std::string head_and_body(const Endpoint& endpoint, Request request) {
  std::string text =
      request.method + " " + request.target + " HTTP/1.1\r\nHost: " + authority(endpoint) + "\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (request.method != "GET") text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "\r\n" + request.body;
}

}  // namespace

Task<error_code> Client::connect(Clock::duration timeout) {
  auto socket = co_await dial(endpoint_.host, endpoint_.port, timeout);
  if (!socket) co_return socket.error();
  if (closed_) co_return Errc::closed;
  transport_ = make_transport(std::move(*socket), endpoint_.tls ? tls_ : nullptr, endpoint_.host);
  const error_code error = co_await transport_->handshake();
  co_return error ? broken(error) : error;
}

Task<Result<Response>> Client::call(Request request, std::size_t body_bytes_max) {
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(head_bytes_max);
  parser_->body_limit(body_bytes_max);
  if (const error_code error = co_await ask(std::move(request))) co_return error;
  while (!parser_->is_done())
    if (const error_code error = co_await receive()) co_return error;
  const bool keep = parser_->keep_alive();
  auto& answer = parser_->get();
  Response response{answer.result_int(), std::move(answer.body()), std::move(answer.base())};
  if (!keep) close();
  co_return response;
}

Task<Result<unsigned>> Client::stream(Request request) {
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(head_bytes_max);
  parser_->body_limit(boost::none);
  if (const error_code error = co_await ask(std::move(request))) co_return error;
  while (!parser_->is_header_done())
    if (const error_code error = co_await receive()) co_return error;
  co_return parser_->get().result_int();
}

Task<Result<std::string>> Client::next_piece() {
  std::string& body = parser_->get().body();
  while (body.empty() && !parser_->is_done())
    if (const error_code error = co_await receive()) co_return error;
  co_return std::exchange(body, {});
}

Task<error_code> Client::ask(Request request) {
  if (closed_ || !transport_) co_return Errc::closed;
  const error_code error = co_await transport_->send(head_and_body(endpoint_, std::move(request)));
  co_return error ? broken(error) : error;
}

// What is left of an earlier read comes first.
Task<error_code> Client::receive() {
  if (buffer_.size() > 0) {
    const std::size_t before = buffer_.size();
    const error_code error = parse();
    if (error || buffer_.size() < before) co_return error;
  }
  if (closed_) co_return Errc::closed;
  const std::size_t room = std::min(read_bytes, buffer_.max_size() - buffer_.size());
  if (room == 0) co_return broken(beast::http::error::header_limit);
  const auto space = buffer_.prepare(room);
  const std::span<char> into(static_cast<char*>(space.data()), space.size());
  const auto size = co_await transport_->read_some(into);
  if (!size) co_return broken(size.error());
  buffer_.commit(*size);
  if (*size > 0) co_return parse();

  error_code error;
  if (parser_->got_some()) parser_->put_eof(error);
  if (!parser_->got_some() || (!error && !parser_->is_done())) error = Errc::closed;
  if (error) co_return broken(error);
  closed_ = true;  // its end was the end of the answer
  co_return error_code{};
}

error_code Client::parse() {
  error_code error;
  buffer_.consume(parser_->put(buffer_.data(), error));
  if (error == beast::http::error::need_more) return {};
  return error ? broken(error) : error;
}

error_code Client::broken(error_code why) {
  const bool by_us = closed_;
  close();
  return by_us ? make_error_code(Errc::closed) : why;
}

bool Client::usable() {
  return transport_ && !closed_ && (!parser_ || parser_->is_done()) && buffer_.size() == 0 &&
         transport_->alive();
}

void Client::close() {
  closed_ = true;
  if (transport_) transport_->close();
}

}  // namespace mq::net::http
