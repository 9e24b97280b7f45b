// SPDX-License-Identifier: Apache-2.0
// The two ends of a connection as everything above them sees it: bytes come, pieces leave, it closes. The one
// place that knows what is between them and the socket. Lives on the loop.
#pragma once

#include "net/socket.h"

namespace mq::net {

class Stream {
 public:
  explicit Stream(Socket socket) : socket_(std::move(socket)) {}

  Executor executor() { return socket_.get_executor(); }
  int descriptor() { return socket_.native_handle(); }  // to ask the kernel about; nothing is read from it
  asio::ip::tcp::endpoint remote() const {
    error_code ignored;
    return socket_.remote_endpoint(ignored);
  }
  asio::ip::tcp::endpoint local() const {
    error_code ignored;
    return socket_.local_endpoint(ignored);
  }

  // To be awaited: an error and how many bytes came, at least one without an error. One at a time.
  template <class Buffers>
  auto read_some(const Buffers& space) {
    return socket_.async_read_some(space, use_result);
  }
  // Returns when all is with the kernel, or the connection is broken. One at a time; the caller keeps
  // `progress`. The pieces are let go as they leave. SIGPIPE must be ignored where pieces are files.
  Task<error_code> send(Pieces pieces, Progress& progress) {
    return net::send(socket_, std::move(pieces), progress);
  }
  // Whoever reads or sends is told, and the connection goes on.
  void cancel() {
    error_code ignored;
    socket_.cancel(ignored);
  }
  // Nothing more is sent; the peer's end can be read.
  void end() {
    error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  }
  // Whoever reads or sends is told.
  void close() {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  Socket socket_;
};

}  // namespace mq::net
