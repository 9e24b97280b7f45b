// SPDX-License-Identifier: Apache-2.0
// Which leader epoch ends where: what a reader needs to notice that the log it remembers is not this one
// (KIP-101, KIP-320). Pure.
#pragma once

#include <vector>

#include "core/types.h"

namespace mq::core {

class Epochs {
 public:
  struct End {
    Epoch epoch = -1;
    Offset offset = -1;
    bool operator==(const End&) const = default;
  };

  // `epoch` begins at `start`; written at the election, before any record of it. Must grow in both.
  void begin(Epoch epoch, Offset start) { starts_.push_back({epoch, start}); }
  Epoch current() const { return starts_.empty() ? -1 : starts_.back().epoch; }

  // Where `epoch` ends in a log that ends at `log_end`; of the largest known epoch before it when it is
  // unknown. Nothing for an epoch after the current one.
  End end_of(Epoch epoch, Offset log_end) const;
  Epoch at(Offset offset) const;  // the epoch in which `offset` was, or will be, written

 private:
  std::vector<End> starts_;  // of each epoch
};

}  // namespace mq::core
