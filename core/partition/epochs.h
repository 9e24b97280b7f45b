// SPDX-License-Identifier: Apache-2.0
// Which leader epoch begins where in a log: what a reader needs to notice that the log it remembers is not
// this one (KIP-101, KIP-320). Read from the heads of batches: an epoch begins with its first batch, and is
// truncated with it; an epoch in which nothing was written decides nothing. Pure.
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

  // A batch of `epoch` lies at `first`; behind all that were seen. Only an epoch above the last is news.
  void seen(Epoch epoch, Offset first);
  // Nothing at or after `end` is in the log.
  void truncate(Offset end);
  // The log begins at `start`: of the epochs that end before it nothing is asked any more.
  void trim(Offset start);

  Epoch last() const { return starts_.back().epoch; }  // of the newest batch; 0 in a log that never had one
  // Where `epoch` ends in a log that ends at `log_end` and is led in `leader_epoch`; of the largest known
  // epoch before it when it is unknown. Nothing for an epoch after the leader's.
  End end_of(Epoch epoch, Epoch leader_epoch, Offset log_end) const;
  Epoch at(Offset offset) const;  // the epoch in which what lies there was written; behind the end, the last

  // For snapshots: (epoch, start), rising in both. The first is where the log began, as far as is known.
  const std::vector<End>& all() const { return starts_; }
  bool is_trivial() const { return starts_.size() == 1 && starts_.front().epoch == 0; }
  static Epochs restored(std::vector<End> starts);

  bool operator==(const Epochs&) const = default;

 private:
  std::vector<End> starts_{{0, 0}};  // never empty
};

}  // namespace mq::core
