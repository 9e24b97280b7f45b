// SPDX-License-Identifier: Apache-2.0
// A command whose reader takes nothing for a while.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cli/frame/command.h"
#include "tests/cli/support/streams.h"

namespace mq::cli {

// Its stdout is a pipe of 4 KiB, so that it stands still soon: after 256 records of 16 bytes, or in the
// middle of one that is larger.
class Stuck {
 public:
  explicit Stuck(std::vector<std::string> words, std::string_view input = {}) : streams_(input) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    room_ = ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
    in_ = ends[0];
    streams_.context.out = ends[1];
    thread_ = std::thread([this, words = std::move(words)] {
      exit_ = cli::run(streams_.context, words);
      ::close(streams_.context.out);
    });
  }
  ~Stuck() {
    if (thread_.joinable()) go_on();
    close();
  }
  bool waits() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    int bytes = 0;
    while (bytes < room_ && std::chrono::steady_clock::now() < deadline) {
      ::ioctl(in_, FIONREAD, &bytes);
      std::this_thread::yield();
    }
    return bytes == room_;
  }
  // Whether it has said that on stderr, within a while.
  bool says(std::string_view text) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (err().find(text) == std::string::npos && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    return err().find(text) != std::string::npos;
  }
  // What the pipe has now.
  std::string take() { return read_some(); }
  // All that it writes until its end.
  std::string go_on() {
    std::string all;
    for (std::string some = read_some(); !some.empty(); some = read_some()) all += some;
    if (thread_.joinable()) thread_.join();
    return all;
  }
  // The reader has enough.
  void close() {
    if (in_ >= 0) ::close(std::exchange(in_, -1));
    if (thread_.joinable()) thread_.join();
  }
  Exit exit() const { return exit_; }
  std::string err() const { return streams_.err(); }

 private:
  std::string read_some() {
    char some[4096];
    const ssize_t n = ::read(in_, some, sizeof some);
    return {some, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }

  Streams streams_;
  int in_ = -1, room_ = 0;
  Exit exit_ = Exit::failed;
  std::thread thread_;
};

}  // namespace mq::cli
