// SPDX-License-Identifier: Apache-2.0
#include "cli/records/receipts.h"

#include "core/admin/text.h"

namespace mq::cli {
Receipts::Receipts(std::string topic, std::optional<Format> format, bool json, bool utc)
    : topic_(std::move(topic)),
      format_(format ? std::move(*format) : *Format::compile("%t[%p]@%o\\n", Format::Direction::write)),
      json_(json),
      utc_(utc) {}

void Receipts::write(Output& out, const client::Delivery& delivery) {
  kafka::RecordReader reader(delivery.batch.batch.bytes(), kafka::client_unpacked_bytes_max);
  for (std::int64_t i = 0; const kafka::Record* sent = reader.next(); i++) {
    admin::Record record;
    record.topic = topic_;
    record.partition = delivery.partition;
    record.offset = delivery.base_offset < 0 ? -1 : delivery.base_offset + i;
    record.timestamp = delivery.log_append_time >= 0 ? delivery.log_append_time : sent->timestamp;
    record.number = static_cast<std::int64_t>(delivery.batch.numbers.at(static_cast<std::size_t>(i)));
    record.key = admin::text_of(sent->key);
    record.value = admin::text_of(sent->value);
    text_.clear();
    json_ ? write_json(record) : format_.write(text_, record, utc_);
    out.append(text_);
    out.end_record();
  }
  out.flush();
}

void Receipts::write_json(const admin::Record& record) {
  text_ += "{\"topic\":";
  admin::append_json(text_, record.topic);
  text_ += ",\"partition\":", admin::append_number(text_, record.partition);
  text_ += ",\"offset\":", admin::append_number(text_, record.offset);
  text_ += ",\"ts\":", admin::append_number(text_, record.timestamp);
  text_ += "}\n";
}

}  // namespace mq::cli
