// SPDX-License-Identifier: Apache-2.0
#include "storage/append_queue.h"

namespace mq::storage {
namespace {

constexpr std::size_t taken_bytes_max = 8u << 20;  // of one sync
constexpr std::size_t taken_appends_max = 2000;    // whose answers are one turn of the loop

}  // namespace

void AppendQueue::push(std::vector<Append> appends) {
  if (appends.empty()) return;
  bool idle;
  {
    std::lock_guard lock(mutex_);
    idle = waiting_.empty();
    waiting_.push_back(std::move(appends));
  }
  if (idle) changed_.notify_one();
}

void AppendQueue::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
}

std::unique_ptr<Group> AppendQueue::take(std::optional<Time> until) {
  std::unique_lock lock(mutex_);
  const auto anything = [this] { return closed_ || !waiting_.empty(); };
  if (!until) {
    changed_.wait(lock, anything);
  } else if (!changed_.wait_until(lock, *until, anything)) {
    return nullptr;
  }
  return gather();
}

// What waits, up to the bytes of one sync. With the mutex held.
std::unique_ptr<Group> AppendQueue::gather() {
  auto group = std::make_unique<Group>();
  std::size_t bytes = 0;
  const auto has_room = [&](std::size_t more) {
    return bytes < taken_bytes_max && group->appends.size() + more < taken_appends_max;
  };
  while (!waiting_.empty() && has_room(0)) {
    auto& turn = waiting_.front();
    std::size_t taken = 0;
    while (taken < turn.size() && has_room(taken)) bytes += record_bytes(turn[taken++].batch.size);
    const auto end = turn.begin() + static_cast<std::ptrdiff_t>(taken);
    if (group->appends.empty() && taken == turn.size()) {
      group->appends = std::move(turn);
    } else {
      group->appends.insert(group->appends.end(), std::move_iterator(turn.begin()), std::move_iterator(end));
      turn.erase(turn.begin(), end);
    }
    if (taken == 0 || turn.empty()) waiting_.pop_front();
  }
  return group;
}

}  // namespace mq::storage
