// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <poll.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

namespace mq::cli {

Output::Output(int descriptor, Options options)
    : descriptor_(descriptor), options_(std::move(options)), buffer_(new char[options_.buffer_bytes]) {}

bool Output::flush() {
  if (used_ > 0 && ok()) write({buffer_.get(), used_}, {});
  used_ = 0;
  return ok();
}

// What does not fit goes out together with what waits, without being copied when it is large.
void Output::append_large(std::string_view bytes) {
  if (!ok()) return;
  if (bytes.size() >= options_.buffer_bytes / 2) {
    write({buffer_.get(), used_}, bytes);
    used_ = 0;
    return;
  }
  const std::size_t room = options_.buffer_bytes - used_;  // full buffers make full pipe pages
  std::copy_n(bytes.begin(), room, buffer_.get() + used_);
  used_ += room;
  flush();
  append(bytes.substr(room));
}

bool Output::write(std::string_view first, std::string_view second) {
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(second.data()), second.size()}};
  while (parts[0].iov_len + parts[1].iov_len > 0) {
    const ssize_t n = ::writev(descriptor_, parts, 2);
    if (n < 0 && errno == EAGAIN) {
      pollfd wait{descriptor_, POLLOUT, 0};
      ::poll(&wait, 1, -1);
      if (options_.interrupted && options_.interrupted()) return failed(EINTR), false;
      continue;
    }
    if (n < 0 && errno == EINTR) {
      pollfd ready{descriptor_, POLLOUT, 0};
      const bool stuck = ::poll(&ready, 1, 0) <= 0;
      if (stuck && options_.interrupted && options_.interrupted()) return failed(EINTR), false;
      continue;
    }
    if (n < 0) return failed(errno), false;
    written_ += static_cast<std::size_t>(n);
    for (std::size_t left = static_cast<std::size_t>(n); auto& part : parts) {
      const std::size_t taken = std::min(left, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + taken;
      part.iov_len -= taken;
      left -= taken;
    }
  }
  return true;
}

void Output::failed(int error) {
  if (error == EPIPE || error == ECONNRESET || error == EINTR) {
    closed_ = true;  // a reader that is gone, or a signal: nobody misses the rest
  } else {
    error_ = error;
  }
}

bool Output::look_for_reader() {
  pollfd state{descriptor_, 0, 0};
  if (::poll(&state, 1, 0) > 0 && (state.revents & POLLERR)) closed_ = true;
  return !closed_;
}

}  // namespace mq::cli
