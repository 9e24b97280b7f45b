// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/control_batch.h"

#include "net/kafka/records/control_record.h"
#include "net/kafka/records/framing.h"

namespace mq::kafka {

namespace {
enum : std::int16_t { type_abort = 0, type_commit = 1 };  // others are not about transactions
}

net::Slice marker_batch(std::int64_t producer_id, std::int16_t producer_epoch, const Marker& marker,
                        std::int64_t now) {
  const ControlRecordKey key{marker.commit ? type_commit : type_abort};
  const EndTxnMarker value{marker.coordinator_epoch};
  BatchBuilder builder(128);
  builder.append(now, encode_value(key, 0), encode_value(value, 0));
  return builder.finish(Codec::none, 0, {producer_id, producer_epoch, -1, true, true});
}

std::optional<Marker> read_marker(net::Bytes batch) {
  if (check_batch(batch) != Error::none) return std::nullopt;
  RecordReader reader(batch);
  const Record* record = reader.head().is_control() ? reader.next() : nullptr;
  const auto key = record && record->key
                       ? decode_value<ControlRecordKey>(*record->key)
                       : net::Result<ControlRecordKey>(make_error_code(Error::invalid_record));
  if (!key || (key->type != type_abort && key->type != type_commit)) return std::nullopt;
  const auto value = decode_value<EndTxnMarker>(record->value.value_or(net::Bytes{}));
  return Marker{key->type == type_commit, value ? value->coordinator_epoch : 0};
}

}  // namespace mq::kafka
