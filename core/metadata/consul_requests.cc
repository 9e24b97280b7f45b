// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>

#include "core/base64.h"
#include "core/metadata/cluster_entries.h"
#include "core/metadata/consul_wire.h"

namespace mq::core {

namespace {

namespace json = boost::json;

constexpr std::size_t topics_area = ConsulRequests::cluster_area + 1, configs_area = topics_area + 1;
constexpr std::string_view never_there = "trial";
constexpr std::string_view digits = "0123456789abcdef";
constexpr std::string_view no_session = "00000000-0000-0000-0000-000000000000";  // no session has it

// What stands for itself in a path and in JSON alike, whatever bytes there are.
std::string escaped(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.' ||
                       byte == '/';
    if (plain) {
      text += byte;
      continue;
    }
    const auto code = static_cast<unsigned char>(byte);
    text += {'%', digits[code >> 4], digits[code & 15]};
  }
  return text;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] != '%') {
      bytes += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = digits.find(text[i + 1]), low = digits.find(text[i + 2]);
    if (high == digits.npos || low == digits.npos) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return bytes;
}

// FNV-1a: the partitions of one topic are everywhere.
std::size_t bucket_of(std::string_view key) {
  std::uint32_t hash = 2166136261u;
  for (const char byte : key) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619u;
  return hash % ConsulRequests::partition_areas;
}

std::string folder_of(std::size_t area) {
  if (area == topics_area) return std::string(topic_entries);
  if (area == configs_area) return std::string(config_entries);
  if (area == ConsulRequests::cluster_area) return "cluster/";
  return std::string(partition_entries) + digits[area] + "/";
}

// Of a key in it: what its folder stands for.
std::string_view taken_from(std::size_t area) {
  if (area == topics_area) return topic_entries;
  if (area == configs_area) return config_entries;
  return area == ConsulRequests::cluster_area ? std::string_view() : partition_entries;
}

json::object operation(std::string_view verb, std::string key) {
  return {{"Verb", std::string(verb)}, {"Key", std::move(key)}};
}

json::value in_txn(json::object kv) {
  return json::object{{"KV", std::move(kv)}};
}

json::object write(std::string_view verb, std::string key, std::string_view value) {
  json::object kv = operation(verb, std::move(key));
  std::string text;
  append_base64(text, value);
  kv["Value"] = std::move(text);
  return kv;
}

json::value put_if(std::string key, std::string_view value, EntryVersion version) {
  json::object kv = write("cas", std::move(key), value);
  kv["Index"] = version;
  return in_txn(std::move(kv));
}

json::value index_is(std::string key, EntryVersion version) {
  json::object kv = operation("check-index", std::move(key));
  kv["Index"] = version;
  return in_txn(std::move(kv));
}

json::value session_is(std::string key, const std::string& session) {
  json::object kv = operation("check-session", std::move(key));
  kv["Session"] = session.empty() ? std::string(no_session) : session;
  return in_txn(std::move(kv));
}

std::string text_of_seconds(std::chrono::seconds time) {
  return std::to_string(time.count()) + "s";
}

}  // namespace

ConsulRequests::ConsulRequests(std::string prefix) : prefix_(escaped(prefix)) {}

std::size_t ConsulRequests::area_of(std::string_view key) {
  if (key.starts_with(partition_entries)) return bucket_of(key);
  if (key.starts_with(topic_entries)) return topics_area;
  return key.starts_with(config_entries) ? configs_area : cluster_area;
}

std::string ConsulRequests::in_consul(std::string_view key) const {
  const std::size_t area = area_of(key);
  return prefix_ + folder_of(area) + escaped(key.substr(taken_from(area).size()));
}

