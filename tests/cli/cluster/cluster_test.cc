// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster/cluster.h"

#include <gmock/gmock.h>

#include "tests/cli/support/streams.h"

namespace mq::cli {
namespace {

using Problem = admin::Problem;
using testing::HasSubstr;

TEST(ClusterHealth, IsOneWordWhenAllIsWell) {
  EXPECT_EQ(health_text({}), "HEALTHY\n");
}

TEST(ClusterHealth, SaysWhatIsWrongWhereAndWhatToDo) {
  admin::Health health;
  health.problems = {
      {.what = Problem::What::no_leader,
       .partitions = {{"logs", 3}, {"logs", 9}},
       .brokers = {3},
       .down = {3}},
      {.what = Problem::What::under_replicated, .partitions = {{"orders", 0}}, .brokers = {2}}};
  EXPECT_EQ(health_text(health),
            "UNHEALTHY  1 critical, 1 warning\n"
            "CRITICAL  2 partitions have no leader      logs[3], logs[9]: broker 3 is down\n"
            "          → start broker 3, or if that is lost: mq partition recover logs:3,9\n"
            "WARNING   1 partition is under-replicated  orders[0]: not in sync on broker 2\n"
            "          → they may be catching up: mq partition list --unhealthy\n");
}

TEST(ClusterHealth, LeadersThatAreNotPreferredLeaveItHealthy) {
  admin::Health health;
  health.problems = {{.what = Problem::What::leader_not_preferred, .partitions = {{"orders", 0}}}};
  const std::string text = health_text(health);
  EXPECT_TRUE(text.starts_with("HEALTHY  1 warning\n")) << text;
  EXPECT_THAT(text, HasSubstr("→ mq partition elect\n"));
}

TEST(ClusterHealth, NamesTenPartitionsAndCountsTheRest) {
  std::vector<core::TopicPartition> partitions;
  for (std::int32_t i = 0; i < 12; i++) partitions.push_back({"a", i});
  EXPECT_TRUE(named(partitions).ends_with("a[9] and 2 more"));
  partitions.resize(2);
  EXPECT_EQ(named(partitions), "a[0], a[1]");
}

TEST(Partitions, AsSelectorsEachTopicIsNamedOnce) {
  EXPECT_EQ(as_selectors({{"a", 1}, {"a", 3}, {"b", 0}}), "a:1,3 b:0");
}

// What is wrong with the words is said before anybody is asked.
TEST(Partitions, WordsThatMakeNoSenseAreRefusedWithoutABroker) {
  const Variable brokers("MQ_BROKERS", "127.0.0.1:1");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"partition", "move"},
                                                {"partition", "move", "orders:0"},
                                                {"broker", "describe", "two"},
                                                {"broker", "disk", "-1"},
                                                {"broker", "drain", "two"},
                                                {"broker", "decommission", "3", "--max-disk", "0"},
                                                {"broker", "unregister"},
                                                {"cluster", "rebalance", "--bandwidth", "fast"},
                                                {"cluster", "rebalance", "--max-moves", "0"},
                                                {"cluster", "moves", "stop"},
                                                {"cluster", "moves", "limit"},
                                                {"cluster", "moves", "limit", "fast"},
                                                {"cluster", "moves", "pause", "orders"},
                                                {"broker", "config", "look", "2"},
                                                {"broker", "config", "list", "two"},
                                                {"broker", "config", "get", "2"},
                                                {"broker", "config", "set", "2", "log.retention.ms"},
                                                {"broker", "config", "set", "2", "log.retention.ms=soon"},
                                                {"broker", "config", "set", "2", "log.retention.mz=1d"},
                                                {"cluster", "config", "unset"},
                                                {"cluster", "config", "diff", "log.retention.ms"},
                                                {"partition", "move", "orders:0=1", "orders:0=2"},
                                                {"partition", "move", "--cancel", "orders:0", "--wait"},
                                                {"partition", "move", "--file", "/nowhere/plan.json"},
                                                {"partition", "list", "--leader", "me"}}) {
    Streams streams;
    EXPECT_EQ(run(streams.context, words), Exit::usage) << streams.err();
  }
}

}  // namespace
}  // namespace mq::cli
