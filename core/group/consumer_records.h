// SPDX-License-Identifier: Apache-2.0
// Consumer groups (KIP-848) as records of __consumer_offsets, in Kafka's formats. Pure functions.
#pragma once

#include <span>

#include "core/group/consumer_group.h"
#include "core/metadata/internal_topic.h"

namespace mq::core {

// These rows as they are now; a row that is not there any more is a key without a value, and all are when
// there is no group.
std::vector<KeyedRecord> records_of(const std::string& id, const ConsumerGroup* group,
                                    const ConsumerGroupRows& rows);

// The consumer group that a record is about; none: it is about something else.
std::optional<std::string> read_consumer_group_key(net::Bytes key);
bool is_group_row(net::Bytes key);  // of the group itself: without a value there is no group any more

// Takes a record into the group. False: it cannot be read, and the group is as it was.
bool restore(ConsumerGroup& group, net::Bytes key, std::optional<net::Bytes> value);

}  // namespace mq::core
