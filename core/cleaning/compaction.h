// SPDX-License-Identifier: Apache-2.0
// Compaction of a partition: when it is worth it and how far it may go (judge), and which records survive it
// (Survivors). Pure, but for memory; judge belongs to the loop, the rest to one thread at a time.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "core/cleaning/newest_offsets.h"
#include "core/config/topic_config.h"
#include "core/partition/producers.h"

namespace mq::core {

struct CompactionRules {
  double dirty_ratio_min = 0.5;
  std::int64_t lag_ms_min = 0, lag_ms_max = end_of_time, delete_retention_ms = 86'400'000,
               segment_ms = end_of_time;

  static std::optional<CompactionRules> of(const TopicConfig& config);  // nothing: the topic is not compacted
  bool operator==(const CompactionRules&) const = default;
};

// When something was written, as far as anybody knows; never after `now`.
Timestamp time_of(const storage::Range& range, Timestamp now);

// What lies in a partition, as compaction sees it. Clean is what an earlier pass has looked at: there every
// key is the only one of its kind.
struct CompactionView {
  std::vector<storage::Range> segments;  // from the log's start on
  Offset clean = 0;                      // up to here
  Offset stable = 0;                     // nothing at or behind it may be touched
  Timestamp oldest_dirty = end_of_time,
            oldest_unsealed = end_of_time;  // when the first batch of each was written
  Timestamp now = 0;
};

struct Judgement {
  enum class Act { wait, compact, seal };
  Act act = Act::wait;
  Offset end = 0;                   // compact: up to here
  Timestamp due = end_of_time;      // wait: something may be to be done then
  std::uint64_t room = UINT64_MAX;  // wait: or when so many bytes have been appended
};
Judgement judge(const CompactionRules& rules, const CompactionView& view);

// One pass: what it has to know, and what it finds out.
struct CompactionPass {
  explicit CompactionPass(std::size_t slots) : newest(slots) {}

  bool aborted(const kafka::BatchHead& head) const { return is_aborted && is_aborted(head); }

  Offset end = 0;           // batches from here on stay as they are; map_keys sets it when the map is full
  Offset newest_last = -1;  // of the log's newest batch, of which at least the head stays
  Timestamp now = 0;
  std::int64_t delete_retention_ms = 0;
  std::unordered_map<ProducerId, Offset> last_of_producer;  // last offset of the newest batch of each
  std::function<bool(const kafka::BatchHead&)> is_aborted;  // of a transaction; not set: none is
  NewestOffsets newest;
};

// Shows the pass one more dirty batch. False: the map is full, and the pass ends before this batch (or after
// it, where it is the first one: `first`).
bool map_keys(net::Bytes batch, CompactionPass& pass, bool first);

// What of each batch is still worth keeping; is shown all of the log from its start on, in order.
//
// A record survives that is the newest of its key, unless it is a tombstone (no value) whose time has passed.
// That time is delete_retention_ms after the pass that saw the tombstone first, and stands in the batch, as
// Kafka has it: bit 6, and the base timestamp. A marker of a transaction stays until a pass has seen nothing
// of the transaction before it, and then as long as a tombstone. Offsets, sequences and times of what
// survives do not change. At least the head stays of the newest batch of a producer, and of the first of a
// leader epoch: whoever copies the log learns from heads where epochs begin, and an epoch that none of them
// names would let a former leader keep what it wrote in it.
class Survivors {
 public:
  explicit Survivors(std::shared_ptr<const CompactionPass> pass) : pass_(std::move(pass)) {}

  // The batch itself, another one in its place, or nothing. Valid until the next call. What cannot be read
  // stays as it is.
  net::Bytes of(net::Bytes batch);

  std::uint64_t records_gone() const { return records_gone_; }

 private:
  net::Bytes of_marker(const kafka::BatchHead& head, net::Bytes batch);
  net::Bytes head_of(const kafka::BatchHead& head, net::Bytes batch);

  const std::shared_ptr<const CompactionPass> pass_;
  Epoch epoch_ = 0;                      // of the batches so far; where the first one begins needs no head
  bool begins_epoch_ = false;            // the batch that is looked at
  std::unordered_set<ProducerId> open_;  // producers of which something was seen since their last marker
  net::Slice answer_;
  std::uint64_t records_gone_ = 0;
};

}  // namespace mq::core
