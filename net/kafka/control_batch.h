// SPDX-License-Identifier: Apache-2.0
// The batch that ends a transaction in a partition: one record that says how, at an offset of its own.
// Readers get it like any other and skip it. Pure functions, any thread.
#pragma once

#include "net/kafka/record_batch.h"

namespace mq::kafka {

struct Marker {
  bool commit = false;
  std::int32_t coordinator_epoch = 0;
  bool operator==(const Marker&) const = default;
};

// Whole, at base offset 0, with its checksum.
net::Slice marker_batch(std::int64_t producer_id, std::int16_t producer_epoch, const Marker& marker,
                        std::int64_t now);

// Nothing: damaged, or a control batch that does not end a transaction.
std::optional<Marker> read_marker(net::Bytes batch);

}  // namespace mq::kafka
