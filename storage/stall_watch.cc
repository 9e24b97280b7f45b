// SPDX-License-Identifier: Apache-2.0
#include "storage/stall_watch.h"

#include "storage/logger.h"

namespace mq::storage {
namespace {

constexpr std::chrono::minutes told_again_after{1};

}  // namespace

void StallWatch::began() {
  since_ = told_ = Clock::now();
  waiting_ = 1;
  if (!looking_) look_at(since_ + patience_);
}

void StallWatch::answered(std::size_t waiting) {
  waiting_ = waiting;
  since_ = told_ = Clock::now();
}

void StallWatch::stop() {
  stopped_ = true;
  timer_.cancel();
}

std::chrono::milliseconds StallWatch::stalled() const {
  const auto silent = Clock::now() - since_;
  if (waiting_ == 0 || silent < patience_) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(silent);
}

void StallWatch::look_at(Clock::time_point when) {
  if (stopped_) return;
  looking_ = true;
  timer_.expires_at(when);
  timer_.async_wait([this](const error_code& cancelled) {
    if (cancelled) return;
    looking_ = false;
    look();
  });
}

void StallWatch::look() {
  if (waiting_ == 0) return;
  const auto now = Clock::now();
  const bool is_told = told_ > since_;
  const auto due = is_told ? told_ + told_again_after : since_ + patience_;
  if (now < due) return look_at(due);
  const auto silent = std::chrono::duration_cast<std::chrono::seconds>(now - since_);
  logger().error("nothing of what is to be written has been answered for {} s; the writer {}", silent.count(),
                 activity_ ? activity_() : "has not begun");
  told_ = now;
  look_at(now + told_again_after);
}

}  // namespace mq::storage
