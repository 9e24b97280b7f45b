// SPDX-License-Identifier: Apache-2.0
#include "cli/records/stop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <csignal>

namespace mq::cli {
namespace {

std::atomic<int> caught{0};
std::atomic<int> wake{-1};

void on_signal(int signal) {
  if (caught.exchange(signal) != 0) {  // the second one
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  const std::uint64_t one = 1;
  const int saved = errno;
  [[maybe_unused]] const auto n = ::write(wake.load(), &one, sizeof one);
  errno = saved;
}

constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP};

}  // namespace

struct Stop::Watch {
  explicit Watch(boost::asio::io_context& loop) : event(loop, ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  boost::asio::posix::stream_descriptor event;
  struct sigaction before[3], pipe_before;
};

Stop::Stop(boost::asio::io_context& loop, std::function<void()> stopped)
    : watch_(std::make_shared<Watch>(loop)) {
  caught = 0;
  wake = watch_->event.native_handle();
  struct sigaction action {};
  action.sa_handler = on_signal;  // no SA_RESTART: a write to a reader that does not read must return
  for (int i = 0; i < 3; i++) ::sigaction(signals[i], &action, &watch_->before[i]);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &watch_->pipe_before);
  watch_->event.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [watch = watch_, stopped = std::move(stopped)](boost::system::error_code error) {
                             if (!error) stopped();
                           });
}

Stop::~Stop() {
  for (int i = 0; i < 3; i++) ::sigaction(signals[i], &watch_->before[i], nullptr);
  ::sigaction(SIGPIPE, &watch_->pipe_before, nullptr);
  wake = -1;
  watch_->event.cancel();
}

bool Stop::signalled() {
  return caught != 0;
}

Exit Stop::exit(Exit otherwise) {
  if (caught == 0) return otherwise;
  return caught == SIGINT ? Exit::interrupted : Exit::terminated;
}

}  // namespace mq::cli
