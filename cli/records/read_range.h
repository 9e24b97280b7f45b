// SPDX-License-Identifier: Apache-2.0
// From where to where a topic is read: the flags --from, --to, --since, --until, --last, --start-at, -e, and
// the offsets that they mean in each partition as it is now.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "cli/topic/topic.h"
#include "core/admin/position.h"
#include "core/client/consumer.h"

namespace mq::cli {

struct ReadRange {
  std::optional<admin::Position> from, to;
  std::optional<std::int64_t> last;               // the N newest
  std::map<std::int32_t, std::int64_t> start_at;  // by partition
  std::vector<std::int32_t> partitions;           // empty: all
  bool at_end = false;                            // stop where the partitions end now
  bool follow = true;

  static ReadRange from_flags(const Context& context, const Arguments& arguments);
  bool bounded() const { return !follow; }
  bool grows() const;       // what is added while it is read belongs to it
  ReadRange added() const;  // and is read like this: nothing of it was there before
};

struct Ends {
  client::Offset start = 0, end = 0;  // as they were at the beginning
};

struct ReadPlan {
  std::vector<client::Assignment> assignments;
  std::vector<Ends> ends;  // one for each of them
};

using Stored = std::map<core::TopicPartition, client::Offset>;

// The partitions that are read; all that are named must be there, and those with a start of their own be
// read. Throws FailureError, UsageError.
std::vector<core::TopicPartition> chosen_partitions(const std::vector<admin::TopicState>& topics,
                                                    const ReadRange& range);
// Throws them, too. `committed`: the end is where the first open transaction begins.
ReadPlan plan(client::Cluster& cluster, const std::vector<admin::TopicState>& topics, const ReadRange& range,
              bool committed);
// The same for these partitions; what is stored for one of them is where it begins.
client::Task<client::Answer<ReadPlan>> plan(client::Client& client,
                                            std::vector<core::TopicPartition> partitions, ReadRange range,
                                            Stored stored, bool committed);

// The offset that a position means; `at_time` is that of the first record at or after the position's time.
client::Offset offset_of(const admin::Position& position, const Ends& ends,
                         std::optional<client::Offset> at_time);

}  // namespace mq::cli
