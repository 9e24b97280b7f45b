// SPDX-License-Identifier: Apache-2.0
// A record that was read, and all that is known about where it was found. Views only; any thread.
#pragma once

#include "core/admin/record.h"
#include "core/client/consumer.h"

namespace mq::admin {

struct FoundRecord {
  const client::Fetched& fetched;
  const kafka::BatchHead& head;
  const kafka::Record& record;
  const core::TopicPartition& partition;
  std::int64_t number = 0;  // from 1
  std::int64_t left = -1;   // records up to the end as it was at the beginning
};

void fill(Record& to, const FoundRecord& found);  // views into what was found

}  // namespace mq::admin
