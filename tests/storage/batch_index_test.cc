// SPDX-License-Identifier: Apache-2.0
#include "storage/batch_index.h"

#include <gtest/gtest.h>

#include "storage/keys.h"

namespace mq::storage {
namespace {

std::shared_ptr<Active> segment(std::uint32_t number) {
  auto file = std::make_shared<SegmentFile>();
  file->number = number;
  return std::make_shared<Active>(std::move(file));
}

Batch batch(Offset first, Offset last, std::int64_t time_max = 0) {
  return {.memory = nullptr, .size = 100, .first = first, .last = last, .time_max = time_max};
}

TEST(BatchIndex, SaysWhichBatchIsTheFirstOfItsSegment) {
  BatchIndex index;
  const auto one = segment(1), two = segment(2);
  EXPECT_TRUE(index.append(batch(0, 9), 0, one));
  EXPECT_FALSE(index.append(batch(10, 19), 200, one));
  EXPECT_TRUE(index.append(batch(20, 29), 0, two));
  EXPECT_EQ(index.end(), 30);
  EXPECT_EQ(index.bytes(), 300u);
}

TEST(BatchIndex, ATruncationMovesToTheStartOfTheBatchThatItWouldSplit) {
  BatchIndex index;
  const auto one = segment(1);
  index.append(batch(0, 9), 0, one);
  index.append(batch(10, 19), 200, one);
  EXPECT_EQ(index.boundary(15), 10);
  EXPECT_EQ(index.truncate(10), std::nullopt) << "nothing is sealed";
  EXPECT_EQ(index.end(), 10);
  EXPECT_EQ(index.bytes(), 100u);
}

TEST(BatchIndex, SaysWhereTheSealedPartEndedWhenATruncationOrATrimReachesIt) {
  BatchIndex index;
  index.restore({.start = 0, .end = 50, .bytes = 500});
  EXPECT_EQ(index.trim(20), 50);
  EXPECT_EQ(index.truncate(60), std::nullopt) << "behind the end";
  EXPECT_EQ(index.truncate(40), 50);
  EXPECT_EQ(index.sealed_end(), 40);
  EXPECT_EQ(index.truncations(), 2u);
}

TEST(BatchIndex, WhatWasLostEndsReadsBeforeItAndGoesWithATruncation) {
  BatchIndex index;
  index.restore({.start = 0, .end = 50, .bytes = 500});
  index.lose(30, 35);
  EXPECT_EQ(index.limits(10).end, 30);
  EXPECT_TRUE(index.limits(32).corrupt);
  EXPECT_EQ(index.readable_from(32), 35);
  index.truncate(30);
  EXPECT_EQ(index.first_lost(), std::nullopt);
}

TEST(BatchIndex, WhatIsSealedIsNotItsOwnAnyMore) {
  BatchIndex index;
  const auto one = segment(1);
  index.append(batch(0, 9, 5), 0, one);
  index.append(batch(10, 19, 7), 200, one);
  EXPECT_EQ(index.at_time(6), 10);
  const auto changed = index.sealed(*one, 2, 0);
  EXPECT_FALSE(changed.truncated || changed.trimmed);
  EXPECT_EQ(index.sealed_end(), 20);
  EXPECT_EQ(index.at_time(6), std::nullopt);
}

}  // namespace
}  // namespace mq::storage
