// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/etcd_check.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>

namespace mq::core {

namespace {

namespace json = boost::json;

using EtcdVersion = std::array<int, 3>;

std::optional<EtcdVersion> version_in(std::string_view text) {
  EtcdVersion version{};
  for (std::size_t i = 0; i < version.size(); i++) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version[i]);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (i == version.size() - 1) break;
    if (!text.starts_with('.')) return std::nullopt;
    text.remove_prefix(1);
  }
  return version;
}

// Returns why it cannot be worked with; what is only worth a remark goes to `check`.
Task<std::string> check_member(std::shared_ptr<EtcdClient> client, std::size_t member, StoreCheck* check) {
  const std::string name = client->members().name_of(member);
  EtcdCall call;
  call.path = "/version";
  call.get = true;
  call.member = member;
  call.within = client->options().answer_within;
  EtcdClient::Lane lane;
  EtcdAnswer answer = co_await EtcdClient::call(client, lane, call);
  const std::string version(text_of(answer.body, "etcdserver"));
  if (!answer.ok() && !lane.answered) {
    check->warnings.push_back("etcd does not answer: " + answer.why + ".");
    co_return std::string();
  }
  if (version.empty()) co_return "What answers at " + name + " is not etcd.";
  const EtcdVersionRemark remark = remark_on_etcd(version);
  if (remark.refused) co_return name + ": " + remark.sentence;
  if (!remark.sentence.empty()) check->warnings.push_back(name + ": " + remark.sentence);

  call.path = "/v3/maintenance/status";
  call.get = false;
  answer = co_await EtcdClient::call(client, lane, std::move(call));
  if (answer.verdict == EtcdVerdict::no_gateway)
    co_return "The JSON gateway of etcd at " + name +
        " is switched off; start it with --enable-grpc-gateway=true.";
  if (!answer.ok()) co_return "etcd does not tell how it is: " + answer.why + ".";
  for (const json::value& error : array_of(answer.body, "errors")) {
    const std::string said = error.is_string() ? std::string(error.get_string()) : json::serialize(error);
    if (said.find("NOSPACE") != said.npos)
      co_return "etcd at " + name +
          " takes no writes, its database is full (NOSPACE): compact and defragment it, then disarm the "
          "alarm.";
    if (said.find("CORRUPT") != said.npos)
      co_return "etcd at " + name + " has found its data corrupt: " + said + ".";
    check->warnings.push_back("etcd at " + name + " says: " + said + ".");
  }
  if (check->version.empty()) check->version = version;
  co_return std::string();
}

// What every broker does: read and write under the prefix.
Task<std::string> check_rights(std::shared_ptr<EtcdClient> client) {
  const std::string who = client->options().user.empty() ? "" : " as user " + client->options().user;
  EtcdCall list;
  list.path = "/v3/kv/range";
  list.body = client->requests().page("", 1, 0);
  list.within = client->options().answer_within;
  EtcdAnswer answer = co_await EtcdClient::read(client, std::move(list));
  if (!answer.ok())
    co_return "The entries under " + client->options().prefix + " cannot be read" + who + ": " + answer.why +
        ".";
  EtcdCall trial;
  trial.path = "/v3/kv/txn";
  trial.body = client->requests().write_trial();
  trial.within = client->options().answer_within;
  answer = co_await EtcdClient::call(client, std::move(trial));
  if (!answer.ok())
    co_return "The entries under " + client->options().prefix + " cannot be written" + who + ": " +
        answer.why + ".";
  co_return std::string();
}

}  // namespace

EtcdVersionRemark remark_on_etcd(std::string_view text) {
  const auto version = version_in(text);
  const std::string name = "etcd " + std::string(text);
  if (!version) return {true, name + " is no version that is known."};
  if (*version < EtcdVersion{3, 4, 0}) return {true, name + " is too old: 3.4 is needed."};
  if (*version >= EtcdVersion{3, 5, 0} && *version <= EtcdVersion{3, 5, 2})
    return {true, name + " loses data when it is killed under load; update to 3.5.28 or later."};
  const bool old_3_4 = *version < EtcdVersion{3, 4, 42};
  const bool old_3_5 = (*version)[0] == 3 && (*version)[1] == 5 && *version < EtcdVersion{3, 5, 28};
  if (old_3_4)
    return {false,
            name + " has faults that are mended in 3.4.42; mq works around them, an update is better."};
  if (old_3_5)
    return {false,
            name + " has faults that are mended in 3.5.28; mq works around them, an update is better."};
  return {};
}

Task<StoreCheck> check_etcd(std::shared_ptr<EtcdClient> client) {
  StoreCheck check;
  for (std::size_t member = 0; member < client->members().size() && check.refusal.empty(); member++)
    check.refusal = co_await check_member(client, member, &check);
  check.answered = !check.version.empty() || !check.refusal.empty();
  if (!check.answered)
    check.refusal = check.warnings.empty() ? "etcd does not answer." : check.warnings.front();
  if (check.refusal.empty()) check.refusal = co_await check_rights(client);
  check.cluster_id = client->cluster_id();
  co_return check;
}

}  // namespace mq::core
