// SPDX-License-Identifier: Apache-2.0
// Whether a produced batch may enter the log, and what the topic's configuration makes of it first. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/topic_config.h"
#include "core/types.h"
#include "net/kafka/batch_head.h"
#include "net/kafka/codec.h"
#include "net/kafka/error.h"

namespace mq::core {

struct Checked {
  kafka::Error error = kafka::Error::none;
  std::string message;                    // for people; may be empty
  std::vector<std::int32_t> bad_records;  // positions in the batch
  net::Slice batch;                       // to append: as it came, with the broker's time, or compressed anew
  kafka::BatchHead head;                  // of that
};

// In Kafka's order: one batch of magic 2, CRC, size, counts, flags, codec, timestamps, keys where the topic
// compacts. Of a compressed batch all is looked into only where the topic needs it: to compact, to bound
// times, to compress anew. Then all of it must be as the head says; elsewhere its first bytes must begin a
// record.
// `head`: as it was parsed; nothing, when it is cut off.
Checked check_produced(net::Slice batch, const std::optional<kafka::BatchHead>& head,
                       const TopicConfig& config, std::int16_t produce_version, Timestamp now);

// Whether looking into it may take longer than a turn of the loop should: what is to be unpacked or packed,
// and what is very large. For a worker, then.
bool takes_long(const kafka::BatchHead& head, std::size_t size, const TopicConfig& config);

}  // namespace mq::core
