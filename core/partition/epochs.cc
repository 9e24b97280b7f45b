// SPDX-License-Identifier: Apache-2.0
#include "core/partition/epochs.h"

namespace mq::core {

void Epochs::seen(Epoch epoch, Offset first) {
  if (epoch > last()) starts_.push_back({epoch, first});
}

void Epochs::truncate(Offset end) {
  while (starts_.size() > 1 && starts_.back().offset >= end) starts_.pop_back();
  if (starts_.front().offset >= end) starts_.front() = {0, end};  // nothing is left, and any may come
}

void Epochs::trim(Offset start) {
  std::size_t gone = 0;
  while (gone + 1 < starts_.size() && starts_[gone + 1].offset <= start) gone++;
  starts_.erase(starts_.begin(), starts_.begin() + static_cast<std::ptrdiff_t>(gone));
}

Epochs::End Epochs::end_of(Epoch epoch, Epoch leader_epoch, Offset log_end) const {
  if (epoch < 0 || epoch > leader_epoch) return {};
  if (epoch == leader_epoch) return {epoch, log_end};
  for (std::size_t i = starts_.size(); i-- > 0;)
    if (starts_[i].epoch <= epoch)
      return {starts_[i].epoch, i + 1 < starts_.size() ? starts_[i + 1].offset : log_end};
  return {epoch, starts_.front().offset};
}

Epoch Epochs::at(Offset offset) const {
  for (std::size_t i = starts_.size(); i-- > 0;)
    if (starts_[i].offset <= offset) return starts_[i].epoch;
  return starts_.front().epoch;
}

Epochs Epochs::restored(std::vector<End> starts) {
  Epochs epochs;
  if (!starts.empty()) epochs.starts_ = std::move(starts);
  return epochs;
}

}  // namespace mq::core
