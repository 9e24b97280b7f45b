// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster/cluster.h"
#include "core/admin/rows.h"

namespace mq::cli {

namespace {

using What = admin::Problem::What;

// "broker 3", "brokers 1, 3"
std::string brokers_text(const std::vector<core::BrokerId>& brokers) {
  std::string text;
  for (const core::BrokerId broker : brokers) text += (text.empty() ? "" : ", ") + std::to_string(broker);
  return (brokers.size() == 1 ? "broker " : "brokers ") + text;
}

std::string headline(const admin::Problem& problem) {
  const bool one = problem.partitions.size() == 1;
  const std::string partitions = counted(static_cast<std::int64_t>(problem.partitions.size()), "partition");
  switch (problem.what) {
    case What::no_controller:
      return "there is no controller";
    case What::no_leader:
      return partitions + (one ? " has no leader" : " have no leader");
    case What::under_replicated:
      return partitions + (one ? " is under-replicated" : " are under-replicated");
    case What::leader_not_preferred:
      return partitions + (one ? " is led by another than its preferred replica"
                               : " are led by others than their preferred replicas");
  }
  return "";
}

// Of the brokers whose replicas are missing, those that are down.
std::string of_them(const admin::Problem& problem) {
  if (problem.down.empty()) return "";
  const std::string_view verb = problem.down.size() == 1 ? "is" : "are";
  const std::string which =
      problem.down.size() == problem.brokers.size() ? ", which " : "; " + brokers_text(problem.down) + " ";
  return which + std::string(verb) + " down";
}

std::string reason(const admin::Problem& problem) {
  const std::string brokers = brokers_text(problem.brokers);
  const bool one = problem.brokers.size() == 1;
  switch (problem.what) {
    case What::no_controller:
      return "topics cannot be created or changed";
    case What::no_leader:
      if (problem.brokers.empty()) return named(problem.partitions) + ": no replica may lead";
      return named(problem.partitions) + ": " + brokers + (one ? " is down" : " are down");
    case What::under_replicated:
      return named(problem.partitions) + ": not in sync on " + brokers + of_them(problem);
    case What::leader_not_preferred:
      return named(problem.partitions);
  }
  return "";
}

std::string remedy(const admin::Problem& problem) {
  switch (problem.what) {
    case What::no_controller:
      return "start the other brokers; do they reach etcd or Consul?";
    case What::no_leader: {
      const std::string recover = "mq partition recover " + as_selectors(problem.partitions);
      if (problem.down.empty()) return "look at the logs of the brokers; the last resort: " + recover;
      return "start " + brokers_text(problem.down) + ", or if that is lost: " + recover;
    }
    case What::under_replicated:
      if (!problem.down.empty()) return "start " + brokers_text(problem.down);
      return "they may be catching up: mq partition list --unhealthy";
    case What::leader_not_preferred:
      return "mq partition elect";
  }
  return "";
}

std::string totals(const admin::Health& health) {
  std::string text;
  if (health.critical() > 0) text = std::to_string(health.critical()) + " critical";
  if (health.warnings() > 0)
    text += (text.empty() ? "" : ", ") + counted(static_cast<std::int64_t>(health.warnings()), "warning");
  return text.empty() ? "" : "  " + text;
}

Exit run_health(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  const bool waits = arguments.given("wait");
  const admin::Health health =
      waits ? must(cluster.run(admin::wait_until_healthy(cluster.client(), wait_deadline(arguments))))
            : must(cluster.run(admin::health_of(cluster.client(), cluster.client().deadline())));
  Table table{.columns = {{"state", "STATE"}, {"critical", "CRITICAL"}, {"warnings", "WARNINGS"}},
              .name = "state"};
  table.page = [&health](const Context&, const json::object&, bool) { return health_text(health); };
  const bool as_asked = waits ? health.problems.empty() : health.good();
  return print(context, arguments, table, {admin::row_of(health)}, Shape::single,
               as_asked ? Exit::ok : Exit::condition);
}

}  // namespace

std::string health_text(const admin::Health& health) {
  std::vector<std::vector<std::string>> lines;
  for (const admin::Problem& problem : health.problems)
    lines.push_back({problem.critical() ? "CRITICAL" : "WARNING", headline(problem), reason(problem)});
  const std::string table = aligned(lines, {false, false, false});
  std::string text = (health.good() ? "HEALTHY" : "UNHEALTHY") + totals(health) + "\n";
  std::size_t from = 0;
  for (const admin::Problem& problem : health.problems) {
    const std::size_t to = table.find('\n', from) + 1;
    text += table.substr(from, to - from) + "          → " + remedy(problem) + "\n";
    from = to;
  }
  return text;
}

extern const Command cluster_health{
    .name = "cluster health",
    .summary = "Say whether every partition has a leader and all its replicas, and what to do if not.",
    .uses = connects | rows,
    .examples = {{"mq cluster health", "exit status 0 when all is well, 9 when it is not"},
                 {"mq cluster health --wait=2m", "until the cluster is whole again, in scripts"},
                 {"mq cluster health -o json | jq '.problems[].partitions'", "all of them, for programs"}},
    .flags = {wait_flag("60s", "ask again until nothing is wrong at all, or so long")},
    .more =
        "Critical: a partition without leader, no controller. Warnings: replicas that are not in sync; "
        "leaders that are not\n"
        "the preferred replica, the first of a partition, though that one is in sync and not drained.\n"
        "The latter alone count as healthy, but not for --wait.",
    .see = "mq partition list, man mq-cluster",
    .run = run_health};

}  // namespace mq::cli
