// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/batch_builder.h"

#include <cstring>

#include "net/kafka/varint.h"

namespace mq::kafka {

namespace {

constexpr std::size_t batch_bytes_most = 1u << 30;  // lengths are 32 bits, with a sign

std::size_t size_of(const std::optional<net::Bytes>& bytes) {
  return bytes ? varint_size(static_cast<std::int64_t>(bytes->size())) + bytes->size() : 1;
}

std::byte* put_bytes(std::byte* to, net::Bytes bytes) {
  to = put_varint(to, static_cast<std::int64_t>(bytes.size()));
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

std::byte* put_bytes(std::byte* to, const std::optional<net::Bytes>& bytes) {
  return bytes ? put_bytes(to, *bytes) : put_varint(to, -1);
}

net::Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::size_t size_of(std::span<const Header> headers) {
  std::size_t sum = varint_size(static_cast<std::int64_t>(headers.size()));
  for (const Header& header : headers)
    sum +=
        varint_size(static_cast<std::int64_t>(header.key.size())) + header.key.size() + size_of(header.value);
  return sum;
}

std::int64_t difference(std::int64_t a, std::int64_t b) {  // wraps, as sums of times do when they are read
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

constexpr std::size_t expected_bytes = 16 * 1024;

Growing empty_batch(std::size_t bytes_max) {
  return Growing(std::min(bytes_max, expected_bytes), SIZE_MAX / 2, BatchHead::bytes);
}

}  // namespace

BatchBuilder::BatchBuilder(std::size_t bytes_max)
    : bytes_max_(std::min(bytes_max, batch_bytes_most)), records_(empty_batch(bytes_max_)) {}

bool BatchBuilder::append(std::int64_t timestamp, std::optional<net::Bytes> key,
                          std::optional<net::Bytes> value, std::span<const Header> headers) {
  if (count_ == 0) base_timestamp_ = max_timestamp_ = timestamp;
  constexpr std::size_t attributes_size = 1;
  const std::size_t body = attributes_size + varint_size(difference(timestamp, base_timestamp_)) +
                           varint_size(count_) + size_of(key) + size_of(value) + size_of(headers);
  if (body > record_bytes_max) return false;
  const std::size_t size = varint_size(static_cast<std::int64_t>(body)) + body;
  if (count_ > 0 && (records_.size() + size > bytes_max_ || count_ == INT32_MAX)) return false;

  put_record(records_.room(size).data(), body, timestamp, key, value, headers);
  records_.filled(size);
  max_timestamp_ = std::max(max_timestamp_, timestamp);
  count_++;
  return true;
}

void BatchBuilder::put_record(std::byte* at, std::size_t body_size, std::int64_t timestamp,
                              std::optional<net::Bytes> key, std::optional<net::Bytes> value,
                              std::span<const Header> headers) {
  at = put_varint(at, static_cast<std::int64_t>(body_size));
  *at++ = std::byte{0};  // attributes: there are none yet
  at = put_varint(at, difference(timestamp, base_timestamp_));
  at = put_varint(at, count_);
  at = put_bytes(at, key);
  at = put_bytes(at, value);
  at = put_varint(at, static_cast<std::int64_t>(headers.size()));
  for (const Header& header : headers) at = put_bytes(put_bytes(at, bytes_of(header.key)), header.value);
}

// Falls back to no compression when there is no such codec, no memory, or nothing gained: readers would pay
// for nothing, and some do not know the codec.
net::Slice BatchBuilder::pack(Codec& codec, int level) {
  if (codec != Codec::none) {
    const net::Bytes plain(records_.data() + BatchHead::bytes, records_.size() - BatchHead::bytes);
    auto packed = compress(codec, plain, level, BatchHead::bytes);
    if (packed && packed->size < records_.size()) {
      records_.clear();
      return std::move(*packed);
    }
    codec = Codec::none;
  }
  net::Slice plain = records_.take();
  records_ = empty_batch(bytes_max_);
  return plain;
}

net::Slice BatchBuilder::finish(Codec codec, int level, BatchProducer producer) {
  BatchHead head;
  head.last_offset_delta = std::max(count_ - 1, 0);
  head.base_timestamp = base_timestamp_;
  head.max_timestamp = max_timestamp_;
  head.producer_id = producer.id;
  head.producer_epoch = producer.epoch;
  head.base_sequence = producer.sequence;
  head.record_count = std::exchange(count_, 0);

  net::Slice batch = pack(codec, level);
  head.attributes = static_cast<std::int16_t>(
      static_cast<int>(codec) | (producer.transactional ? 1 << 4 : 0) | (producer.control ? 1 << 5 : 0));
  head.batch_length = static_cast<std::int32_t>(batch.size - BatchHead::size_before_length);
  head.put(batch.data.get());
  write_checksum(batch.data.get(), batch.size);
  return batch;
}

}  // namespace mq::kafka
