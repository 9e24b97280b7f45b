// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/coordinator_shards.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <map>
#include <set>
#include <vector>

#include "core/loop/promise.h"
#include "storage/error.h"

namespace mq::core {
namespace {

using kafka::Error;

class CoordinatorShardsTest : public testing::Test {
 protected:
  using Loading = std::shared_ptr<Promise<error_code>>;

  static Task<error_code> wait(Loading loading) { co_return co_await Promise<error_code>::get(loading); }
  void lead(std::int32_t partition, Epoch epoch, bool empty = false) {
    shards.lead(partition, epoch, empty);
    poll();
  }
  void resign(std::int32_t partition) {
    shards.resign(partition);
    poll();
  }
  // The oldest load of a partition that has not ended does.
  void end_load(std::int32_t partition, error_code error = {}) {
    auto& all = loading[partition];
    ASSERT_FALSE(all.empty());
    const Loading first = all.front();
    all.erase(all.begin());
    first->set(error);
    poll();
  }
  void poll() {
    loop.restart();
    loop.poll();
  }

  asio::io_context loop{1};
  std::map<std::int32_t, std::vector<Loading>> loading;
  std::vector<std::pair<std::int32_t, Epoch>> loads;
  std::vector<std::int32_t> dropped;
  CoordinatorShards shards{loop,
                           [this](std::int32_t partition, Epoch epoch) {
                             loads.emplace_back(partition, epoch);
                             auto one = std::make_shared<Promise<error_code>>();
                             loading[partition].push_back(one);
                             return wait(one);
                           },
                           [this](std::int32_t partition) { dropped.push_back(partition); }};
};

TEST_F(CoordinatorShardsTest, APartitionIsServedWhenItHasBeenReadAndNotWhenItIsLedElsewhere) {
  EXPECT_EQ(shards.serves(3), Error::not_coordinator);
  lead(3, 7);
  EXPECT_EQ(shards.serves(3), Error::coordinator_load_in_progress);
  EXPECT_TRUE(shards.is_loading(3));
  EXPECT_EQ(shards.loading(), 1u);
  EXPECT_EQ(shards.epoch(3), 7);
  end_load(3);
  EXPECT_EQ(shards.serves(3), Error::none);
  EXPECT_FALSE(shards.is_loading(3));
  EXPECT_TRUE(shards.is_current(3, 7));
  resign(3);
  EXPECT_EQ(shards.serves(3), Error::not_coordinator);
  EXPECT_EQ(dropped, std::vector<std::int32_t>{3});
  EXPECT_FALSE(shards.epoch(3));
}

TEST_F(CoordinatorShardsTest, AnEmptyPartitionIsServedAtOnce) {
  shards.lead(3, 7, true);
  EXPECT_EQ(shards.serves(3), Error::none);
  EXPECT_TRUE(loads.empty());
}

TEST_F(CoordinatorShardsTest, OfTenLeadershipsInASecondOneIsReadAtATimeAndTheLastCounts) {
  for (Epoch epoch = 1; epoch <= 10; epoch++) {
    lead(0, epoch);
    if (epoch % 3 == 0) resign(0);
  }
  EXPECT_EQ(loads.size(), 1u) << "another one begins when this one has ended";
  EXPECT_FALSE(shards.is_current(0, 1));
  end_load(0);
  EXPECT_EQ(shards.serves(0), Error::coordinator_load_in_progress);
  ASSERT_EQ(loads.size(), 2u);
  EXPECT_EQ(loads.back().second, 10);
  end_load(0);
  EXPECT_EQ(shards.serves(0), Error::none);
}

TEST_F(CoordinatorShardsTest, TheSameLeadershipToldTwiceChangesNothing) {
  lead(0, 1);
  end_load(0);
  lead(0, 1);
  EXPECT_EQ(loads.size(), 1u);
  EXPECT_TRUE(dropped.empty());
}

TEST_F(CoordinatorShardsTest, SeveralAreReadAtATimeButNotAll) {
  for (std::int32_t partition = 0; partition < 50; partition++) shards.lead(partition, 1, false);
  poll();
  EXPECT_EQ(loads.size(), CoordinatorShards::loads_max);
  std::set<std::int32_t> served;
  while (served.size() < 50)
    for (auto& [partition, all] : loading) {
      if (all.empty()) continue;
      end_load(partition);
      served.insert(partition);
      break;
    }
  EXPECT_EQ(shards.loading(), 0u);
}

TEST_F(CoordinatorShardsTest, OneThatCannotBeReadIsNotServedAndHoldsUpNobody) {
  lead(0, 1);
  end_load(0, storage::Errc::io);
  EXPECT_EQ(shards.serves(0), Error::coordinator_load_in_progress);
  EXPECT_EQ(shards.loading(), 0u);
  lead(0, 2);
  end_load(0);
  EXPECT_EQ(shards.serves(0), Error::none) << "another leadership is another chance";
}

TEST_F(CoordinatorShardsTest, StoppedItServesAndDropsNothing) {
  lead(0, 1);
  shards.stop();
  EXPECT_EQ(shards.serves(0), Error::not_coordinator);
  end_load(0);
  resign(0);
  lead(1, 1);
  EXPECT_TRUE(dropped.empty());
  EXPECT_EQ(loads.size(), 1u);
}

}  // namespace
}  // namespace mq::core
