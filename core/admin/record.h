// SPDX-License-Identifier: Apache-2.0
// One record as the command line sees it, on the way out and on the way in. Views only: whoever fills it
// keeps the bytes alive. Pure; any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mq::admin {

struct RecordHeader {
  std::string_view key;
  std::optional<std::string_view> value;
  bool operator==(const RecordHeader&) const = default;
};

struct Record {
  std::string_view topic;       // empty: not given
  std::int32_t partition = -1;  // -1: not given
  std::int64_t offset = -1;
  std::int64_t timestamp = -1;  // ms; -1: none
  bool log_append = false;      // the timestamp is the broker's
  std::optional<std::string_view> key, value;
  std::vector<RecordHeader> headers;

  // Of the batch it came in.
  std::int32_t leader_epoch = -1;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t sequence = -1;
  std::int16_t attributes = 0;
  std::int64_t batch_offset = -1;

  // Of the reading.
  std::int64_t number = 0;  // counts from 1
  std::int64_t log_start = -1, high_watermark = -1;
  std::int64_t left = -1;  // records up to the end as it was at the beginning
};

// Owns the bytes of a record that had to be decoded; cleared for each one.
using Decoded = std::deque<std::string>;

}  // namespace mq::admin
