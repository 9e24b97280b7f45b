// SPDX-License-Identifier: Apache-2.0
// The objects as a broker tells them, asked for the way a program without a loop does.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/admin/brokers.h"
#include "core/admin/group.h"
#include "core/admin/group_move.h"
#include "core/admin/recovery.h"
#include "core/admin/rows.h"
#include "core/admin/topic.h"
#include "core/client/cluster.h"
#include "tests/support/test_broker.h"

namespace mq::admin {
namespace {

class Administration : public testing::Test {
 protected:
  void create(const std::string& name, std::int32_t partitions) {
    kafka::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = partitions;
    topic.replication_factor = 1;
    const auto created = cluster_.create_topics(std::move(request));
    ASSERT_TRUE(created) << created.error().text();
    ASSERT_EQ(created->topics.at(0).error_code, 0);
  }
  client::Options options() {
    client::Options options;
    options.brokers = {{"127.0.0.1", broker_.port()}};
    return options;
  }

  test::TempDir dir_;
  test::TestBroker broker_{dir_.path()};
  client::Cluster cluster_{options()};
};

TEST_F(Administration, TopicsAreThoseMeantAndWhatIsMissingIsSaid) {
  create("logs-eu", 2);
  create("logs-us", 1);
  create("orders", 3);
  const auto all = cluster_.run(select, selectors({"logs-*", "orders:1,7", "oders", "x*"}), false);
  ASSERT_TRUE(all) << all.error().text();
  ASSERT_EQ(all->topics.size(), 3u);
  EXPECT_TRUE(all->by_pattern);
  EXPECT_EQ(all->topics[2].name, "orders");
  EXPECT_EQ(all->topics[2].partitions.size(), 1u);
  EXPECT_EQ(all->topics[2].partition_count, 3);
  ASSERT_EQ(all->missing.size(), 3u);
  EXPECT_EQ(all->missing[0].text(), "topic \"orders\" has no partition 7");
  EXPECT_EQ(all->missing[1].what, Missing::What::topic);
  EXPECT_EQ(all->missing[1].near, "orders");
  EXPECT_EQ(all->missing[2].text(), "no topic matches \"x*\"");
}

TEST_F(Administration, OffsetsAndSettingsAreFilledIn) {
  create("t", 2);
  auto topics = cluster_.run(select, selectors({"t"}), false);
  ASSERT_TRUE(topics) << topics.error().text();
  cluster_.run(add_offsets, topics->topics);
  cluster_.run(add_sizes, topics->topics);
  EXPECT_EQ(topics->topics.at(0).offsets(), 0);
  EXPECT_TRUE(topics->topics[0].bytes());
  const auto settings = cluster_.run(settings_of, std::vector<std::string>{"t"});
  ASSERT_TRUE(settings) << settings.error().text();
  const auto retention = std::ranges::find(settings->at("t"), "retention.ms", &Setting::key);
  ASSERT_NE(retention, settings->at("t").end());
  EXPECT_FALSE(retention->overridden);
  EXPECT_EQ(retention->value, retention->fallback);
}

TEST_F(Administration, BrokersAreThereWithWhatTheyLeadAndTheirDisks) {
  create("t", 3);
  auto all = cluster_.run(brokers);
  ASSERT_TRUE(all) << all.error().text();
  ASSERT_EQ(all->size(), 1u);
  const BrokerState& broker = all->front();
  EXPECT_TRUE(broker.runs);
  EXPECT_TRUE(broker.is_controller);
  EXPECT_EQ(broker.leaders, 3);
  EXPECT_EQ(broker.replicas, 3);
  EXPECT_FALSE(broker.dirs);
  cluster_.run(add_log_dirs(cluster_.client(), *all));
  ASSERT_TRUE(broker.dirs);
  ASSERT_EQ(broker.dirs->size(), 1u);
  EXPECT_TRUE(broker.dirs->front().writable);
  EXPECT_EQ(broker.dirs->front().replicas, 3);
  EXPECT_GT(*broker.dirs->front().total_bytes, *broker.dirs->front().free_bytes);
  const json::object row = row_of(broker);
  EXPECT_EQ(row.at("state"), "ok");
  EXPECT_TRUE(row.at("rack").is_null());
  EXPECT_EQ(row.at("total_bytes"), *broker.dirs->front().total_bytes);
}

TEST_F(Administration, SettingsOfABrokerAndOfAllAreAlteredAndSayWhereTheyAreFrom) {
  const std::string key = "log.retention.ms";
  const core::BrokerId self = cluster_.run(brokers)->front().id;
  const auto setting = [&] {
    const auto settings = cluster_.run(settings_of_broker, std::optional(self));
    return *std::ranges::find(*settings, key, &BrokerSetting::key);
  };
  const auto alter = [&](std::optional<core::BrokerId> broker, SettingChange change, bool only_asks = false) {
    return cluster_.run(alter_broker, broker, std::vector{std::move(change)}, only_asks);
  };
  EXPECT_EQ(setting().source, BrokerSetting::Source::fallback);
  EXPECT_TRUE(cluster_.run(settings_of_broker, std::optional<core::BrokerId>())->empty());
  EXPECT_TRUE(alter(std::nullopt, {key, kafka::op_set, "1000"}, true));
  EXPECT_EQ(setting().source, BrokerSetting::Source::fallback) << "it was only asked";
  EXPECT_TRUE(alter(std::nullopt, {key, kafka::op_set, "1000"}));
  EXPECT_EQ(setting().source, BrokerSetting::Source::cluster);
  EXPECT_EQ(setting().value, "1000");
  EXPECT_TRUE(alter(self, {key, kafka::op_set, "2000"}));
  EXPECT_EQ(setting().source, BrokerSetting::Source::broker);
  EXPECT_EQ(setting().value, "2000");
  EXPECT_TRUE(alter(self, {key, kafka::op_delete}));
  EXPECT_EQ(setting().value, "1000");
  const auto refused = alter(self, {"num.partitions", kafka::op_set, "3"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, kafka::Error::invalid_request);
}

TEST_F(Administration, APartitionThatHasALeaderNeedsNoRecovery) {
  create("t", 2);
  const auto found = cluster_.run(recoveries, std::vector<core::TopicPartition>{{"t", 0}, {"t", 1}});
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_TRUE(found->empty());
}

TEST_F(Administration, AGroupIsMovedNoFurtherThanItsLogsReach) {
  create("t", 2);
  const auto nowhere = cluster_.run(within_logs, Positions{{{"t", 0}, 1}, {{"t", 2}, 1}, {{"u", 0}, 1}});
  ASSERT_TRUE(nowhere) << nowhere.error().text();
  ASSERT_EQ(nowhere->missing.size(), 2u);
  EXPECT_EQ(nowhere->missing[0].name, "u");
  EXPECT_EQ(nowhere->missing[1].partition, 2);
  const auto there = cluster_.run(within_logs, Positions{{{"t", 0}, 5}, {{"t", 1}, 0}});
  ASSERT_TRUE(there) << there.error().text();
  ASSERT_EQ(there->bound.size(), 1u);
  EXPECT_EQ(there->bound[0].wanted, 5);
  EXPECT_EQ(there->bound[0].taken, 0);
  const auto done = cluster_.run(carry_out, "g", moves({}, there->positions));
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->size(), 2u);
  const auto committed = cluster_.run(committed_of, "g");
  ASSERT_TRUE(committed) << committed.error().text();
  EXPECT_EQ(*committed, there->positions);
  const auto groups = cluster_.run(progress_of, std::vector<std::string>{"g"});
  ASSERT_TRUE(groups) << groups.error().text();
  EXPECT_EQ(groups->at(0).lag(), 0);
  EXPECT_EQ(groups->at(0).topics(), 1u);
}

}  // namespace
}  // namespace mq::admin
