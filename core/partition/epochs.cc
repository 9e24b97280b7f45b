// SPDX-License-Identifier: Apache-2.0
#include "core/partition/epochs.h"

namespace mq::core {

Epochs::End Epochs::end_of(Epoch epoch, Offset log_end) const {
  if (epoch < 0 || epoch > current()) return {};
  if (epoch == current()) return {epoch, log_end};
  for (std::size_t i = starts_.size(); i-- > 0;)
    if (starts_[i].epoch <= epoch) return {starts_[i].epoch, starts_[i + 1].offset};
  return {epoch, starts_.front().offset};
}

Epoch Epochs::at(Offset offset) const {
  for (std::size_t i = starts_.size(); i-- > 0;)
    if (starts_[i].offset <= offset) return starts_[i].epoch;
  return starts_.empty() ? -1 : starts_.front().epoch;
}

}  // namespace mq::core
