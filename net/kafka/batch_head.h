// SPDX-License-Identifier: Apache-2.0
// The 61 bytes before the records of a batch: reading them, checking the whole, and the few things a broker
// may change. Pure functions, any thread.
#pragma once

#include <optional>

#include "net/kafka/compression.h"
#include "net/kafka/error.h"
#include "net/types.h"

namespace mq::kafka {

struct BatchHead {
  static constexpr std::size_t bytes = 61;
  static constexpr std::size_t size_before_length = 12;  // base offset and length do not count in the length
  static constexpr std::size_t checked_from = 21;        // the checksum covers everything from here on
  static constexpr std::int8_t magic_now = 2;

  std::int64_t base_offset = 0;
  std::int32_t batch_length = 0;
  std::int32_t partition_leader_epoch = -1;
  std::int8_t magic = magic_now;
  std::uint32_t crc = 0;
  std::int16_t attributes = 0;
  std::int32_t last_offset_delta = 0;
  std::int64_t base_timestamp = -1;
  std::int64_t max_timestamp = -1;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = -1;
  std::int32_t record_count = 0;

  // Nothing: fewer than 61 bytes. Says nothing about whether they make sense.
  static std::optional<BatchHead> parse(net::Bytes batch);
  void put(std::byte* to) const;  // 61 bytes, as they are in here

  std::size_t size() const {
    return static_cast<std::size_t>(std::int64_t{batch_length} + 12);
  }  // of the batch
  std::int64_t last_offset() const { return base_offset + last_offset_delta; }
  std::int32_t last_sequence() const;  // sequences begin again at 0 after 2^31 - 1; -1 without a producer
  Codec codec() const { return static_cast<Codec>(attributes & 7); }  // may be one that nobody knows
  bool log_append_time() const { return attributes & 1 << 3; }
  bool is_transactional() const { return attributes & 1 << 4; }
  bool is_control() const { return attributes & 1 << 5; }
};

// Whether this is exactly one batch, whole and undamaged. invalid_record: of an older format, or not exactly
// one; corrupt_message: cut off, a length that cannot be, a wrong checksum; unsupported_compression_type.
Error check_batch(net::Bytes batch);
Error check_batch(net::Bytes batch, const std::optional<BatchHead>& head);  // its head, as it was parsed

// The next whole batch of a row of them; `rest` is what follows it. Nothing: the end, a batch that is cut off
// (as the last of a fetch may be), or a length that cannot be. Checks nothing else.
std::optional<net::Bytes> next_batch(net::Bytes& rest);

// What a leader writes into every batch; the checksum does not cover it.
void stamp(std::byte* batch, std::int64_t base_offset, std::int32_t leader_epoch);

// The time of the log instead of the producer's, and the checksum anew.
void set_log_append_time(std::byte* batch, std::size_t size, std::int64_t now);

// Writes the checksum of a batch of `size` bytes into it.
void write_checksum(std::byte* batch, std::size_t size);

}  // namespace mq::kafka
