// SPDX-License-Identifier: Apache-2.0
#include "core/admin/group_positions.h"

#include <algorithm>
#include <boost/json.hpp>

#include "core/admin/text.h"
#include "core/admin/usage_error.h"
#include "core/config/scalars.h"

namespace mq::admin {
namespace {

namespace json = boost::json;

[[noreturn]] void wrong(const std::string& what) {
  throw UsageError("these are no positions: " + what,
                   "JSON as mq group export prints it, or CSV: topic,partition,offset");
}

client::Offset offset_from(std::string_view text, const std::string& line) {
  const auto offset = core::parse_integer(text, 0);
  if (!offset) wrong(in_quotes(line));
  return *offset;
}

std::int32_t partition_from(std::string_view text, const std::string& line) {
  const auto partition = core::parse_integer(text, 0, INT32_MAX);
  if (!partition) wrong(in_quotes(line));
  return static_cast<std::int32_t>(*partition);
}

void add(Positions& positions, std::string_view topic, std::int32_t partition, client::Offset offset) {
  const core::TopicPartition id{std::string(topic), partition};
  if (!positions.emplace(id, offset).second)
    wrong(id.topic + ":" + std::to_string(partition) + " stands there twice");
}

Positions from_json(const json::value& value, std::string& group) {
  const json::value* list = &value;
  if (value.is_object()) {
    const json::value* name = value.get_object().if_contains("group");
    if (name && name->is_string()) group = name->get_string();
    list = value.get_object().if_contains("offsets");
  }
  if (!list || !list->is_array()) wrong("neither a list nor an object with \"offsets\"");
  Positions positions;
  for (const json::value& one : list->get_array()) {
    const json::object* fields = one.if_object();
    const json::value* topic = fields ? fields->if_contains("topic") : nullptr;
    const json::value* partition = fields ? fields->if_contains("partition") : nullptr;
    const json::value* offset = fields ? fields->if_contains("offset") : nullptr;
    if (!topic || !topic->is_string() || !partition || !partition->is_int64() || !offset ||
        !offset->is_int64())
      wrong(json::serialize(one));
    const std::string text = json::serialize(one);
    add(positions, std::string_view(topic->get_string()), partition_from(json::serialize(*partition), text),
        offset_from(json::serialize(*offset), text));
  }
  return positions;
}

// topic,partition,offset as Kafka's own tool writes it; it may have a group in front, and quotes.
Positions from_csv(std::string_view text, std::string& group) {
  Positions positions;
  for (const std::string_view whole : core::split(text, '\n')) {
    std::string line(whole);
    std::erase(line, '\r');
    std::erase(line, '"');
    if (line.empty()) continue;
    const auto cells = core::split(line, ',');
    if (cells.size() < 3 || cells.size() > 4) wrong(in_quotes(line));
    const std::size_t at = cells.size() - 3;
    if (cells[at + 1] == "partition") continue;  // the titles
    if (at == 1 && !positions.empty() && group != cells[0]) wrong("they are of more than one group");
    if (at == 1) group = cells[0];
    add(positions, cells[at], partition_from(cells[at + 1], line), offset_from(cells[at + 2], line));
  }
  return positions;
}

}  // namespace

Positions parse_positions(std::string_view text, std::string& group) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) wrong("nothing is there");
  if (text[begin] != '{' && text[begin] != '[') return from_csv(text, group);
  boost::system::error_code error;
  const auto value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) wrong(error.message());
  return from_json(value, group);
}

}  // namespace mq::admin
