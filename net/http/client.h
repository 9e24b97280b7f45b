// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 from the client's end: one connection to one server, kept between calls. Lives on the loop; one
// call or stream at a time, and whoever awaits one keeps the client.
//
// It has no clock: a deadline is the caller's, who closes it then. What is in progress returns `closed`.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/http/endpoint.h"
#include "net/http/transport.h"

namespace mq::net::http {

struct Request {
  std::string method = "POST";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
};

struct Response {
  unsigned status = 0;
  std::string body;
  boost::beast::http::fields headers = {};
};

class Client {
 public:
  static constexpr std::size_t head_bytes_max = 64u << 10;

  // `tls` is needed for https alone.
  Client(Endpoint endpoint, std::shared_ptr<Tls> tls)
      : endpoint_(std::move(endpoint)), tls_(std::move(tls)) {}

  // `timeout`: for the name, and for each of its addresses (TCP connect only).
  Task<error_code> connect(Clock::duration timeout);
  // A larger body closes the connection, as every error does.
  Task<Result<Response>> call(Request request, std::size_t body_bytes_max);

  // An answer that is read as it comes: its status, then pieces of its body (never more than 64 KiB of it in
  // memory); an empty piece is the end.
  Task<Result<unsigned>> stream(Request request);
  Task<Result<std::string>> next_piece();

  bool usable();  // for another call: connected, and the peer has not closed it meanwhile
  void close();
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

  Task<error_code> ask(Request request);
  Task<error_code> receive();  // some more of the answer
  error_code parse();
  error_code broken(error_code why);  // closes it

  const Endpoint endpoint_;
  const std::shared_ptr<Tls> tls_;
  std::unique_ptr<Transport> transport_;
  boost::beast::flat_buffer buffer_{2 * head_bytes_max};
  std::optional<Parser> parser_;  // of the answer that is read
  bool closed_ = false;
};

}  // namespace mq::net::http
