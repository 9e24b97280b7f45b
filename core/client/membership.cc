// SPDX-License-Identifier: Apache-2.0
#include "core/client/membership.h"

#include <algorithm>

namespace mq::client {

bool Membership::give(std::vector<TopicPartition> share) {
  wants_back_ = !std::ranges::includes(share, share_);
  if (share != share_ || round_ == 0) round_++;
  share_ = std::move(share);
  return wants_back_;
}

void Membership::take_all(bool lost) {
  if (share_.empty() && !wants_back_) return;
  share_.clear();
  round_++;
  wants_back_ = true;
  lost_ = lost_ || lost;
}

void Membership::handed_back() {
  wants_back_ = lost_ = false;
}

}  // namespace mq::client
