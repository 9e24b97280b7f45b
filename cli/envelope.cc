// SPDX-License-Identifier: Apache-2.0
#include "cli/envelope.h"

#include <array>
#include <boost/json.hpp>

#include "cli/position.h"
#include "cli/print.h"
#include "cli/text.h"

namespace mq::cli {
namespace {

constexpr std::array<std::string_view, 5> codecs{"none", "gzip", "snappy", "lz4", "zstd"};

bool parses(std::string_view text) {
  boost::json::error_code error;
  boost::json::monotonic_resource memory;
  boost::json::parse(boost::json::string_view(text.data(), text.size()), error, &memory);
  return !error;
}

// JSON without the blanks between its words; digits stay as they were written.
void append_compact(std::string& to, std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      to += c, to += text[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (quoted || (c != ' ' && c != '\n' && c != '\t' && c != '\r')) to += c;
  }
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
      append_compact(to, *value);
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

// Takes what `name` or `name_b64` says. False: neither a text nor base64.
bool read_bytes(const boost::json::object& object, std::string_view name, Decoded& decoded,
                std::optional<std::string_view>& to) {
  to.reset();
  if (const auto* packed = object.if_contains(std::string(name) + "_b64")) {
    auto bytes = packed->is_string() ? from_base64(std::string_view(packed->get_string())) : std::nullopt;
    if (!bytes) return false;
    to = decoded.emplace_back(std::move(*bytes));
    return true;
  }
  const auto* value = object.if_contains(boost::json::string_view(name.data(), name.size()));
  if (!value || value->is_null()) return true;
  to = decoded.emplace_back(value->is_string() ? std::string(value->get_string())
                                               : boost::json::serialize(*value));
  return true;
}

bool read_number(const boost::json::object& object, const char* name, std::int64_t& to) {
  const auto* value = object.if_contains(name);
  if (!value || value->is_null()) return true;
  if (!value->is_int64()) return false;
  to = value->get_int64();
  return true;
}

bool read_headers(const boost::json::object& object, Record& record, Decoded& decoded) {
  const auto* list = object.if_contains("headers");
  if (!list || list->is_null()) return true;
  if (!list->is_array()) return false;
  for (const auto& one : list->get_array()) {
    if (!one.is_object()) return false;
    std::optional<std::string_view> key;
    RecordHeader header;
    if (!read_bytes(one.get_object(), "key", decoded, key) || !key) return false;
    if (!read_bytes(one.get_object(), "value", decoded, header.value)) return false;
    header.key = *key;
    record.headers.push_back(header);
  }
  return true;
}

bool read_time(const boost::json::object& object, Record& record) {
  if (!read_number(object, "ts", record.timestamp)) return false;
  const auto* text = object.if_contains("timestamp");
  if (record.timestamp >= 0 || !text || text->is_null()) return true;
  const Now now = Now::here(true);
  const auto at = text->is_string() ? parse_time(std::string_view(text->get_string()), now)
                                    : core::Parsed<std::int64_t>(core::Wrong{});
  if (!at) return false;
  record.timestamp = *at;
  return true;
}

}  // namespace

void Envelope::write(std::string& to, const Record& record) const {
  const std::size_t from = to.size();
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
  if (!pretty) return;
  boost::json::error_code error;
  const auto value = boost::json::parse(boost::json::string_view(to.data() + from, to.size() - from), error);
  if (!error) to.replace(from, to.npos, to_json(value, true));
}

std::string read_envelope(std::string_view line, Record& record, Decoded& decoded) {
  decoded.clear();
  record = {};
  boost::json::error_code error;
  boost::json::monotonic_resource memory;
  const auto value = boost::json::parse(boost::json::string_view(line.data(), line.size()), error, &memory);
  if (error) return "not JSON: " + error.message();
  if (!value.is_object()) return "not a JSON object";
  const auto& object = value.get_object();
  if (!read_bytes(object, "key", decoded, record.key)) return "\"key_b64\" is not base64";
  if (!read_bytes(object, "value", decoded, record.value)) return "\"value_b64\" is not base64";
  if (!read_headers(object, record, decoded)) return "\"headers\" is not an array of {\"key\", \"value\"}";
  if (!read_time(object, record))
    return "\"ts\" is not a number of milliseconds, or \"timestamp\" not RFC 3339";
  std::int64_t partition = -1;
  if (!read_number(object, "partition", partition) || partition > INT32_MAX)
    return "\"partition\" is not a number";
  record.partition = static_cast<std::int32_t>(partition);
  const auto* topic = object.if_contains("topic");
  if (topic && topic->is_string()) record.topic = decoded.emplace_back(std::string(topic->get_string()));
  return "";
}

}  // namespace mq::cli
