// SPDX-License-Identifier: Apache-2.0
#include "core/group/offsets.h"

#include <gmock/gmock.h>

namespace mq::core {
namespace {

using testing::ElementsAre;

TEST(GroupOffsets, APendingOffsetCountsWhenItsTransactionIsCommitted) {
  GroupOffsets offsets;
  offsets.commit("t", 0, {.offset = 1});
  offsets.commit_pending(7, "t", 0, {.offset = 2});
  offsets.commit_pending(8, "t", 1, {.offset = 3});
  EXPECT_EQ(offsets.find("t", 0)->offset, 1);
  EXPECT_TRUE(offsets.is_pending("t", 0));
  EXPECT_FALSE(offsets.is_pending("t", 2));
  offsets.end_transaction(7, true);
  EXPECT_EQ(offsets.find("t", 0)->offset, 2);
  EXPECT_FALSE(offsets.is_pending("t", 0));
  offsets.end_transaction(8, false);
  EXPECT_FALSE(offsets.find("t", 1));
  EXPECT_FALSE(offsets.has_pending());
}

TEST(GroupOffsets, WhatIsForgottenIsNotPendingEither) {
  GroupOffsets offsets;
  offsets.commit("t", 0, {.offset = 1});
  offsets.commit_pending(7, "t", 0, {.offset = 2});
  offsets.commit_pending(7, "t", 1, {.offset = 3});
  EXPECT_THAT(offsets.partitions(), ElementsAre(TopicPartition{"t", 0}, TopicPartition{"t", 1}));
  offsets.forget("t", 0);
  EXPECT_FALSE(offsets.is_pending("t", 0));
  EXPECT_TRUE(offsets.is_pending("t", 1));
  offsets.forget("t", 1);
  EXPECT_TRUE(offsets.empty());
}

TEST(GroupOffsets, ACommitThatCameAfterAPendingOneStays) {
  GroupOffsets offsets;
  offsets.commit_pending(7, "t", 0, {.offset = 2});
  offsets.commit("t", 0, {.offset = 9});
  offsets.end_transaction(7, true);
  EXPECT_EQ(offsets.find("t", 0)->offset, 9);
}

TEST(GroupOffsets, ExpireByTheirAgeOrTheirOwnEnd) {
  GroupOffsets offsets;
  offsets.commit("old", 0, {.committed_ms = 100});
  offsets.commit("new", 0, {.committed_ms = 900});
  offsets.commit("own", 0, {.committed_ms = 0, .expires_ms = 2000});
  offsets.commit("open", 0, {.committed_ms = 100});
  offsets.commit_pending(7, "open", 0, {.offset = 1});
  const GroupOffsets::Expiry by_age{.retention_ms = 500};
  EXPECT_THAT(offsets.expired(by_age, 600), ElementsAre(TopicPartition{"old", 0}));
  EXPECT_EQ(offsets.earliest_expiry(by_age), 600);
  const GroupOffsets::Expiry read{.retention_ms = 500, .is_read = [](auto topic) { return topic == "old"; }};
  EXPECT_THAT(offsets.expired(read, 600), ElementsAre());
  const GroupOffsets::Expiry empty_since{.retention_ms = 500, .since_ms = 1000};
  EXPECT_THAT(offsets.expired(empty_since, 1499), ElementsAre());
  EXPECT_EQ(offsets.expired(empty_since, 1500).size(), 2u);
  EXPECT_EQ(offsets.expired(empty_since, 2000).size(), 3u);
}

}  // namespace
}  // namespace mq::core
