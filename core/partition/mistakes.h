// SPDX-License-Identifier: Apache-2.0
// Mistakes in replication that a test makes on purpose, to see that it would find them: one at a time, in its
// own thread. Nobody else makes any.
#pragma once

namespace mq::core {

enum class Mistake {
  none,
  watermark_ignores_proposal,  // the ISR counts as changed as soon as that is proposed
  commits_below_min_isr,
  no_leader_epoch_check,   // of fetches
  counts_diverging_fetch,  // KAFKA-13141
  trusts_any_disk,         // a broker that starts with an empty one takes its entries over
  end
};

inline thread_local Mistake mistake_made = Mistake::none;

inline bool makes(Mistake mistake) {
  return mistake_made == mistake;
}

}  // namespace mq::core
