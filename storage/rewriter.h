// SPDX-License-Identifier: Apache-2.0
// Looks at all that a partition has in sealed segments, and writes it anew: for whoever knows which records
// are still worth keeping. Asked on the loop; what is called back runs on a thread of the journal's own, one
// job after the other, so that it may take its time.
#pragma once

#include <functional>

#include "storage/types.h"

namespace mq::storage {

class Rewriter {
 public:
  using Visit = std::function<bool(Bytes batch)>;  // false: enough
  // What becomes of a batch: itself, another one with the same first and last offset, or none (empty). The
  // answer has to live until the next call.
  using Change = std::function<Bytes(Bytes batch)>;

  virtual ~Rewriter() = default;

  // Every batch that holds offsets from `from` on and ends before `to`, in order.
  virtual Task<error_code> visit(PartitionNumber partition, Offset from, Offset to, Visit visit) = 0;

  // Writes anew what begins between `from` and `to`, as far as one new segment should hold, and returns where
  // it stopped; batches behind `to` that share a segment with the last of them are shown, too. It is there as
  // a whole, or after an error not at all. Trims, truncations and removals that come meanwhile hold.
  virtual Task<Result<Offset>> rewrite(PartitionNumber partition, Offset from, Offset to, Change change) = 0;

  // What was appended before is in sealed segments when it returns.
  virtual Task<error_code> roll() = 0;
};

}  // namespace mq::storage
