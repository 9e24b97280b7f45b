// SPDX-License-Identifier: Apache-2.0
#include "core/broker/storage_inspect.h"

#include "core/broker/identity.h"
#include "core/error.h"
#include "core/metadata/embedded_store.h"
#include "core/metadata/entries.h"
#include "net/kafka/uuid.h"
#include "storage/error.h"
#include "storage/lock.h"

namespace mq::core {

std::unique_ptr<storage::Inspection> inspect_storage(const storage::Path& data) {
  auto opened = storage::Inspection::open(storage::real_files(), data);
  if (opened) return std::move(*opened);
  const error_code error = opened.error();
  if (error == storage::Errc::in_use)
    throw WrongStart(7, data.string() + " is in use by " + storage::lock_holder(storage::real_files(), data));
  if (error == storage::Errc::not_found) throw WrongStart(3, data.string() + " holds no journal");
  throw WrongStart(1, data.string() + " cannot be opened: " + error.message());
}

storage::Inspection::Verified verify_storage(storage::Inspection& inspection, const storage::Path& data) {
  auto verified = inspection.verify();
  if (auto what = node_json_damage(storage::real_files(), data, inspection.meta()); !what.empty())
    verified.problems.push_back({data / "node.json", 0, 0, 0, 0, std::move(what)});
  return verified;
}

std::map<PartitionNumber, TopicPartition> partition_names(storage::Inspection& inspection) {
  std::map<PartitionNumber, TopicPartition> names;
  storage::Store* meta = inspection.meta();
  if (!meta) return names;
  std::map<std::string, std::string> by_id;
  const std::string prefix = std::string(entry_row_prefix) + topic_key("");
  storage::for_each_row(*meta, prefix, [&](auto name, auto row) -> error_code {
    if (const auto topic = parse_topic(parse_entry_row(row).value)) by_id[kafka::text_of(topic->id)] = name;
    return {};
  });
  storage::for_each_row(*meta, replica_rows, [&](auto id, auto row) -> error_code {
    const auto numbers = parse_replicas(row);
    const auto name = by_id.find(std::string(id));
    for (std::size_t i = 0; numbers && name != by_id.end() && i < numbers->size(); i++)
      names[(*numbers)[i]] = {name->second, static_cast<std::int32_t>(i)};
    return {};
  });
  return names;
}

}  // namespace mq::core
