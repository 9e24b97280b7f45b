// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/control_batch.h"

#include <array>
#include <boost/endian/conversion.hpp>

namespace mq::kafka {

namespace {

enum : std::int16_t { type_abort = 0, type_commit = 1 };  // others are not about transactions

using boost::endian::load_big_s16;
using boost::endian::load_big_s32;
using boost::endian::store_big_s16;
using boost::endian::store_big_s32;

const unsigned char* at(net::Bytes bytes, std::size_t position) {
  return reinterpret_cast<const unsigned char*>(bytes.data()) + position;
}

}  // namespace

// Key and value begin with a version, which is 0.
net::Slice marker_batch(std::int64_t producer_id, std::int16_t producer_epoch, const Marker& marker,
                        std::int64_t now) {
  std::array<unsigned char, 4> key{};
  store_big_s16(key.data() + 2, marker.commit ? type_commit : type_abort);
  std::array<unsigned char, 6> value{};
  store_big_s32(value.data() + 2, marker.coordinator_epoch);
  BatchBuilder builder(128);
  builder.append(now, std::as_bytes(std::span(key)), std::as_bytes(std::span(value)));
  BatchProducer producer{producer_id, producer_epoch, -1, true, true};
  return builder.finish(Codec::none, 0, producer);
}

std::optional<Marker> read_marker(net::Bytes batch) {
  if (check_batch(batch) != Error::none) return std::nullopt;
  RecordReader reader(batch);
  const Record* record = reader.head().is_control() ? reader.next() : nullptr;
  if (!record || !record->key || record->key->size() < 4) return std::nullopt;
  const std::int16_t type = load_big_s16(at(*record->key, 2));
  if (type != type_abort && type != type_commit) return std::nullopt;
  Marker marker{type == type_commit, 0};
  if (record->value && record->value->size() >= 6)
    marker.coordinator_epoch = load_big_s32(at(*record->value, 2));
  return marker;
}

}  // namespace mq::kafka
