// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/record_batch.h"

namespace mq::kafka {

net::Result<net::Slice> recompress(net::Bytes batch, Codec to, int level) {
  auto head = BatchHead::parse(batch);
  if (!head) return make_error_code(Error::corrupt_message);
  net::Bytes records = batch.subspan(BatchHead::bytes);
  net::Slice unpacked;
  if (head->codec() != Codec::none) {
    auto plain = decompress(head->codec(), records, unpacked_bytes_max(records.size()));
    if (!plain) return plain.error();
    unpacked = std::move(*plain);
    records = unpacked.bytes();
  }
  auto packed = compress(to, records, level, BatchHead::bytes);
  if (!packed) return packed.error();

  constexpr std::int16_t codec_bits = 7;
  head->attributes = static_cast<std::int16_t>((head->attributes & ~codec_bits) | static_cast<int>(to));
  head->batch_length = static_cast<std::int32_t>(packed->size - BatchHead::size_before_length);
  head->put(packed->data.get());
  write_checksum(packed->data.get(), packed->size);
  return packed;
}

}  // namespace mq::kafka
