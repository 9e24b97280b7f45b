// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <set>

#include "core/base64.h"
#include "core/metadata/etcd_wire.h"

namespace mq::core {

namespace {

namespace json = boost::json;

std::string base64_of(std::string_view bytes) {
  std::string text;
  append_base64(text, bytes);
  return text;
}

// The end of the range of all keys that begin so.
std::string range_end_of(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (prefix.empty()) return std::string(1, '\0');  // all there are
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

json::object compare(const std::string& key, const char* target, const char* field, std::int64_t with) {
  return {{"key", key}, {"target", target}, {"result", "EQUAL"}, {field, std::to_string(with)}};
}

json::object mod_is(const std::string& key, std::int64_t version) {
  return compare(key, "MOD", "mod_revision", version);
}

json::object lease_is(const std::string& key, LeaseId lease) {
  return compare(key, "LEASE", "lease", lease);
}

json::object range(const std::string& key) {
  return {{"request_range", json::object{{"key", key}}}};
}

json::object put(const std::string& key, std::string_view value) {
  return {{"key", key}, {"value", base64_of(value)}};
}

constexpr LeaseId nobody = -1;  // no key has it

}  // namespace

std::string EtcdRequests::encoded(std::string_view key) const {
  return base64_of(prefix_ + std::string(key));
}

std::optional<std::string> EtcdRequests::key_of(const json::object& kv) const {
  auto key = from_base64(text_of(kv, "key"));
  if (!key || !key->starts_with(prefix_)) return std::nullopt;
  return key->substr(prefix_.size());
}

json::object EtcdRequests::page(std::string_view from, std::int64_t limit, Revision revision) const {
  return {{"key", encoded(from)},
          {"range_end", base64_of(range_end_of(prefix_))},
          {"limit", std::to_string(limit)},
          {"revision", std::to_string(revision)}};
}

json::object EtcdRequests::one(std::string_view key) const {
  return {{"key", encoded(key)}};
}

json::object EtcdRequests::watch(Revision from) const {
  json::object create{{"key", encoded("")},
                      {"range_end", base64_of(range_end_of(prefix_))},
                      {"start_revision", std::to_string(from)}};
  return {{"create_request", std::move(create)}};
}

// held_by_me compares the lease, not the token: the lease is what the key lives with. It also holds when the
// answer to hold() was lost, and fails when somebody has put the key without its lease: such a key would
// outlive its session, and its create_revision would not tell.
//
// A put asks the same unless a guard has: of a key of ours that it is still held, for ignore_lease is an
// error when it is gone; of another one that nobody holds it, for a put would silently take it from its
// session.
json::object EtcdRequests::commit(const MetadataChange& change, LeaseId lease,
                                  const std::map<std::string, EntryVersion>& held) const {
  json::array compares, success, failure;
  std::set<std::string_view> guarded, held_here;
  for (const auto& [key, token] : held) held_here.insert(key);
  for (const Guard& guard : change.guards) {
    const std::string key = encoded(guard.key);
    if (guarded.insert(guard.key).second) failure.push_back(range(key));
    switch (guard.kind) {
      case Guard::Kind::unchanged:
        compares.push_back(mod_is(key, guard.version));
        break;
      case Guard::Kind::absent:
        compares.push_back(compare(key, "CREATE", "create_revision", 0));
        break;
      case Guard::Kind::held_by_me:
        compares.push_back(lease_is(key, lease ? lease : nobody));
        held_here.insert(guard.key);
        break;
    }
  }
  for (const auto& [key, value] : change.puts) {
    const bool ours = held_here.contains(key);
    if (!guarded.contains(key))
      compares.push_back(lease_is(encoded(key), !ours ? 0 : lease ? lease : nobody));
    json::object request = put(encoded(key), value);
    if (ours) request["ignore_lease"] = true;
    success.push_back(json::object{{"request_put", std::move(request)}});
  }
  for (const std::string& key : change.erases) {
    json::object request{{"key", encoded(key)}};
    success.push_back(json::object{{"request_delete_range", std::move(request)}});
  }
  return {{"compare", std::move(compares)}, {"success", std::move(success)}, {"failure", std::move(failure)}};
}

json::object EtcdRequests::hold(std::string_view key, std::string_view value, LeaseId lease,
                                std::optional<EntryVersion> seen) const {
  const std::string name = encoded(key);
  json::array compares, success, failure;
  if (seen) {
    compares.push_back(mod_is(name, *seen));
    compares.push_back(lease_is(name, lease));
  } else {
    compares.push_back(compare(name, "CREATE", "create_revision", 0));
  }
  json::object request = put(name, value);
  request["lease"] = std::to_string(lease);
  success.push_back(json::object{{"request_put", std::move(request)}});
  failure.push_back(range(name));
  return {{"compare", std::move(compares)}, {"success", std::move(success)}, {"failure", std::move(failure)}};
}

json::object EtcdRequests::write_trial() const {
  const std::string key = encoded("");
  json::array compares, success;
  compares.push_back(mod_is(key, -1));
  success.push_back(json::object{{"request_put", put(key, "")}});
  return {{"compare", std::move(compares)}, {"success", std::move(success)}};
}

}  // namespace mq::core
