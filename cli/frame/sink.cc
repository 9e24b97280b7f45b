// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

namespace mq::cli {
namespace {

bool can_block(int descriptor, const struct stat& status) {
  const bool terminal = S_ISCHR(status.st_mode) && ::isatty(descriptor);
  return terminal || S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);
}

// The same pipe or terminal, with flags of its own; -1: it is not ours to open.
int open_anew(int descriptor) {
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

// Ends the parts where `bytes_max` is reached.
int shorten(std::span<iovec> parts, std::size_t bytes_max) {
  int count = 0;
  for (iovec& part : parts) {
    if (bytes_max == 0) break;
    part.iov_len = std::min(part.iov_len, bytes_max);
    bytes_max -= part.iov_len;
    count++;
  }
  return count;
}

}  // namespace

Sink::Sink(boost::asio::io_context& loop, int descriptor)
    : given_(descriptor), target_(descriptor), descriptor_(loop) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !can_block(descriptor, status)) return;
  if (S_ISFIFO(status.st_mode))
    pipe_bytes_ = static_cast<std::size_t>(std::max(::fcntl(descriptor, F_GETPIPE_SZ), PIPE_BUF));
  int waited_for = -1;
  if (S_ISSOCK(status.st_mode)) {
    way_ = Way::socket;
  } else if (waited_for = open_anew(descriptor); waited_for >= 0) {
    way_ = Way::own;
    target_ = waited_for;
  } else {
    way_ = Way::asked;
  }
  if (waited_for < 0) waited_for = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (waited_for >= 0) descriptor_.assign(waited_for);
}

ssize_t Sink::write(std::span<iovec> parts, std::size_t bytes_max) const {
  if (way_ == Way::asked) {
    pollfd ready{target_, POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) return errno = EAGAIN, -1;
    bytes_max = std::min<std::size_t>(bytes_max, PIPE_BUF);
  }
  const int count = shorten(parts, bytes_max);
  if (way_ != Way::socket) return ::writev(target_, parts.data(), count);
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = static_cast<std::size_t>(count);
  return ::sendmsg(target_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Sink::when_ready(std::function<void()> ready) {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                         [ready = std::move(ready)](boost::system::error_code error) {
                           if (error != boost::asio::error::operation_aborted) ready();
                         });
}

// An empty pipe has all its room. One that is not may have its pages filled in part; then the one page is
// certain that makes it ready.
std::size_t Sink::whole_bytes_max() const {
  if (pipe_bytes_ == 0) return SIZE_MAX;
  int unread = 0;
  const bool empty = ::ioctl(given_, FIONREAD, &unread) == 0 && unread == 0;
  return empty ? pipe_bytes_ : PIPE_BUF;
}

bool Sink::has_reader() const {
  pollfd state{given_, 0, 0};
  return ::poll(&state, 1, 0) <= 0 || !(state.revents & POLLERR);
}

}  // namespace mq::cli
