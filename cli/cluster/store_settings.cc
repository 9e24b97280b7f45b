// SPDX-License-Identifier: Apache-2.0
// Which metadata store, for commands that work with it before a broker does, or instead of one.
#include "cli/cluster/cluster.h"

namespace mq::cli {

std::vector<Flag> store_flags() {
  return {{.name = "etcd",
           .kind = Kind::text,
           .value = "URL[,…]",
           .help = "members of the etcd that the cluster shares (MQ_ETCD)"},
          {.name = "consul",
           .kind = Kind::text,
           .value = "URL[,…]",
           .help = "agents of the Consul that it shares instead (MQ_CONSUL)"},
          {.name = "cluster",
           .kind = Kind::text,
           .value = "NAME",
           .help = "name of the cluster in that etcd or Consul, mq unless set (MQ_CLUSTER)"},
          {.name = "config",
           .kind = Kind::file,
           .value = "FILE",
           .help = "settings of the broker",
           .env = "MQ_SERVE_CONFIG"},
          {.name = "set",
           .letter = 'c',
           .kind = Kind::broker_key,
           .value = "KEY=VALUE",
           .help = "any setting; beats everything else",
           .repeatable = true}};
}

core::Config store_config(const Arguments& arguments, std::optional<std::string> data) {
  core::Sources sources;
  sources.environment = core::current_environment();
  sources.sets = arguments.all("set");
  if (arguments.given("config")) sources.file = arguments.text("config");
  constexpr std::pair<std::string_view, std::string_view> keys[] = {
      {"etcd", "cluster.etcd"}, {"consul", "cluster.consul"}, {"cluster", "cluster.name"}};
  for (const auto& [flag, key] : keys)
    if (const auto value = arguments.maybe(flag))
      sources.flags.push_back({std::string(key), *value, "--" + std::string(flag)});
  if (data) sources.flags.push_back({"storage.data", *data, "--data"});
  core::Loaded loaded = core::load(sources);
  if (!loaded.problems.empty()) {
    Failure failure{.exit = Exit::usage, .message = "the configuration is not valid"};
    for (const core::Problem& problem : loaded.problems) failure.details.push_back(problem.message());
    throw FailureError(std::move(failure));
  }
  if (loaded.config.is_alone()) throw UsageError("no etcd or Consul is named", "--etcd http://HOST:2379");
  return std::move(loaded.config);
}

}  // namespace mq::cli
