// SPDX-License-Identifier: Apache-2.0
// A Context whose streams are files in memory, and whose stdin is a text; for tests.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "cli/frame/command.h"

namespace mq::cli {

class Streams {
 public:
  explicit Streams(std::string_view input = {}) : in_(file(input)), out_(file({})), err_(file({})) {
    context.in = in_;
    context.out = out_;
    context.err = err_;
    for (const char* told : {"MQ_SHARED", "MQ_SEED"}) ::unsetenv(told);  // to tests: no settings of a broker
  }
  ~Streams() {
    for (const int fd : {in_, out_, err_}) ::close(fd);
  }
  Streams(const Streams&) = delete;

  std::string out() const { return content(out_); }
  std::string err() const { return content(err_); }

  Context context;

 private:
  static int file(std::string_view text) {
    const int fd = ::memfd_create("stream", MFD_CLOEXEC);
    if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
    ::lseek(fd, 0, SEEK_SET);
    return fd;
  }
  static std::string content(int fd) {
    std::string text;
    char buffer[4096];
    for (off_t at = 0;;) {
      const ssize_t n = ::pread(fd, buffer, sizeof buffer, at);
      if (n <= 0) return text;
      text.append(buffer, static_cast<std::size_t>(n));
      at += n;
    }
  }

  int in_, out_, err_;
};

// An environment that a test can write.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;

 private:
  const char* name_;
};

}  // namespace mq::cli
