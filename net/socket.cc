// SPDX-License-Identifier: Apache-2.0
#include "net/socket.h"

#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/error.h"

namespace mq::net {

namespace {

// From here on sendfile is faster than reading and sending.
constexpr std::size_t range_bytes_min = 32u << 10;
constexpr std::size_t gap_bytes_max = 4096;  // between ranges that one read brings

// Where small ranges of files are read to on their way out. One a thread, so that it stays in the cache; what
// the socket did not take of it is read once more.
class Scratch {
 public:
  static constexpr std::size_t bytes_max = 64u << 10;

  std::size_t room() const { return bytes_max - used_; }
  // Short or negative as pread is.
  ssize_t read(int file, std::uint64_t position, std::size_t size) {
    const ssize_t got = ::pread(file, next(), size, static_cast<off_t>(position));
    if (got > 0) used_ += static_cast<std::size_t>(got);
    return got;
  }
  std::byte* next() const { return memory() + used_; }

 private:
  static std::byte* memory() {
    thread_local const std::unique_ptr<std::byte[]> bytes(new std::byte[bytes_max]);
    return bytes.get();
  }
  std::size_t used_ = 0;
};

// What is left of pieces on their way out.
class Outgoing {
 public:
  explicit Outgoing(Pieces pieces) : pieces_(std::move(pieces)) { pass(0); }

  bool done() const { return at_ == pieces_.size(); }

  // One system call; what it took has been passed. A negative answer leaves errno.
  ssize_t send_some(int socket) {
    const ssize_t sent = is_range(pieces_[at_]) ? send_file(socket) : send_gathered(socket);
    if (sent > 0) pass(static_cast<std::size_t>(sent));
    return sent;
  }

 private:
  static bool is_range(const Piece& piece) { return piece.file && piece.size >= range_bytes_min; }

  ssize_t send_file(int socket) {
    const Piece& piece = pieces_[at_];
    auto from = static_cast<off_t>(piece.position + skip_);
    return ::sendfile(socket, *piece.file, &from, piece.size - skip_);
  }

  ssize_t send_gathered(int socket) {
    Scratch scratch;
    std::array<iovec, 256> run;
    std::size_t n = 0;
    while (n < run.size() && at_ + n < pieces_.size() && !is_range(pieces_[at_ + n])) {
      const Piece& piece = pieces_[at_ + n];
      if (!piece.file) {
        const std::size_t skip = skip_of(n);
        run[n++] = {const_cast<std::byte*>(piece.memory.get()) + skip, piece.size - skip};
        continue;
      }
      const std::span<iovec> into = neighbours(n, scratch.room(), std::span(run).subspan(n));
      if (into.empty()) break;
      const std::uint64_t start = piece.position + skip_of(n);
      const Piece& last = pieces_[at_ + n + into.size() - 1];
      const std::size_t size = last.position + last.size - start;
      std::byte* const memory = scratch.next();
      const ssize_t got = scratch.read(*piece.file, start, size);
      if (got != static_cast<ssize_t>(size)) return std::min<ssize_t>(got, 0);
      for (iovec& part : into) part.iov_base = memory + (pieces_[at_ + n].position + skip_of(n) - start), n++;
    }
    msghdr message{};
    message.msg_iov = run.data(), message.msg_iovlen = n;
    const bool more = at_ + n < pieces_.size();
    return ::sendmsg(socket, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  }

  std::size_t skip_of(std::size_t n) const { return n == 0 ? skip_ : 0; }

  // The small ranges from the nth piece on that one read of at most `bytes_max` brings; their sizes.
  std::span<iovec> neighbours(std::size_t n, std::size_t bytes_max, std::span<iovec> into) const {
    const Piece& first = pieces_[at_ + n];
    const std::uint64_t start = first.position + skip_of(n);
    std::size_t count = 0;
    for (std::uint64_t end = start; count < into.size() && at_ + n + count < pieces_.size(); count++) {
      const Piece& next = pieces_[at_ + n + count];
      const std::uint64_t from = count == 0 ? start : next.position;
      if (next.file != first.file || is_range(next) || from < end || from - end > gap_bytes_max) break;
      end = next.position + next.size;
      if (end - start > bytes_max) break;
      into[count].iov_len = end - from;
    }
    return into.first(count);
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
