// SPDX-License-Identifier: Apache-2.0
// What waits for the writer, in order. Any thread puts appends in; the writer thread takes them out in
// groups, each as large as one sync should be.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "storage/append.h"

namespace mq::storage {

class AppendQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void push(std::vector<Append> appends);  // behind all others; before there is a writer they wait
  void close();                            // what waits is still taken

  // Waits for something to take, or for `until`: null then. Empty: the queue is closed, and nothing is left.
  std::unique_ptr<Group> take(std::optional<Time> until);

 private:
  std::unique_ptr<Group> gather();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<Append>> waiting_;  // guarded by mutex_
  bool closed_ = false;                      // guarded by mutex_
};

}  // namespace mq::storage
