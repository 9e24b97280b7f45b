// SPDX-License-Identifier: Apache-2.0
// The way of records to stdout: one buffer, written with write(2). A quiet topic is never stuck in it
// (whoever has no further record at hand calls flush()), a busy one is not slowed down. Used by one thread;
// writes may block.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace mq::cli {

class Output {
 public:
  struct Options {
    std::size_t buffer_bytes = 64 << 10;
    bool each_record = false;                // flush after every record: terminals, --line-buffered
    std::function<bool()> interrupted = {};  // asked when a signal broke into a write that cannot go on
  };
  Output(int descriptor, Options options);

  // Appends never fail: once the reader has gone or a write failed they do nothing; ask ok().
  void append(std::string_view bytes) {
    if (bytes.size() > options_.buffer_bytes - used_) return append_large(bytes);
    std::copy(bytes.begin(), bytes.end(), buffer_.get() + used_);
    used_ += bytes.size();
  }
  void append(char c) { append(std::string_view(&c, 1)); }
  void end_record() {
    records_++;
    if (options_.each_record) flush();
  }
  bool flush();

  bool ok() const { return !closed_ && error_ == 0; }
  bool closed() const { return closed_; }  // the reader has enough: EPIPE, ECONNRESET
  int error() const { return error_; }     // errno of any other failed write
  bool look_for_reader();                  // closed() without writing anything: asks the kernel
  bool empty() const { return used_ == 0; }
  std::size_t records() const { return records_; }
  std::size_t bytes() const { return written_ + used_; }

 private:
  void append_large(std::string_view bytes);
  bool write(std::string_view first, std::string_view second);
  void failed(int error);

  int descriptor_;
  Options options_;
  std::unique_ptr<char[]> buffer_;
  std::size_t used_ = 0;
  std::size_t records_ = 0, written_ = 0;
  bool closed_ = false;
  int error_ = 0;
};

}  // namespace mq::cli
