// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/entries.h"

#include "core/metadata/entry_json.h"
#include "net/kafka/uuid.h"

namespace mq::core {

namespace {

using namespace entry_json;

std::string serialized(json::object object) {
  return json::serialize(object);
}

}  // namespace

std::string topic_key(std::string_view topic) {
  return std::string(topic_entries).append(topic);
}

std::string config_key(std::string_view kind, std::string_view name) {
  return std::string(config_entries).append(kind).append("/").append(name);
}

std::string to_json(const TopicEntry& entry) {
  return serialized({{"v", form},
                     {"id", kafka::text_of(entry.id)},
                     {"n", entry.partitions},
                     {"rf", entry.replication_factor}});
}

Result<TopicEntry> parse_topic(std::string_view text) {
  const auto object = parse(text);
  if (!object) return object.error();
  TopicEntry entry;
  std::string id;
  if (!read(*object, "id", id) || !read(*object, "n", entry.partitions) ||
      !read(*object, "rf", entry.replication_factor) || entry.partitions < 1)
    return make_error_code(storage::Errc::corrupt);
  entry.id = kafka::uuid_of(id).value_or(Uuid{});
  return entry;
}

std::string config_to_json(const ConfigMap& config) {
  return serialized({{"v", form}, {"c", json::value_from(config)}});
}

Result<ConfigMap> parse_config(std::string_view text) {
  const auto object = parse(text);
  if (!object) return object.error();
  ConfigMap config;
  if (!read(*object, "c", config)) return make_error_code(storage::Errc::corrupt);
  return config;
}

std::string producer_id_to_json(std::int64_t next) {
  return serialized({{"v", form}, {"next", next}});
}

Result<std::int64_t> parse_producer_id(std::string_view text) {
  const auto object = parse(text);
  if (!object) return object.error();
  std::int64_t next = 0;
  if (!read(*object, "next", next)) return make_error_code(storage::Errc::corrupt);
  return next;
}

std::string replicas_to_json(const std::vector<PartitionNumber>& numbers) {
  return serialized({{"v", form}, {"numbers", json::value_from(numbers)}});
}

Result<std::vector<PartitionNumber>> parse_replicas(std::string_view text) {
  const auto object = parse(text);
  if (!object) return object.error();
  std::vector<PartitionNumber> numbers;
  if (!read(*object, "numbers", numbers)) return make_error_code(storage::Errc::corrupt);
  return numbers;
}

std::string stray_to_json(Timestamp since_ms) {
  return json::serialize(json::object{{"v", form}, {"since", since_ms}});
}

Result<Timestamp> parse_stray(std::string_view text) {
  const auto object = parse(text);
  Timestamp since = 0;
  if (!object || !read(*object, "since", since)) return make_error_code(storage::Errc::corrupt);
  return since;
}

Uuid random_uuid(const Clock& clock) {
  for (;;) {
    Uuid id;
    for (std::size_t i = 0; i < id.size(); i += 8) {
      const std::uint64_t bits = clock.random();
      for (std::size_t k = 0; k < 8; k++) id[i + k] = static_cast<std::byte>(bits >> 8 * k);
    }
    id[6] = (id[6] & std::byte{0x0f}) | std::byte{0x40};  // RFC 9562, version 4
    id[8] = (id[8] & std::byte{0x3f}) | std::byte{0x80};
    if (kafka::text_of(id).front() != '-') return id;
  }
}

}  // namespace mq::core
