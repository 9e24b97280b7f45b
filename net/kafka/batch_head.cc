// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/batch_head.h"

#include <boost/endian/conversion.hpp>
#include <cstring>

#include "net/kafka/crc32c.h"

namespace mq::kafka {

namespace {

// Where each field stands.
enum At : std::size_t {
  at_base_offset = 0,
  at_batch_length = 8,
  at_leader_epoch = 12,
  at_magic = 16,
  at_crc = 17,
  at_attributes = 21,
  at_last_offset_delta = 23,
  at_base_timestamp = 27,
  at_max_timestamp = 35,
  at_producer_id = 43,
  at_producer_epoch = 51,
  at_base_sequence = 53,
  at_record_count = 57,
};

template <class T>
void load(const std::byte* batch, At at, T& to) {
  std::memcpy(&to, batch + at, sizeof to);
  boost::endian::big_to_native_inplace(to);
}

template <class T>
void store(std::byte* batch, At at, T value) {
  boost::endian::native_to_big_inplace(value);
  std::memcpy(batch + at, &value, sizeof value);
}

}  // namespace

std::optional<BatchHead> BatchHead::parse(net::Bytes batch) {
  if (batch.size() < bytes) return std::nullopt;
  BatchHead head;
  const std::byte* from = batch.data();
  load(from, at_base_offset, head.base_offset);
  load(from, at_batch_length, head.batch_length);
  load(from, at_leader_epoch, head.partition_leader_epoch);
  load(from, at_magic, head.magic);
  load(from, at_crc, head.crc);
  load(from, at_attributes, head.attributes);
  load(from, at_last_offset_delta, head.last_offset_delta);
  load(from, at_base_timestamp, head.base_timestamp);
  load(from, at_max_timestamp, head.max_timestamp);
  load(from, at_producer_id, head.producer_id);
  load(from, at_producer_epoch, head.producer_epoch);
  load(from, at_base_sequence, head.base_sequence);
  load(from, at_record_count, head.record_count);
  return head;
}

void BatchHead::put(std::byte* to) const {
  store(to, at_base_offset, base_offset);
  store(to, at_batch_length, batch_length);
  store(to, at_leader_epoch, partition_leader_epoch);
  store(to, at_magic, magic);
  store(to, at_crc, crc);
  store(to, at_attributes, attributes);
  store(to, at_last_offset_delta, last_offset_delta);
  store(to, at_base_timestamp, base_timestamp);
  store(to, at_max_timestamp, max_timestamp);
  store(to, at_producer_id, producer_id);
  store(to, at_producer_epoch, producer_epoch);
  store(to, at_base_sequence, base_sequence);
  store(to, at_record_count, record_count);
}

std::int32_t BatchHead::last_sequence() const {
  if (base_sequence < 0) return -1;
  return static_cast<std::int32_t>((std::int64_t{base_sequence} + last_offset_delta) & INT32_MAX);
}

Error check_batch(net::Bytes batch) {
  return check_batch(batch, BatchHead::parse(batch));
}

Error check_batch(net::Bytes batch, const std::optional<BatchHead>& head) {
  if (batch.size() <= at_magic) return Error::corrupt_message;
  if (static_cast<std::int8_t>(batch[at_magic]) != BatchHead::magic_now) return Error::invalid_record;
  if (!head) return Error::corrupt_message;
  const std::int64_t size = std::int64_t{head->batch_length} + BatchHead::size_before_length;
  if (size < static_cast<std::int64_t>(BatchHead::bytes)) return Error::corrupt_message;
  if (static_cast<std::uint64_t>(size) > batch.size()) return Error::corrupt_message;
  if (static_cast<std::uint64_t>(size) < batch.size()) return Error::invalid_record;
  if (crc32c(batch.subspan(BatchHead::checked_from)) != head->crc) return Error::corrupt_message;
  if (head->last_offset_delta < 0 || head->record_count < 0) return Error::invalid_record;
  if (head->codec() > Codec::zstd) return Error::unsupported_compression_type;
  return Error::none;
}

std::optional<net::Bytes> next_batch(net::Bytes& rest) {
  const auto head = BatchHead::parse(rest);
  if (!head || head->batch_length < 0) return std::nullopt;
  if (head->size() < BatchHead::bytes || head->size() > rest.size()) return std::nullopt;
  const net::Bytes batch = rest.first(head->size());
  rest = rest.subspan(batch.size());
  return batch;
}

void stamp(std::byte* batch, std::int64_t base_offset, std::int32_t leader_epoch) {
  store(batch, at_base_offset, base_offset);
  store(batch, at_leader_epoch, leader_epoch);
}

void set_log_append_time(std::byte* batch, std::size_t size, std::int64_t now) {
  std::int16_t attributes = 0;
  load(batch, at_attributes, attributes);
  store(batch, at_attributes, static_cast<std::int16_t>(attributes | 1 << 3));
  store(batch, at_max_timestamp, now);
  write_checksum(batch, size);
}

void write_checksum(std::byte* batch, std::size_t size) {
  store(batch, at_crc, crc32c(net::Bytes(batch, size).subspan(BatchHead::checked_from)));
}

}  // namespace mq::kafka
