// SPDX-License-Identifier: Apache-2.0
// The cluster and its brokers.
#include "core/admin/brokers.h"
#include "core/admin/health.h"
#include "core/admin/position.h"
#include "core/admin/rows.h"
#include "core/client/groups.h"
#include "core/http/routes.h"

namespace mq::http {

namespace {

core::BrokerId broker_of(const Request& request) {
  return static_cast<core::BrokerId>(parse_number("broker", request.path("broker"), 0, INT32_MAX));
}

// What this broker knows of itself, and costs nothing to ask.
struct Facts {
  net::ServerStats network;
  storage::JournalStats journal;
  std::size_t topics = 0, partitions = 0;
};

Task<Facts> facts_of(Backend& backend) {
  auto ask = [&broker = backend.broker, network = backend.network] {
    return Facts{network(), broker.journal.stats(), broker.catalog.all().size(),
                 broker.catalog.partition_count()};
  };
  co_return co_await backend.door->ask(ask);
}

json::object row_of(const Facts& facts) {
  return {{"connections", facts.network.connections},
          {"requests", facts.network.frames},
          {"bytes_in", facts.network.bytes_in},
          {"bytes_out", facts.network.bytes_out},
          {"disk_bytes", facts.journal.disk_bytes},
          {"segments", facts.journal.segments},
          {"batches", facts.journal.batches},
          {"batch_bytes", facts.journal.batch_bytes},
          {"syncs", facts.journal.syncs},
          {"disk_full", facts.journal.full},
          {"disk_failed", facts.journal.failed}};
}

}  // namespace

Task<Answer> get_version(Request& request) {
  const Backend& backend = request.backend;
  const auto up = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                        backend.started);
  json::object row{{"version", MQ_VERSION},
                   {"cluster", backend.identity.cluster_id},
                   {"broker", backend.identity.node_id},
                   {"mode", backend.config.is_alone() ? "standalone" : "cluster"},
                   {"started", admin::format_time(backend.started_ms)},
                   {"uptime_ms", up.count()},
                   {"read_only", backend.config.is_http_read_only()}};
  co_return answer_json(row);
}

// Everything on a page is as of a second: all that look share it.
Task<Answer> get_overview(Request& request) {
  constexpr std::chrono::milliseconds fresh{900};
  Backend& backend = request.backend;
  const auto now = std::chrono::steady_clock::now();
  if (backend.overview && now - backend.overview_at < fresh) co_return *backend.overview;
  const Facts facts = co_await facts_of(backend);
  const admin::Health health = must(co_await admin::health_of(backend.client, backend.client.deadline()));
  const auto groups = co_await client::list_groups(backend.client, backend.client.deadline());
  json::object row{{"cluster", backend.identity.cluster_id},
                   {"broker", backend.identity.node_id},
                   {"version", MQ_VERSION},
                   {"health", admin::row_of(health)},
                   {"topics", facts.topics},
                   {"partitions", facts.partitions},
                   {"this_broker", row_of(facts)}};
  if (groups) row["groups"] = groups->size();
  json::array& partial = row["partial"].emplace_array();
  if (!groups) partial.emplace_back("groups: " + groups.error().text());
  row["as_of"] = admin::format_time(admin::now_ms());
  backend.overview = answer_json(row);
  backend.overview_at = now;
  co_return *backend.overview;
}

Task<Answer> get_brokers(Request& request) {
  client::Client& client = request.backend.client;
  auto brokers = must(co_await admin::brokers(client, client.deadline()), "broker");
  co_await admin::add_log_dirs(client, brokers);
  std::vector<json::object> rows;
  std::vector<std::string> partial;
  for (const admin::BrokerState& broker : brokers) {
    rows.push_back(admin::row_of(broker));
    if (!broker.dirs) partial.push_back("broker " + std::to_string(broker.id) + " does not answer");
  }
  co_return answer_json(list_of(request, page_of(request, std::move(rows), "broker"), partial));
}

Task<Answer> get_broker(Request& request) {
  client::Client& client = request.backend.client;
  const core::BrokerId id = broker_of(request);
  auto brokers = must(co_await admin::brokers(client, client.deadline()), "broker");
  std::erase_if(brokers, [id](const admin::BrokerState& broker) { return broker.id != id; });
  if (brokers.empty())
    throw Problem{.status = 404, .detail = "broker " + std::to_string(id) + " does not exist"};
  co_await admin::add_log_dirs(client, brokers);
  const auto settings = co_await admin::settings_of_broker(client, id, client.deadline());
  co_return answer_json(
      admin::details_of(brokers.at(0), settings ? *settings : std::vector<admin::BrokerSetting>{}));
}

Task<Answer> get_broker_config(Request& request) {
  client::Client& client = request.backend.client;
  const auto settings =
      must(co_await admin::settings_of_broker(client, broker_of(request), client.deadline()), "broker");
  json::array rows;
  for (const admin::BrokerSetting& setting : settings) rows.push_back(admin::row_of(setting));
  co_return answer_json(rows);
}

}  // namespace mq::http
