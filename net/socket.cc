// SPDX-License-Identifier: Apache-2.0
#include "net/socket.h"

#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/error.h"

namespace mq::net {

namespace {

// What is left of pieces on their way out.
class Outgoing {
 public:
  explicit Outgoing(Pieces pieces) : pieces_(std::move(pieces)) { pass(0); }

  bool done() const { return at_ == pieces_.size(); }

  // One system call; what it took has been passed. A negative answer leaves errno.
  ssize_t send_some(int socket) {
    const ssize_t sent = pieces_[at_].file ? send_file(socket) : send_memory(socket);
    if (sent > 0) pass(static_cast<std::size_t>(sent));
    return sent;
  }

 private:
  ssize_t send_file(int socket) {
    const Piece& piece = pieces_[at_];
    auto from = static_cast<off_t>(piece.position + skip_);
    return ::sendfile(socket, *piece.file, &from, piece.size - skip_);
  }

  ssize_t send_memory(int socket) {
    std::array<iovec, 128> run;
    std::size_t n = 0;
    for (; n < run.size() && at_ + n < pieces_.size() && !pieces_[at_ + n].file; n++) {
      const Piece& piece = pieces_[at_ + n];
      const std::size_t skip = n == 0 ? skip_ : 0;
      run[n] = {const_cast<std::byte*>(piece.memory.get()) + skip, piece.size - skip};
    }
    msghdr message{};
    message.msg_iov = run.data(), message.msg_iovlen = n;
    const bool more = at_ + n < pieces_.size();  // a file follows: its head shares the packet
    return ::sendmsg(socket, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  }

  void pass(std::size_t bytes) {
    skip_ += bytes;
    while (at_ < pieces_.size() && skip_ >= pieces_[at_].size) {
      skip_ -= pieces_[at_].size;
      pieces_[at_++] = {};
    }
  }

  Pieces pieces_;
  std::size_t at_ = 0, skip_ = 0;  // the first of them, and how much of it has left
};

}  // namespace

error_code prepare(Socket& socket) {
  error_code error;
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  if (!error) socket.set_option(asio::socket_base::keep_alive(true), error);
  if (!error) socket.native_non_blocking(true, error);
  using Option = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
  using Between = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
  using Count = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPCNT>;
  if (!error) socket.set_option(Option(120), error);
  if (!error) socket.set_option(Between(30), error);
  if (!error) socket.set_option(Count(4), error);
  return error;
}

Task<error_code> send(Socket& socket, Pieces pieces, Progress& progress) {
  Outgoing rest(std::move(pieces));
  while (!rest.done()) {
    const ssize_t sent = rest.send_some(socket.native_handle());
    if (sent > 0) {
      progress.bytes += static_cast<std::uint64_t>(sent);
      continue;
    }
    if (sent == 0) co_return Errc::malformed;  // the file is shorter than the piece says
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return error_code(errno, boost::system::system_category());
    progress.waiting = true;
    auto [error] = co_await socket.async_wait(Socket::wait_write, use_result);
    progress.waiting = false;
    if (error) co_return error;
  }
  progress.unit++;
  co_return error_code{};
}

}  // namespace mq::net
