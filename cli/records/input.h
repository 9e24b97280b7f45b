// SPDX-License-Identifier: Apache-2.0
// The way of records from stdin or a file: blocks of bytes as read(2) gives them, and the cut into records.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/client/client.h"

namespace mq::cli {

// Reads a descriptor on a thread of its own (a pipe blocks, and a regular file cannot be waited for), a few
// blocks ahead. Everything else lives on the loop. The descriptor keeps its flags and is not closed; nothing
// is read after stop(), and nothing is waited for that may never come.
class Input {
 public:
  struct Block {
    std::string_view bytes;  // empty: the end, or an error
    int error = 0;           // errno
  };
  Input(boost::asio::io_context& loop, int descriptor, std::size_t block_bytes = 256 << 10);
  ~Input();

  // The next bytes; valid until the next call. `stop` makes a waiting call return the end.
  client::Task<Block> next();
  bool ready() const;  // next() would not wait
  void stop();

 private:
  struct Shared;
  static void read(std::shared_ptr<Shared> shared);

  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

// Cuts blocks at a delimiter. No limit on the length of a record but `record_bytes_max`: a longer one is
// passed over without being kept, and next() says so. Nothing is copied but a record that lies in two blocks.
// Pure.
class Splitter {
 public:
  explicit Splitter(std::string delimiter, std::size_t record_bytes_max = 100 << 20);

  struct Record {
    std::string_view bytes;
    bool too_large = false;  // `bytes` is empty, then
  };
  void feed(std::string_view block);  // views given so far end here
  bool next(Record& record);          // false: feed more
  bool rest(Record& record);          // at the end: a last record without a delimiter

 private:
  std::size_t find() const;
  bool take(std::size_t length, std::size_t after, Record& record);
  void keep();

  std::string delimiter_;
  std::size_t record_bytes_max_;
  std::string_view block_;
  std::string carry_;      // the beginning of a record whose end is in a block to come
  std::string whole_;      // the record that was begun in carry_
  bool skipping_ = false;  // in a record that is too large
};

}  // namespace mq::cli
