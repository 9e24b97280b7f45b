// SPDX-License-Identifier: Apache-2.0
// A coordinator that was deposed and cannot know it: what it remembers others have changed since.
#include <gtest/gtest.h>

#include "net/kafka/messages/offset_commit.h"
#include "net/kafka/messages/offset_fetch.h"
#include "tests/core/support/cluster_model.h"

namespace mq::core {
namespace {

class StaleCoordinator : public testing::Test {
 protected:
  Error commit(BrokerId at, std::int64_t offset) {
    kafka::OffsetCommitRequest request;
    request.group_id = "g";
    request.generation_id_or_member_epoch = -1;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    topic.partitions.emplace_back().committed_offset = offset;
    const auto answer = cluster.ask<kafka::OffsetCommitResponse>(at, request, 8);
    return answer ? kafka::error_of(answer->topics.at(0).partitions.at(0).error_code)
                  : Error::request_timed_out;
  }
  // As the broker says it; nothing: it does not.
  std::optional<std::int64_t> committed(BrokerId at) {
    kafka::OffsetFetchRequest request;
    request.group_id = "g";
    request.topics.emplace().push_back({"t", {}, {0}});
    const auto answer = cluster.ask<kafka::OffsetFetchResponse>(at, request, 7);
    if (!answer || answer->error_code != 0) return std::nullopt;
    return answer->topics.at(0).partitions.at(0).committed_offset;
  }
  // By whoever coordinates the group, other than one.
  BrokerId commit_elsewhere(BrokerId not_at, std::int64_t offset) {
    for (int i = 0; i < 100; i++) {
      for (BrokerId id = 1; id <= 3; id++)
        if (id != not_at && commit(id, offset) == Error::none) return id;
      cluster.pass(std::chrono::milliseconds(500));
    }
    ADD_FAILURE() << "nobody takes a commit";
    return -1;
  }
  void cut_off(BrokerId broker) {
    for (BrokerId other = 1; other <= 3; other++)
      if (other != broker) cluster.network.cut(broker, other), cluster.network.cut(other, broker);
    cluster.links[broker].is_cut = true;
  }

  ClusterModel cluster{1};
};

TEST_F(StaleCoordinator, DoesNotTellOffsetsThatWereCommittedBeforeItWasDeposed) {
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  const BrokerId first = commit_elsewhere(-1, 5);
  ASSERT_EQ(committed(first), 5);
  cut_off(first);
  const BrokerId second = commit_elsewhere(first, 100);
  EXPECT_EQ(committed(second), 100);
  EXPECT_EQ(committed(first), std::nullopt);
}

TEST_F(StaleCoordinator, TellsThemAlsoWhileNobodyReachesTheStore) {
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  ASSERT_EQ(cluster.create("t", 1), Error::none);
  const BrokerId first = commit_elsewhere(-1, 5);
  for (BrokerId id = 1; id <= 3; id++) cluster.links[id].is_cut = true;
  cluster.pass(StoreModel::session_ttl * 2);
  EXPECT_EQ(committed(first), 5);
}

}  // namespace
}  // namespace mq::core
