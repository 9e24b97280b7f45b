// SPDX-License-Identifier: Apache-2.0
// What a partition may forget: what is too old, and what is too much. Expiry decides, batch by batch, and is
// pure; outlook_of() shows it what lies in a partition.
#pragma once

#include "core/config/topic_config.h"
#include "core/partition/partition.h"

namespace mq::core {

// How much a topic keeps; -1: no limit.
struct Retention {
  std::int64_t ms = -1, bytes = -1;

  static Retention of(const TopicConfig& config);
  bool keeps_all() const { return ms < 0 && bytes < 0; }
  bool operator==(const Retention&) const = default;
};

struct Outlook {
  std::optional<Offset> start;   // where the log may begin; nothing: where it does
  Timestamp due = end_of_time;   // when what stays first will be too old
  std::uint64_t bytes_left = 0;  // from there on
};

// Is shown what lies in a partition, oldest first, until something stays.
//
// Something is as old as the newest timestamp in it. Without any it is as old as its segment, from when that
// was full; a single batch without one counts as old as what lies in its segment beside it. What comes from
// the future stays until its time has come and gone. By size as much goes as leaves no less than the limit.
class Expiry {
 public:
  enum class Age { counts, waits };  // waits: what is too old stays for now, and is due

  // Nothing at or after `end` goes; `bytes` are all there are.
  Expiry(Retention keep, Timestamp now, Offset end, std::uint64_t bytes, Age age = Age::counts)
      : keep_(keep), now_(now), end_(end), age_(age), outlook_{{}, end_of_time, bytes} {}

  // Whether all of it goes. What stays says when the next look is due.
  bool goes(const storage::Range& range);
  // The next ones lie in `segment`, which did not go as a whole.
  void look_into(const storage::Range& segment) { segment_ = segment; }

  const Outlook& outlook() const { return outlook_; }

 private:
  Timestamp age_from(const storage::Range& range) const;

  const Retention keep_;
  const Timestamp now_;
  const Offset end_;
  const Age age_;
  std::optional<storage::Range> segment_;
  Outlook outlook_;
};

// Looks at a partition, down to its batches where a segment goes in part. Nothing at or after its high
// watermark goes.
Task<Result<Outlook>> outlook_of(std::shared_ptr<Partition> partition, Retention keep, Timestamp now,
                                 Expiry::Age age = Expiry::Age::counts);

}  // namespace mq::core
