// SPDX-License-Identifier: Apache-2.0
// Any bytes as a record batch. The first byte chooses what is put right before it is read (length, magic,
// checksum), or the fuzzer would never come past them. What reads well must build, pack and read the same
// again.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "net/kafka/record_batch.h"

namespace {

using namespace mq::kafka;
using Bytes = std::vector<std::byte>;

constexpr std::size_t unpacked_max = 1u << 20;

// The records of a batch, built anew; empty when it does not read to its end.
mq::net::Slice rebuilt(mq::net::Bytes batch) {
  RecordReader reader(batch, unpacked_max);
  BatchBuilder builder(1u << 30);
  while (const auto* record = reader.next()) {
    if (!builder.append(record->timestamp, record->key, record->value, record->headers)) std::abort();
  }
  return reader.error() ? mq::net::Slice{} : builder.finish();
}

void put_right(Bytes& batch, std::uint8_t what) {
  if (batch.size() < BatchHead::bytes) return;
  BatchHead head = *BatchHead::parse(batch);
  if (what & 1) head.batch_length = static_cast<std::int32_t>(batch.size() - BatchHead::size_before_length);
  if (what & 2) head.magic = BatchHead::magic_now;
  if (what & 4) head.record_count &= 0xff;
  if (what & 8) head.last_offset_delta = std::max(head.record_count, 1) - 1;
  if (what & 16) head.attributes = static_cast<std::int16_t>(head.attributes & ~8);
  head.put(batch.data());
  if (what & 32) write_checksum(batch.data(), batch.size());
}

void check(const Bytes& batch) {
  std::vector<std::int32_t> bad;
  const RecordRules rules{true, 1'700'000'000'000, 1000, 1000};
  check_records(batch, rules, bad);
  check_records(batch, {}, bad);

  const auto once = rebuilt(batch);
  if (once.size == 0) return;
  if (check_batch(once.bytes()) != Error::none) std::abort();
  const auto twice = rebuilt(once.bytes());
  if (twice.size != once.size || std::memcmp(twice.data.get(), once.data.get(), once.size) != 0) std::abort();
  if (once.size > unpacked_max) return;
  for (const auto codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    const auto packed = recompress(once.bytes(), codec);
    if (!packed || check_batch(packed->bytes()) != Error::none) std::abort();
    const auto back = recompress(packed->bytes(), Codec::none);
    if (!back || back->size != once.size || std::memcmp(back->data.get(), once.data.get(), once.size) != 0)
      std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  Bytes batch(bytes.begin(), bytes.end());
  put_right(batch, data[0]);
  mq::net::Bytes rest(batch);
  while (const auto one = next_batch(rest)) {
    if (one->size() < BatchHead::bytes) std::abort();
  }
  if (check_batch(batch) == Error::none) {
    Bytes stamped = batch;
    stamp(stamped.data(), 1, 1);
    if (check_batch(stamped) != Error::none) std::abort();
    set_log_append_time(stamped.data(), stamped.size(), 1);
    if (check_batch(stamped) != Error::none) std::abort();
  }
  check(batch);
  return 0;
}
