// SPDX-License-Identifier: Apache-2.0
// Probes. Liveness depends on nothing but this process: not on peers, a metadata store or replication, for
// whoever restarts what is not alive would make an outage worse.
#include <boost/asio/detached.hpp>

#include "core/admin/health.h"
#include "core/admin/rows.h"
#include "core/http/routes.h"

namespace mq::http {

namespace {

constexpr std::chrono::milliseconds patience{500};
constexpr std::chrono::seconds stalled_max{10};

struct Check {
  std::string name;
  std::string wrong = {};  // empty: it is fine
};

Answer answer_checks(const Request& request, const std::vector<Check>& checks) {
  bool is_good = true;
  std::string first;
  for (const Check& check : checks) {
    if (check.wrong.empty()) continue;
    if (is_good) first = check.wrong;
    is_good = false;
  }
  const unsigned status = is_good ? 200 : 503;
  if (request.accepts("application/json")) {
    json::object all;
    for (const Check& check : checks) all[check.name] = check.wrong.empty() ? "ok" : check.wrong;
    return answer_json({{"ok", is_good}, {"checks", std::move(all)}}, status);
  }
  std::string text = (is_good ? "ok" : first) + "\n";
  if (request.flag("verbose"))
    for (const Check& check : checks)
      text += (check.wrong.empty() ? "[+] " : "[-] ") + check.name +
              (check.wrong.empty() ? " ok\n" : ": " + check.wrong + "\n");
  return {.status = status, .body = std::move(text), .fields = {{"Cache-Control", "no-store"}}};
}

// Whether the broker's loop answers; waits for it for half a second. `stalled_for`: it may have been silent
// for so long.
Task<Check> loop_check(const Backend& backend, std::chrono::seconds stalled_for) {
  struct Asked {
    net::Timer patience;
    bool answered = false;
  };
  auto asked = std::make_shared<Asked>(Asked{net::Timer(co_await asio::this_coro::executor)});
  asked->patience.expires_after(patience);
  auto ask = [](std::shared_ptr<Door> door, std::shared_ptr<Asked> whom) -> Task<void> {
    auto nothing = [] { return true; };
    whom->answered = co_await door->ask(nothing);
    whom->patience.cancel();
  };
  auto asking = ask(backend.door, asked);
  asio::co_spawn(co_await asio::this_coro::executor, std::move(asking), asio::detached);
  co_await asked->patience.async_wait(core::use_result);
  Check check{"loop"};
  const auto waited = std::chrono::duration_cast<std::chrono::seconds>(backend.door->waits());
  if (!asked->answered && waited >= stalled_for)
    check.wrong = "the broker has not answered for " + std::to_string(waited.count()) + " s";
  co_return check;
}

Task<Check> ready_check(Backend& backend) {
  Check check{"ready"};
  if (backend.is_stopping) {
    check.wrong = "the broker is stopping";
    co_return check;
  }
  auto ask = backend.not_ready;
  check.wrong = co_await backend.door->ask(ask);
  co_return check;
}

std::string sentence_of(const admin::Health& health) {
  if (health.critical() > 0) return "CRITICAL";
  return health.warnings() > 0 ? "WARNING" : "HEALTHY";
}

Task<admin::Health> health_of_cluster(Request& request) {
  co_return must(co_await admin::health_of(request.backend.client, request.backend.client.deadline()));
}

}  // namespace

Task<Answer> get_livez(Request& request) {
  std::vector<Check> checks;
  checks.push_back(co_await loop_check(request.backend, stalled_max));
  co_return answer_checks(request, checks);
}

Task<Answer> get_readyz(Request& request) {
  std::vector<Check> checks;
  checks.push_back(co_await loop_check(request.backend, {}));
  if (checks[0].wrong.empty()) checks.push_back(co_await ready_check(request.backend));
  co_return answer_checks(request, checks);
}

Task<Answer> get_caught_up(Request& request) {
  std::vector<Check> checks;
  checks.push_back(co_await loop_check(request.backend, {}));
  if (!checks[0].wrong.empty()) co_return answer_checks(request, checks);
  checks.push_back(co_await ready_check(request.backend));
  Check behind{"caught-up"};
  const auto metadata = must(co_await request.backend.client.refresh(std::nullopt));
  const core::BrokerId self = request.backend.identity.node_id;
  std::size_t count = 0;
  for (const auto& topic : metadata.topics)
    for (const auto& partition : topic.partitions) {
      const bool is_here = std::ranges::find(partition.replica_nodes, self) != partition.replica_nodes.end();
      count += is_here && partition.isr_nodes.size() < partition.replica_nodes.size();
    }
  if (count > 0)
    behind.wrong = std::to_string(count) + " partitions of this broker have replicas that are not in sync";
  checks.push_back(std::move(behind));
  co_return answer_checks(request, checks);
}

Task<Answer> get_healthz(Request& request) {
  const admin::Health health = co_await health_of_cluster(request);
  const unsigned status = health.critical() > 0 ? 503 : 200;
  if (request.accepts("application/json")) co_return answer_json(admin::row_of(health), status);
  std::string text = sentence_of(health) + "\n";
  for (const admin::Problem& problem : health.problems)
    if (request.flag("verbose"))
      text += std::string(problem.critical() ? "critical " : "warning ") + std::string(problem.name()) +
              ": " + std::to_string(problem.partitions.size()) + " partitions\n";
  Answer answer{.status = status, .body = std::move(text), .fields = {{"Cache-Control", "no-store"}}};
  co_return answer;
}

Task<Answer> get_health(Request& request) {
  const admin::Health health = co_await health_of_cluster(request);
  co_return answer_json(admin::row_of(health), health.critical() > 0 ? 503 : 200);
}

}  // namespace mq::http
