// SPDX-License-Identifier: Apache-2.0
// What went in and out of the partitions of a topic, counted where it happens. Numbers only grow, as long as
// the topic is here. Lives on the loop.
#pragma once

#include <memory>

#include "core/types.h"

namespace mq::core {

struct Traffic {
  std::uint64_t records_in = 0, bytes_in = 0;    // appended for producers; markers are no records
  std::uint64_t records_out = 0, bytes_out = 0;  // sent to consumers; records: offsets
  std::shared_ptr<Traffic> all = {};             // of all topics, those that are gone, too; may be null

  void came_in(std::uint64_t records, std::uint64_t bytes) {
    records_in += records, bytes_in += bytes;
    if (all) all->came_in(records, bytes);
  }
  void went_out(std::uint64_t records, std::uint64_t bytes) {
    records_out += records, bytes_out += bytes;
    if (all) all->went_out(records, bytes);
  }
};

}  // namespace mq::core
