// SPDX-License-Identifier: Apache-2.0
#include "cli/records/merge.h"

#include <algorithm>
#include <tuple>

namespace mq::cli {
namespace {

bool older(const Held& a, const Held& b) {
  return std::tie(a.timestamp, a.arrived) < std::tie(b.timestamp, b.arrived);
}

}  // namespace

void Merge::push(std::size_t partition, std::int64_t timestamp, std::string text, bool is_shown) {
  queues_[partition].push_back({timestamp, arrived_++, std::move(text), is_shown});
}

bool Merge::pop(Held& held) {
  std::deque<Held>* first = nullptr;
  for (std::size_t i = 0; i < queues_.size(); i++) {
    if (queues_[i].empty() && !finished_[i]) return false;
    if (!queues_[i].empty() && (!first || older(queues_[i].front(), first->front()))) first = &queues_[i];
  }
  if (!first) return false;
  held = std::move(first->front());
  first->pop_front();
  return true;
}

void Newest::push(std::size_t partition, std::int64_t timestamp, std::string text, bool is_shown) {
  if (count_ == 0) return;
  newest_[partition] = std::max(newest_[partition], timestamp);
  held_.push_back({newest_[partition], arrived_++, std::move(text), is_shown});
  if (held_.size() >= 2 * count_ + 64) trim();
}

void Newest::trim() {
  if (held_.size() <= count_) return;
  const auto drop = static_cast<std::ptrdiff_t>(held_.size() - count_);
  std::nth_element(held_.begin(), held_.begin() + drop, held_.end(), older);
  held_.erase(held_.begin(), held_.begin() + drop);
}

std::vector<Held> Newest::take() {
  trim();
  std::sort(held_.begin(), held_.end(), older);
  return std::move(held_);
}

}  // namespace mq::cli
