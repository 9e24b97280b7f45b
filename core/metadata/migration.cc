// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/migration.h"

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <charconv>

#include "core/metadata/embedded_store.h"
#include "core/metadata/entries.h"
#include "net/kafka/uuid.h"
#include "storage/error.h"

namespace mq::core {

namespace {

constexpr std::string_view old_topic_prefix = "core/topic/";    // + name → OldTopic
constexpr std::string_view old_config_prefix = "core/config/";  // + kind + "/" + config name [+ "/" + group]
constexpr std::string_view old_producer_id = "core/producer_id";

struct OldTopic {
  std::string id;
  std::vector<PartitionNumber> partitions;
  ConfigMap configs;
};
BOOST_DESCRIBE_STRUCT(OldTopic, (), (id, partitions, configs))

Result<OldTopic> parse_old_topic(std::string_view json) {
  error_code error;
  const auto value = boost::json::parse(boost::json::string_view(json.data(), json.size()), error);
  if (error) return make_error_code(storage::Errc::corrupt);
  auto topic = boost::json::try_value_to<OldTopic>(value);
  if (!topic) return make_error_code(storage::Errc::corrupt);
  return std::move(*topic);
}

class Carrier {
 public:
  Carrier(storage::Store& meta, BrokerId self)
      : meta_(meta), self_(std::to_string(self)), version_(static_cast<EntryVersion>(meta.changes()) + 1) {}

  error_code carry() {
    if (const error_code error = topics()) return error;
    if (const error_code error = configs()) return error;
    if (const error_code error = producer_id()) return error;
    return change_.puts.empty() ? error_code() : meta_.commit(change_);
  }

 private:
  void put(const std::string& key, const std::string& value) {
    change_.puts[std::string(entry_row_prefix) + key] = entry_row({value, version_});
  }
  void erase(std::string_view prefix, std::string_view rest) {
    change_.erases.push_back(std::string(prefix).append(rest));
  }

  error_code topics() {
    return storage::for_each_row(meta_, old_topic_prefix, [&](auto name, auto json) -> error_code {
      const auto topic = parse_old_topic(json);
      if (!topic) return topic.error();
      const Uuid id = kafka::uuid_of(topic->id).value_or(Uuid{});
      put(topic_key(name), to_json(TopicEntry{id, static_cast<std::int32_t>(topic->partitions.size()), 1}));
      if (!topic->configs.empty()) put(config_key(topic_kind, name), config_to_json(topic->configs));
      change_.puts[std::string(replica_rows) + kafka::text_of(id)] = replicas_to_json(topic->partitions);
      erase(old_topic_prefix, name);
      return {};
    });
  }

  error_code configs() {
    std::map<std::string, ConfigMap> all;
    const error_code error = storage::for_each_row(meta_, old_config_prefix, [&](auto key, auto value) {
      const auto kind = key.substr(0, key.find('/'));
      const auto rest = key.substr(std::min(kind.size() + 1, key.size()));
      const auto name = rest.substr(0, rest.find('/'));
      const auto group = rest.substr(std::min(name.size() + 1, rest.size()));
      if (kind == "broker")
        all[config_key(broker_kind, self_)].emplace(rest, value);
      else if (kind == "cluster")
        all[config_key(broker_kind, all_brokers)].emplace(rest, value);
      else if (kind == "group" && name.size() < rest.size())
        all[config_key(group_kind, group)].emplace(name, value);
      erase(old_config_prefix, key);
      return error_code();
    });
    for (const auto& [key, values] : all) put(key, config_to_json(values));
    return error;
  }

  error_code producer_id() {
    const auto row = meta_.get(old_producer_id);
    if (!row) return row.error();
    if (!*row) return {};
    std::int64_t next = 0;
    std::from_chars((*row)->data(), (*row)->data() + (*row)->size(), next);
    put(std::string(producer_id_entry), producer_id_to_json(next));
    change_.erases.emplace_back(old_producer_id);
    return {};
  }

  storage::Store& meta_;
  const std::string self_;
  const EntryVersion version_;
  storage::Store::Change change_;
};

}  // namespace

error_code carry_over_rows(storage::Store& meta, BrokerId self) {
  return Carrier(meta, self).carry();
}

}  // namespace mq::core
