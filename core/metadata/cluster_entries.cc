// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/cluster_entries.h"

#include <array>
#include <charconv>

#include "core/metadata/entry_json.h"
#include "net/kafka/uuid.h"

namespace mq::core {

namespace {

using namespace entry_json;

const error_code corrupt = make_error_code(storage::Errc::corrupt);

constexpr std::array<std::string_view, 3> status_names{"starting", "running", "draining"};

std::string padded(std::int32_t index) {
  std::string digits = std::to_string(index);
  constexpr std::size_t width = 5;  // keys of a topic are in the order of its partitions
  return std::string(width - std::min(width, digits.size()), '0') + digits;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

json::array pairs_of(const std::vector<ReplicaEntry>& entries) {
  json::array pairs;
  for (const ReplicaEntry& entry : entries) pairs.push_back(json::array{entry.broker, entry.epoch});
  return pairs;
}

bool read_pairs(const json::object& from, json::string_view name, std::vector<ReplicaEntry>& to) {
  std::vector<std::pair<BrokerId, BrokerEpoch>> pairs;
  if (!read(from, name, pairs)) return false;
  for (const auto& [broker, epoch] : pairs) to.push_back({broker, epoch});
  return true;
}

bool read_uuid(const json::object& from, json::string_view name, Uuid& to) {
  std::string text;
  if (!read(from, name, text)) return false;
  const auto id = kafka::uuid_of(text);
  if (id) to = *id;
  return id.has_value();
}

bool is_sane(const PartitionState& state) {
  return !state.replicas.empty() && state.leader_epoch >= 0 && normalise(state) == state;
}

}  // namespace

std::string partition_key(const Uuid& topic, std::int32_t index) {
  return std::string(partition_entries) + kafka::text_of(topic) + "/" + padded(index);
}

std::optional<std::pair<Uuid, std::int32_t>> parse_partition_key(std::string_view rest) {
  const auto slash = rest.find('/');
  if (slash == rest.npos) return std::nullopt;
  const auto topic = kafka::uuid_of(rest.substr(0, slash));
  const auto index = parse_number<std::int32_t>(rest.substr(slash + 1));
  if (!topic || !index) return std::nullopt;
  return std::pair(*topic, *index);
}

std::string live_key(BrokerId broker) {
  return std::string(live_entries) + std::to_string(broker);
}

std::string registered_key(BrokerId broker) {
  return std::string(registered_entries) + std::to_string(broker);
}

std::optional<BrokerId> parse_broker_id(std::string_view text) {
  return parse_number<BrokerId>(text);
}

// Short names: there may be 100,000 of these, and each change of one goes to every broker.
std::string to_json(const PartitionState& state) {
  json::object object{{"v", form},
                      {"l", state.leader},
                      {"lb", state.leader_broker_epoch},
                      {"le", state.leader_epoch},
                      {"r", json::value_from(state.replicas)},
                      {"isr", pairs_of(state.isr)},
                      {"elr", pairs_of(state.elr)},
                      {"lk", json::value_from(state.last_known)},
                      {"mi", state.min_isr},
                      {"rec", state.recovering},
                      {"n", state.writes}};
  if (!state.adding.empty()) object["add"] = json::value_from(state.adding);
  if (!state.removing.empty()) object["rem"] = json::value_from(state.removing);
  return json::serialize(object);
}

Result<PartitionState> parse_partition(std::string_view text) {
  const auto object = parse(text);
  if (!object) return object.error();
  PartitionState state;
  const bool whole = read(*object, "l", state.leader) && read(*object, "lb", state.leader_broker_epoch) &&
                     read(*object, "le", state.leader_epoch) && read(*object, "r", state.replicas) &&
                     read_pairs(*object, "isr", state.isr) && read_pairs(*object, "elr", state.elr) &&
                     read(*object, "lk", state.last_known) && read(*object, "mi", state.min_isr) &&
                     read(*object, "rec", state.recovering) && read(*object, "n", state.writes);
  const bool moves = (!object->contains("add") || read(*object, "add", state.adding)) &&
                     (!object->contains("rem") || read(*object, "rem", state.removing));
  if (!whole || !moves || !is_sane(state)) return corrupt;
  return state;
}

std::string to_json(const LiveEntry& entry) {
  json::array endpoints;
  for (const Endpoint& at : entry.endpoints) endpoints.push_back(json::array{at.listener, at.host, at.port});
  return json::serialize(json::object{{"v", form},
                                      {"e", entry.epoch},
                                      {"st", status_names[static_cast<std::size_t>(entry.status)]},
                                      {"inc", kafka::text_of(entry.incarnation)},
                                      {"dir", kafka::text_of(entry.directory)},
                                      {"rack", entry.rack},
                                      {"ep", std::move(endpoints)}});
}

Result<LiveEntry> parse_live(std::string_view text) {
  const auto object = parse(text);
  if (!object) return object.error();
  LiveEntry entry;
  std::string status;
  std::vector<std::tuple<std::string, std::string, std::uint16_t>> endpoints;
  if (!read(*object, "e", entry.epoch) || !read(*object, "st", status) ||
      !read_uuid(*object, "inc", entry.incarnation) || !read_uuid(*object, "dir", entry.directory) ||
      !read(*object, "rack", entry.rack) || !read(*object, "ep", endpoints))
    return corrupt;
  const auto named = std::find(status_names.begin(), status_names.end(), status);
  if (named == status_names.end()) return corrupt;
  entry.status = static_cast<LiveEntry::Status>(named - status_names.begin());
  for (auto& [listener, host, port] : endpoints)
    entry.endpoints.push_back({std::move(listener), std::move(host), port});
  return entry;
}

std::string to_json(const RegisteredEntry& entry) {
  return json::serialize(json::object{{"v", form},
                                      {"inc", kafka::text_of(entry.incarnation)},
                                      {"dir", kafka::text_of(entry.directory)},
                                      {"rack", entry.rack}});
}

Result<RegisteredEntry> parse_registered(std::string_view text) {
  const auto object = parse(text);
  if (!object) return object.error();
  RegisteredEntry entry;
  if (!read_uuid(*object, "inc", entry.incarnation) || !read_uuid(*object, "dir", entry.directory) ||
      !read(*object, "rack", entry.rack))
    return corrupt;
  return entry;
}

std::string to_json(const ClusterEntry& entry) {
  json::object object{{"v", form}, {"id", entry.id}, {"created_ms", entry.created_ms}};
  if (entry.restored_ms > 0) object["restored_ms"] = entry.restored_ms;
  return json::serialize(object);
}

Result<ClusterEntry> parse_cluster(std::string_view text) {
  const auto object = parse(text);
  ClusterEntry entry;
  const bool is_good = object && read(*object, "id", entry.id) && !entry.id.empty() &&
                       read(*object, "created_ms", entry.created_ms) &&
                       (!object->contains("restored_ms") || read(*object, "restored_ms", entry.restored_ms));
  if (!is_good) return corrupt;
  return entry;
}

std::string to_json(const StoreSeen& seen) {
  return json::serialize(
      json::object{{"v", form}, {"revision", seen.revision}, {"restored_ms", seen.restored_ms}});
}

Result<StoreSeen> parse_store_seen(std::string_view text) {
  const auto object = parse(text);
  StoreSeen seen;
  const bool is_good =
      object && read(*object, "revision", seen.revision) && read(*object, "restored_ms", seen.restored_ms);
  if (!is_good) return corrupt;
  return seen;
}

std::string to_json(const ControllerEntry& entry) {
  return json::serialize(json::object{{"v", form}, {"b", entry.broker}, {"be", entry.epoch}});
}

Result<ControllerEntry> parse_controller(std::string_view text) {
  const auto object = parse(text);
  if (!object) return object.error();
  ControllerEntry entry;
  if (!read(*object, "b", entry.broker) || !read(*object, "be", entry.epoch)) return corrupt;
  return entry;
}

}  // namespace mq::core