std::optional<std::string> ConsulRequests::key_of(std::string_view in_consul) const {
  if (!in_consul.starts_with(prefix_)) return std::nullopt;
  const auto rest = in_consul.substr(prefix_.size());
  for (std::size_t area = 0; area < areas; area++) {
    const std::string folder = folder_of(area);
    if (!rest.starts_with(folder)) continue;
    const auto name = unescaped(rest.substr(folder.size()));
    const std::string key = std::string(taken_from(area)) + name.value_or("");
    if (!name || area_of(key) != area) return std::nullopt;
    return key;
  }
  return std::nullopt;
}

std::string ConsulRequests::list_all() const {
  return "/v1/kv/" + escaped(prefix_) + "?recurse&consistent";
}

std::string ConsulRequests::nothing() const {
  return "/v1/kv/" + escaped(in_consul(never_there)) + "?consistent";
}

std::string ConsulRequests::list(std::size_t area, std::int64_t index, std::chrono::seconds wait) const {
  std::string target = "/v1/kv/" + escaped(prefix_ + folder_of(area)) + "?recurse&consistent";
  if (index > 0) target += "&index=" + std::to_string(index) + "&wait=" + text_of_seconds(wait);
  return target;
}

json::array ConsulRequests::read(const std::vector<std::string>& keys) const {
  json::array operations;
  for (const std::string& key : keys) operations.push_back(in_txn(operation("get", in_consul(key))));
  return operations;
}

// held_by_me compares the session, which is what the key lives with; so does a put of what is held. A put of
// another key is made only when it is as it was found: nobody's.
json::array ConsulRequests::commit(const MetadataChange& change, const std::string& session,
                                   const std::set<std::string>& held,
                                   const std::map<std::string, EntryVersion>& found) const {
  json::array operations;
  std::map<std::string, EntryVersion> conditions = found;  // of puts; 0: it is not there
  for (const Guard& guard : change.guards)
    if (guard.kind == Guard::Kind::held_by_me)
      operations.push_back(session_is(in_consul(guard.key), session));
  for (const Guard& guard : change.guards) {
    if (guard.kind == Guard::Kind::held_by_me) continue;
    const bool absent = guard.kind == Guard::Kind::absent;
    const bool first = !conditions.contains(guard.key);
    if (first && change.puts.contains(guard.key))
      conditions[guard.key] = absent ? 0 : guard.version;
    else if (absent)
      operations.push_back(in_txn(operation("check-not-exists", in_consul(guard.key))));
    else
      operations.push_back(index_is(in_consul(guard.key), guard.version));
  }
  for (const auto& [key, value] : change.puts) {
    const auto condition = conditions.find(key);
    if (condition != conditions.end()) {
      operations.push_back(put_if(in_consul(key), value, condition->second));
      continue;
    }
    if (held.contains(key)) operations.push_back(session_is(in_consul(key), session));
    operations.push_back(in_txn(write("set", in_consul(key), value)));
  }
  for (const std::string& key : change.erases)
    operations.push_back(in_txn(operation("delete", in_consul(key))));
  return operations;
}

json::array ConsulRequests::hold(std::string_view key, std::string_view value, const std::string& session,
                                 std::optional<EntryVersion> seen) const {
  const std::string name = in_consul(key);
  json::array operations;
  if (seen) {
    operations.push_back(session_is(name, session));
    operations.push_back(index_is(name, *seen));
  } else {
    operations.push_back(in_txn(operation("check-not-exists", name)));
  }
  json::object lock = write("lock", name, value);
  lock["Session"] = session;
  operations.push_back(in_txn(std::move(lock)));
  return operations;
}

json::array ConsulRequests::trial() const {
  const std::string name = in_consul(never_there);
  json::array operations;
  operations.push_back(session_is(name, {}));
  operations.push_back(in_txn(write("set", name, "")));
  return operations;
}

json::object ConsulRequests::session(std::chrono::seconds ttl) const {
  return {{"Name", prefix_},
          {"TTL", text_of_seconds(ttl)},
          {"Behavior", "delete"},
          {"LockDelay", "0s"},
          {"Checks", json::array()},  // of the agent's node: its end is not the broker's
          {"NodeChecks", json::array()}};
}

}  // namespace mq::core
