// SPDX-License-Identifier: Apache-2.0
// The words of the broker. Task and Result are the layers' below: the same aliases of Boost.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "net/types.h"
#include "storage/types.h"

namespace mq::core {

namespace asio = boost::asio;
using boost::system::error_code;
using net::Executor;
using net::Result;
using net::Task;
using net::use;
using net::use_result;

using storage::Offset;
using storage::PartitionNumber;
using BrokerId = std::int32_t;
using Epoch = std::int32_t;
using Uuid = std::array<std::byte, 16>;  // all zero: none

using Time = std::chrono::steady_clock::time_point;  // for waiting; never goes back
using Timestamp = std::int64_t;                      // wall clock since 1970, as records carry it

// Looks up texts without making strings of them.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

constexpr Timestamp end_of_time = std::numeric_limits<Timestamp>::max();

// At most the end of time.
inline Timestamp time_after(Timestamp time, std::int64_t by_ms) {
  Timestamp sum = 0;
  return __builtin_add_overflow(time, by_ms, &sum) ? end_of_time : sum;
}

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

}  // namespace mq::core
