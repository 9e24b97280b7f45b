// SPDX-License-Identifier: Apache-2.0
// Mistakes in replication that a test makes on purpose, to see that it would find them: in its own thread,
// one at a time, or together those that cover for each other. Nobody else makes any.
#pragma once

#include <cstdint>

namespace mq::core {

enum class Mistake {
  // ---- the leader
  watermark_ignores_proposal,  // the ISR counts as changed as soon as that is proposed
  unknown_outcome_by_reading,  // a proposal without an answer is dropped
  expansion_without_guard,     // whoever once asked may join, also in an earlier run
  commits_below_min_isr,
  counts_what_is_not_durable,  // of followers' logs
  counts_any_run,              // a fetch of an earlier run counts for the present one
  no_leader_epoch_start,       // a follower may join that has not reached it
  no_leader_epoch_check,       // of fetches
  counts_diverging_fetch,      // KAFKA-13141
  counts_behind_failed_write,  // what a follower had behind the leader's end, when that went back
  // ---- the follower
  truncates_to_high_watermark,  // of whoever follows a new leader, instead of by epoch (KIP-101)
  takes_late_answer,            // of another leader epoch, or to what was asked from another offset
  refuses_batch_across_start,   // with which the log of its leader begins
  // ---- the controller
  elects_any_run,  // whoever is registered under the entry's id
  keeps_elr,       // although the ISR can commit
  // ---- a start
  trusts_any_disk,               // a broker that starts with an empty one takes its entries over
  trusts_any_copy,               // also one with a directory as it was some runs ago
  leads_on_after_restart,        // in the leader epoch that it had
  snapshot_outlives_truncation,  // of what was truncated after it was taken
  // ---- what lies in the log
  keeps_truncated_producers,   // a producer's batches count although they were truncated
  answers_duplicates_at_once,  // before the batch that it repeats is committed
  compacts_uncommitted,        // what is not committed counts as newer
  forgets_compacted_epochs,    // of which nothing but heads is left
  // ---- who uses it
  loads_what_is_not_committed,  // a coordinator answers before that is
  forgets_failed_markers,       // of a transaction whose end not every leader has taken
  takes_any_coordinator,        // a marker of one that has been succeeded ends a transaction
  ignores_topic_ids,            // what was committed of a topic before counts for the next of that name
  leads_without_room,           // although others could
  // ---- that were made once, and found so
  asks_while_writing,          // of a new leader, what was written as the one before
  forgets_it_is_controller,    // when an update tells of another before it
  keeps_skipped_transactions,  // that began before the start, where what ended them was skipped
  truncates_before_start,      // of a leader that knows no epochs of what was there
  leads_what_it_truncates,     // and commits it, elected in the middle of that
};

inline thread_local std::uint64_t mistakes_made = 0;  // a bit for each

inline bool makes(Mistake mistake) {
  return (mistakes_made >> static_cast<int>(mistake) & 1) != 0;
}

inline void make(Mistake mistake) {
  mistakes_made |= std::uint64_t{1} << static_cast<int>(mistake);
}

}  // namespace mq::core
