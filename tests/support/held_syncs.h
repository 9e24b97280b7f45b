// SPDX-License-Identifier: Apache-2.0
// A file system whose syncs a test holds back: what waits for the disk then waits for the test.
#pragma once

#include <condition_variable>
#include <mutex>

#include "tests/support/power_cut.h"

namespace mq::test {

class HeldSyncs {
 public:
  // To be used through files(); below the directory nothing is open yet.
  explicit HeldSyncs(const Path& root) : files_(root) {
    files_.watch([this](PowerCut::Call call, const Path&) {
      if (call == PowerCut::Call::sync) wait_for_release();
    });
  }

  PowerCut& files() { return files_; }

  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  // Until somebody waits for the disk.
  void wait_for_sync() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }

 private:
  void wait_for_release() {
    std::unique_lock lock(mutex_);
    waiting_++;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    waiting_--;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  int waiting_ = 0;
  PowerCut files_;  // last: whoever waits is gone before what they wait for
};

}  // namespace mq::test
