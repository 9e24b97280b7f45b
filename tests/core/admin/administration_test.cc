// SPDX-License-Identifier: Apache-2.0
// The objects as a broker tells them, asked for the way a program without a loop does.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/admin/group.h"
#include "core/admin/group_move.h"
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
