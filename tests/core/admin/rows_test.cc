// SPDX-License-Identifier: Apache-2.0
#include "core/admin/rows.h"

#include <gtest/gtest.h>

namespace mq::admin {
namespace {

PartitionState partition(std::int32_t number, std::int64_t start, std::int64_t end) {
  PartitionState state;
  state.number = number;
  state.leader = 1;
  state.replicas = state.in_sync = {1, 2};
  state.start = start, state.stable = end, state.end = end;
  return state;
}

TopicState orders() {
  TopicState topic;
  topic.name = "orders";
  topic.partitions = {partition(0, 0, 10), partition(1, 5, 7)};
  topic.partition_count = 2;
  return topic;
}

TEST(Rows, OfATopicSayWhatIsKnown) {
  TopicState topic = orders();
  topic.last_write_ms = 0;
  EXPECT_EQ(json::serialize(row_of(topic)),
            R"({"topic":"orders","internal":false,"partitions":2,"replication_factor":2,"offsets":12,)"
            R"("records":12,"last_write":"1970-01-01T00:00:00.000Z","under_replicated":0,"offline":0,)"
            R"("state":"ok"})");
  topic.partitions[1].end.reset();
  EXPECT_FALSE(row_of(topic).contains("offsets")) << "not of all partitions";
}

TEST(Rows, OfAPartitionWithoutALeaderHaveNullThere) {
  PartitionState state = partition(3, 1, 4);
  state.leader = -1, state.offline = {2}, state.bytes = 99;
  EXPECT_EQ(json::serialize(row_of(state)),
            R"({"partition":3,"leader":null,"replicas":[1,2],"in_sync":[1,2],"offline":[2],)"
            R"("start_offset":1,"stable_offset":4,"end_offset":4,"offsets":3,"records":3,"size_bytes":99})");
}

TEST(Rows, OfATopicsDetailsHaveItsOwnSettingsUnlessAllAreAskedFor) {
  const std::vector<Setting> settings{{"cleanup.policy", "delete", "delete", false, false},
                                      {"retention.ms", "1000", "604800000", true, false},
                                      {"secret", "x", "", true, true}};
  const json::object own = details_of(orders(), settings, false), all = details_of(orders(), settings, true);
  EXPECT_EQ(own.at("config").as_array().size(), 2u);
  EXPECT_EQ(all.at("config").as_array().size(), 3u);
  EXPECT_EQ(own.at("cleanup_policy"), "delete");
  EXPECT_EQ(own.at("retention_ms"), 1000);
  EXPECT_TRUE(all.at("config").at(2).at("value").is_null()) << "nobody may see it";
  EXPECT_EQ(own.at("partition_details").as_array().size(), 2u);
}

GroupProgress billing() {
  GroupProgress group;
  group.group.name = "billing";
  group.group.state = "Empty";
  Progress& progress = group.partitions.emplace_back();
  progress.partition = {"orders", 0};
  progress.committed = 4, progress.start = 0, progress.stable = progress.end = 10;
  progress.behind_ms = 250;
  return group;
}

TEST(Rows, OfAGroupSayHowFarItIsBehind) {
  GroupProgress group = billing();
  EXPECT_EQ(json::serialize(lag_of(group)), R"({"group":"billing","lag":6,"time_lag_ms":250})");
  group.lag_per_s = -2;
  json::object row = row_of(group);
  add_details(row, group, group.partitions);
  EXPECT_EQ(json::serialize(row),
            R"({"group":"billing","state":"Empty","protocol_type":"","assignor":"","coordinator":-1,)"
            R"("members":0,"lag":6,"time_lag_ms":250,"lag_per_s":-2E0,)"
            R"("topics":[{"topic":"orders","partitions":1,"lag":6,"time_lag_ms":250}],"member_details":[],)"
            R"("partition_details":[{"topic":"orders","partition":0,"committed_offset":4,"start_offset":0,)"
            R"("stable_offset":10,"end_offset":10,"lag":6,"time_lag_ms":250}]})");
}

TEST(Rows, OfAllGroupsSumTheLagAndKeepTheLongestTime) {
  GroupProgress other = billing();
  other.partitions[0].committed = 9, other.partitions[0].behind_ms = 10;
  EXPECT_EQ(json::serialize(lag_of(std::vector{billing(), other})),
            R"({"group":"all","lag":7,"time_lag_ms":250})");
}

TEST(Rows, OfAMoveHaveNoChangeWithoutAPlaceToComeFrom) {
  EXPECT_EQ(json::serialize(row_of(Move{{"t", 0}, 5, 2})),
            R"({"topic":"t","partition":0,"current_offset":5,"new_offset":2,"change":-3})");
  EXPECT_EQ(json::serialize(row_of(Move{{"t", 0}, {}, 2})),
            R"({"topic":"t","partition":0,"current_offset":null,"new_offset":2})");
}

}  // namespace
}  // namespace mq::admin
