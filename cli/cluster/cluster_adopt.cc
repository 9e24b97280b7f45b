// SPDX-License-Identifier: Apache-2.0
// What a broker has alone becomes a cluster's.
#include <boost/asio/io_context.hpp>

#include "cli/frame/command.h"
#include "cli/frame/print.h"
#include "core/broker/cluster_start.h"
#include "core/config/config.h"
#include "core/error.h"

namespace mq::cli {

namespace {

core::Sources adoption_sources(const Arguments& arguments) {
  core::Sources sources;
  sources.environment = core::current_environment();
  sources.sets = arguments.all("set");
  if (arguments.given("config")) sources.file = arguments.text("config");
  constexpr std::pair<std::string_view, std::string_view> keys[] = {
      {"data", "storage.data"}, {"etcd", "cluster.etcd"}, {"cluster", "cluster.name"}};
  for (const auto& [flag, key] : keys)
    if (const auto value = arguments.maybe(flag))
      sources.flags.push_back({std::string(key), *value, "--" + std::string(flag)});
  return sources;
}

Exit run_adopt(Context& context, const Arguments& arguments) {
  const core::Loaded loaded = core::load(adoption_sources(arguments));
  if (!loaded.problems.empty()) {
    Failure failure{.exit = Exit::usage, .message = "the configuration is not valid"};
    for (const core::Problem& problem : loaded.problems) failure.details.push_back(problem.message());
    return report(context, failure);
  }
  if (loaded.config.is_alone())
    throw UsageError("no etcd is named", "mq cluster adopt --etcd http://HOST:2379");
  try {
    const core::Identity identity = core::adopt_directory(loaded.config);
    context.say("broker " + std::to_string(identity.node_id) + " is the only one of cluster " +
                identity.cluster_id + " now; start it, and others, with --etcd\n");
    return Exit::ok;
  } catch (const core::WrongStart& wrong) {
    return report(context, {.exit = static_cast<Exit>(wrong.exit_code), .message = wrong.what()});
  }
}

}  // namespace

extern const Command cluster_adopt{
    .name = "cluster adopt",
    .summary = "Make a cluster of what a broker has alone.",
    .examples = {{"mq cluster adopt --data ./data --etcd http://10.0.0.5:2379",
                  "while the broker is stopped"}},
    .flags =
        {{.name = "data", .kind = Kind::directory, .value = "DIR", .help = "where its records lie (MQ_DATA)"},
         {.name = "etcd",
          .kind = Kind::text,
          .value = "URL[,…]",
          .help = "members of the etcd that the cluster will share (MQ_ETCD)"},
         {.name = "cluster",
          .kind = Kind::text,
          .value = "NAME",
          .help = "name of the cluster in that etcd, mq unless set (MQ_CLUSTER)"},
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
          .repeatable = true}},
    .more =
        "Topics, settings and producer ids go into etcd; records stay where they are. There must be no "
        "cluster of "
        "that name yet.\nMore replicas come with mq partition move.",
    .see = "man mq-cluster, man mq-serve",
    .run = run_adopt};

}  // namespace mq::cli
