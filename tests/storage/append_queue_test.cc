// SPDX-License-Identifier: Apache-2.0
#include "storage/append_queue.h"

#include <gtest/gtest.h>

namespace mq::storage {
namespace {

std::vector<Append> appends(Offset first, std::size_t count, std::size_t size = 100) {
  std::vector<Append> all(count);
  for (std::size_t i = 0; i < count; i++) {
    all[i].base = first + static_cast<Offset>(i);
    all[i].batch.size = size;
  }
  return all;
}

TEST(AppendQueue, WhatWasPushedBeforeAnybodyTakesIsOneGroup) {
  AppendQueue queue;
  queue.push(appends(0, 2));
  queue.push(appends(2, 1));
  const auto group = queue.take(std::nullopt);
  ASSERT_EQ(group->appends.size(), 3u);
  for (Offset i = 0; i < 3; i++) EXPECT_EQ(group->appends[static_cast<std::size_t>(i)].base, i);
}

TEST(AppendQueue, AGroupIsNoLargerThanOneSyncShouldBe) {
  AppendQueue queue;
  queue.push(appends(0, 3, 5u << 20));
  EXPECT_EQ(queue.take(std::nullopt)->appends.size(), 2u);
  EXPECT_EQ(queue.take(std::nullopt)->appends.size(), 1u);
}

TEST(AppendQueue, GivesNothingWhenItsTimeHasCome) {
  AppendQueue queue;
  EXPECT_EQ(queue.take(std::chrono::steady_clock::now()), nullptr);
}

TEST(AppendQueue, WhatWaitsIsTakenAlsoAfterItWasClosed) {
  AppendQueue queue;
  queue.push(appends(0, 1));
  queue.close();
  EXPECT_EQ(queue.take(std::nullopt)->appends.size(), 1u);
  EXPECT_TRUE(queue.take(std::nullopt)->appends.empty());
}

}  // namespace
}  // namespace mq::storage
