// SPDX-License-Identifier: Apache-2.0
// The way of records to stdout: gathered in a buffer, written as stdout takes them. Nobody waits in here but
// those who ask to: what stdout does not take stays, and whoever has more to say awaits room() when it is
// full(). A quiet topic is never stuck in the buffer (whoever has no further record at hand calls flush()), a
// busy one is not slowed down.
//
// In a group each record is marked with the source it is of. Then pipes get whole records only, as far as
// they fit in one write, it is told how far stdout has taken each source, and records of a source that is
// another member's now can be dropped. Lives on the loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "cli/frame/sink.h"
#include "core/client/retry.h"

namespace mq::cli {

class Output {
 public:
  using Source = std::uint32_t;  // a partition, as whoever marks records numbers them

  struct Options {
    std::size_t buffer_bytes = 64 << 10;
    bool each_record = false;  // flush after every record: terminals, --line-buffered
    std::size_t waiting_bytes_max = 1 << 20;
    std::function<void(Source, client::Offset)> taken = {};  // stdout has all of the source before this
  };
  Output(boost::asio::io_context& loop, int descriptor, Options options);

  // Appends never fail: once the reader has gone or a write failed they do nothing; ask ok().
  void append(std::string_view bytes) {
    if (bytes.size() > options_.buffer_bytes - used_) return append_large(bytes);
    std::copy(bytes.begin(), bytes.end(), buffer_.get() + used_);
    used_ += bytes.size();
  }
  void append(char c) { append(std::string_view(&c, 1)); }
  void end_record() {
    records_++;
    if (options_.each_record && !options_.taken) flush();
  }
  bool flush();  // as much as stdout takes now, the rest when it takes it; ok()

  // Behind what was appended so far, this source goes on there.
  void mark(Source source, client::Offset next);
  // What waits of these sources is not written any more. A record that stdout has a part of stays: cut().
  void drop(const std::function<bool(Source)>& gone);
  std::optional<Source> cut() const;

  bool full() const { return waiting_bytes_ > options_.waiting_bytes_max; }
  bool empty() const { return waiting_bytes_ == 0 && used_ == 0; }
  // Until there is room again or nothing waits any more, wake() was called, or it is that late: look again.
  client::Task<void> room(client::Time until);
  client::Task<void> drained();  // until all is written, or nothing more will be
  void wake() { waiter_.cancel(); }
  // A signal came: a reader that reads gets what waits, another one has a moment for it.
  void give_up();

  bool ok() const { return !closed_ && error_ == 0; }
  bool closed() const { return closed_; }  // the reader has enough: EPIPE, ECONNRESET
  int error() const { return error_; }     // errno of any other failed write
  bool look_for_reader();                  // closed() without writing anything: asks the kernel
  std::size_t records() const { return records_; }
  std::size_t bytes() const { return taken_ + waiting_bytes_ + used_; }

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0, taken = 0;
    bool is_buffer = false;  // and can be one again
    std::string_view rest() const { return {bytes.get() + taken, size - taken}; }
  };
  struct Mark {
    std::size_t end = 0;  // of bytes()
    Source source = 0;
    client::Offset next = 0;
  };
  void append_large(std::string_view bytes);
  std::string_view write_past_buffer(std::string_view bytes);
  void queue(std::string_view bytes);
  void roll();
  void push();
  ssize_t write_some();
  std::size_t whole_records() const;
  void took(std::size_t bytes);
  void tell();
  void failed(int error);

  Options options_;
  Sink sink_;
  client::Timer waiter_, patience_;
  std::unique_ptr<char[]> buffer_;
  std::size_t used_ = 0;
  std::deque<Chunk> waiting_;  // in front of the buffer
  std::vector<std::unique_ptr<char[]>> spare_;
  std::size_t waiting_bytes_ = 0, taken_ = 0;
  std::deque<Mark> marks_;  // of what was not taken
  std::size_t told_ = 0;    // bytes before the first of them
  std::size_t records_ = 0;
  bool flushing_ = false;  // the buffer goes, too, when what is in front of it is gone
  bool queued_ = false;    // since the last mark
  bool armed_ = false;
  bool closed_ = false;
  int error_ = 0;
};

}  // namespace mq::cli
