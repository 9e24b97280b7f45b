// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/consul_check.h"

#include <boost/json.hpp>
#include <charconv>

namespace mq::core {

namespace {

namespace json = boost::json;

const json::value* config_value(const json::value& self, const char* name) {
  const json::value* config = self.is_object() ? self.get_object().if_contains("Config") : nullptr;
  const json::value* value = config && config->is_object() ? config->get_object().if_contains(name) : nullptr;
  return value && value->is_string() ? value : nullptr;
}

std::string id_of(const json::value& created) {
  const json::value* id = created.is_object() ? created.get_object().if_contains("ID") : nullptr;
  return id && id->is_string() ? std::string(id->get_string()) : std::string();
}

std::string token_of(const ConsulClient& client) {
  return client.options().token.empty() ? " without a token (cluster.consul_token_file)"
                                        : " with the token that is given (cluster.consul_token_file)";
}

// Returns why it cannot be worked with; what is only worth a remark goes to `check`, and whether there is a
// leader to `leads`.
Task<std::string> check_agent(std::shared_ptr<ConsulClient> client, std::size_t member, StoreCheck* check,
                              bool* leads) {
  const std::string name = client->members().name_of(member);
  ConsulCall call = client->get("/v1/status/leader");
  call.member = member;
  StoreMembers::Lane lane;
  ConsulAnswer answer = co_await ConsulClient::call(client, lane, std::move(call));
  const bool has_leader = answer.ok() && answer.body.is_string() && !answer.body.get_string().empty();
  const bool says_none = (answer.ok() && answer.body.is_string() && !has_leader) ||
                         answer.why.find("no leader") != answer.why.npos;
  if (!has_leader && says_none) {
    check->warnings.push_back("Consul at " + name + " has no leader.");
    co_return std::string();
  }
  if (!has_leader && !lane.answered) {
    check->warnings.push_back("Consul does not answer: " + answer.why + ".");
    co_return std::string();
  }
  if (!has_leader && answer.verdict == ConsulVerdict::refused)
    co_return "Consul at " + name + " refuses" + token_of(*client) + ": " + answer.why + ".";
  if (!has_leader) co_return "What answers at " + name + " is not Consul.";
  *leads = true;

  call = client->get("/v1/agent/self");  // is told to who may read agents; nobody has to
  call.member = member;
  answer = co_await ConsulClient::call(client, lane, std::move(call));
  const json::value* told = config_value(answer.body, "Version");
  const std::string version = told ? std::string(told->get_string()) : "";
  if (check->version.empty()) check->version = version;
  const std::string refusal = version.empty() ? "" : refusal_of_consul(version);
  if (!refusal.empty()) co_return name + ": " + refusal;
  if (const json::value* datacenter = config_value(answer.body, "Datacenter")) {
    const std::string here(datacenter->get_string());
    if (check->cluster_id.empty()) check->cluster_id = here;
    if (check->cluster_id != here)
      co_return "Consul at " + name + " is of datacenter " + here + ", another one is of " +
          check->cluster_id + ": a cluster is in one.";
  }
  co_return std::string();
}

// What every broker does: read and write under the prefix, and have a session.
Task<std::string> check_token(std::shared_ptr<ConsulClient> client) {
  const std::string entries = "The entries under " + client->requests().prefix();
  ConsulCall list = client->get(client->requests().list(ConsulRequests::cluster_area, 0, {}));
  ConsulAnswer answer = co_await ConsulClient::read(client, std::move(list));
  const bool read = answer.ok() || (answer.verdict == ConsulVerdict::nothing && answer.index > 0);
  if (answer.filtered) answer.why = "some were left out";
  if (!read || answer.filtered)
    co_return entries + " cannot be read" + token_of(*client) + ": " + answer.why + ".";
  ConsulCall trial = client->put("/v1/txn", client->requests().trial());
  answer = co_await ConsulClient::call(client, std::move(trial));
  if (answer.verdict != ConsulVerdict::conflict)
    co_return entries + " cannot be read and written" + token_of(*client) + ": " + answer.why + ".";

  ConsulCall create =
      client->put("/v1/session/create", client->requests().session(client->options().session_ttl));
  answer = co_await ConsulClient::call(client, std::move(create));
  const std::string id = id_of(answer.body);
  if (id.empty()) co_return "No session can be created" + token_of(*client) + ": " + answer.why + ".";
  ConsulCall destroy = client->put("/v1/session/destroy/" + id, nullptr);
  co_await ConsulClient::call(client, std::move(destroy));
  co_return std::string();
}

}  // namespace

// 1.6 leaves the version of an entry as it is when it is put as it was, 1.7 has sessions without checks.
std::string refusal_of_consul(std::string_view version) {
  int major = 0, minor = 0;
  const auto [dot, error] = std::from_chars(version.data(), version.data() + version.size(), major);
  const char* end = version.data() + version.size();
  if (error == std::errc() && dot != end) std::from_chars(dot + 1, end, minor);
  if (major > 1 || (major == 1 && minor >= 7)) return {};
  return "Consul " + std::string(version) + " is too old: 1.7 is needed.";
}

Task<StoreCheck> check_consul(std::shared_ptr<ConsulClient> client) {
  StoreCheck check;
  bool leads = false;
  for (std::size_t member = 0; member < client->members().size() && check.refusal.empty(); member++)
    check.refusal = co_await check_agent(client, member, &check, &leads);
  check.answered = leads || !check.refusal.empty();
  if (!check.answered)
    check.refusal = check.warnings.empty() ? "Consul does not answer." : check.warnings.front();
  if (check.refusal.empty()) check.refusal = co_await check_token(client);
  co_return check;
}

}  // namespace mq::core
