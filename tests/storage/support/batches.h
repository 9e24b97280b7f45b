// SPDX-License-Identifier: Apache-2.0
// Record batches as storage sees them, and waiting for a coroutine from a test.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "storage/log.h"

namespace mq::test {

using storage::Batch;
using storage::Log;
using storage::Offset;

// `count` records from `first` on, with a correct head and CRC; the same arguments give the same bytes.
Batch make_batch(Offset first, int count = 1, std::size_t size = 100, std::int64_t time_max = 1000);

// The offsets of whole batches back to back; fails the test when something else is there.
struct Seen {
  Offset first = 0, last = 0;
  std::size_t size = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};
std::string bytes_of(const storage::Read& read);  // also of its file ranges
std::vector<Seen> batches_of(const std::string& bytes);
std::vector<Seen> batches_of(const storage::Read& read);

template <class Done>
void run_until(storage::asio::io_context& loop, Done done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!done()) {
    if (loop.stopped()) loop.restart();
    loop.run_one_until(deadline);
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("nothing happened for 30 seconds");
  }
}

// Runs the loop until the coroutine has returned.
template <class T>
T wait_for(storage::asio::io_context& loop, storage::Task<T> task) {
  std::optional<T> result;
  std::exception_ptr thrown;
  storage::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error, T value) {
    thrown = error;
    result.emplace(std::move(value));
  });
  run_until(loop, [&] { return result.has_value(); });
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

inline void wait_for(storage::asio::io_context& loop, storage::Task<void> task) {
  bool done = false;
  storage::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error) {
    done = true;
    if (error) std::rethrow_exception(error);
  });
  run_until(loop, [&] { return done; });
}

// Appends and waits for the answer.
storage::error_code append_to(storage::asio::io_context& loop, Log& log, Batch batch);
// Everything from `from` to the end, read in pieces of at most `bytes_max`.
std::vector<Seen> read_all(storage::asio::io_context& loop, Log& log, Offset from,
                           std::size_t bytes_max = 1 << 20);

}  // namespace mq::test
