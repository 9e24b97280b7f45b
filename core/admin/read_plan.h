// SPDX-License-Identifier: Apache-2.0
// From where to where partitions are read: what was asked for, and the offsets that it means in each of them
// as it is now. Tasks live on the client's loop; each question of one has the client's `timeout`.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/admin/position.h"
#include "core/admin/visible.h"
#include "core/client/consumer.h"

namespace mq::admin {

struct ReadRange {
  std::optional<Position> from, to;
  std::optional<std::int64_t> last;               // the N newest
  std::map<std::int32_t, std::int64_t> start_at;  // by partition
  std::vector<std::int32_t> partitions;           // empty: all
  bool at_end = false;                            // stop where the partitions end now
  bool follow = true;
  Stopped stopped = {};  // asked while the `last` ones are looked for

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

// What is stored for one of the partitions is where it begins. `committed`: the end is where the first open
// transaction begins.
client::Task<client::Answer<ReadPlan>> plan(client::Client& client,
                                            std::vector<core::TopicPartition> partitions, ReadRange range,
                                            Stored stored, bool committed);

// The offset that a position means; `at_time` is that of the first record at or after the position's time.
client::Offset offset_of(const Position& position, const Ends& ends, std::optional<client::Offset> at_time);

}  // namespace mq::admin
