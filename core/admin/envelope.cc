// SPDX-License-Identifier: Apache-2.0
#include "core/admin/envelope.h"

#include <array>
#include <boost/json.hpp>

#include "core/admin/position.h"
#include "core/admin/text.h"

namespace mq::admin {
namespace {

constexpr std::array<std::string_view, 5> codecs{"none", "gzip", "snappy", "lz4", "zstd"};

bool parses(std::string_view text) {
  boost::json::error_code error;
  boost::json::monotonic_resource memory;
  boost::json::parse(boost::json::string_view(text.data(), text.size()), error, &memory);
  return !error;
}

struct Writer {
  std::string& to;
  bool first = true;

  void name(std::string_view field, std::string_view suffix = {}) {
    to += first ? "{\"" : ",\"";
    first = false;
    to += field;
    to += suffix;
    to += "\":";
  }
  void number(std::string_view field, std::int64_t n) {
    name(field);
    append_number(to, n);
  }
  void boolean(std::string_view field, bool yes) {
    name(field);
    to += yes ? "true" : "false";
  }
  void text(std::string_view field, std::string_view bytes) {
    name(field);
    append_json(to, bytes);
  }
  void bytes(std::string_view field, const std::optional<std::string_view>& value, bool embed = false) {
    if (!value) {
      name(field);
      to += "null";
    } else if (!valid_utf8(*value)) {
      name(field, "_b64");
      to += '"';
      append_base64(to, *value);
      to += '"';
    } else if (embed && parses(*value)) {
      name(field);
      append_compact_json(to, *value);
    } else {
      text(field, *value);
    }
  }
};

void write_headers(Writer& writer, const Record& record) {
  if (record.headers.empty()) return;
  writer.name("headers");
  char before = '[';
  for (const RecordHeader& header : record.headers) {
    writer.to += before;
    before = ',';
    Writer one{writer.to};
    one.bytes("key", header.key);
    one.bytes("value", header.value);
    writer.to += '}';
  }
  writer.to += ']';
}

void write_batch(Writer& writer, const Record& record) {
  const auto size = [](const auto& bytes) { return bytes ? static_cast<std::int64_t>(bytes->size()) : -1; };
  writer.number("leader_epoch", record.leader_epoch);
  writer.number("producer_id", record.producer_id);
  writer.number("producer_epoch", record.producer_epoch);
  writer.number("sequence", record.sequence);
  writer.boolean("transactional", record.attributes & 1 << 4);
  writer.boolean("control", record.attributes & 1 << 5);
  const auto codec = static_cast<std::size_t>(record.attributes & 7);
  writer.text("compression", codec < codecs.size() ? codecs[codec] : "unknown");
  writer.number("key_size", size(record.key));
  writer.number("value_size", size(record.value));
  writer.number("batch_offset", record.batch_offset);
}

}  // namespace

void Envelope::write(std::string& to, const Record& record) const {
  Writer writer{to};
  if (level != Level::min) {
    writer.text("topic", record.topic);
    writer.number("partition", record.partition);
    writer.number("offset", record.offset);
    if (record.timestamp >= 0) {
      writer.name("timestamp");
      to += '"';
      append_iso_time(to, record.timestamp);
      to += '"';
      writer.number("ts", record.timestamp);
    }
    if (record.log_append) writer.text("timestamp_type", "log_append");
  }
  writer.bytes("key", record.key, json_key);
  if (!meta_only) {
    writer.bytes("value", record.value, json_value);
  } else if (level != Level::full) {
    writer.number("value_size", record.value ? static_cast<std::int64_t>(record.value->size()) : -1);
  }
  if (level != Level::min) write_headers(writer, record);
  if (level == Level::full) write_batch(writer, record);
  to += '}';
}

}  // namespace mq::admin
