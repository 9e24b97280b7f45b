// SPDX-License-Identifier: Apache-2.0
#include "core/cleaning/retention.h"

#include <gtest/gtest.h>

#include "storage/memory_log.h"
#include "tests/core/partition/lead_alone.h"
#include "tests/storage/support/batches.h"

namespace mq::core::retention_test {
namespace {

constexpr Timestamp now = 1'000'000;

storage::Range range(Offset first, Offset last, Timestamp time_max, std::uint64_t bytes = 100) {
  return {first, last, time_max, -1, bytes, static_cast<std::uint32_t>(last - first + 1), true};
}
Expiry by_age(std::int64_t ms) {
  return Expiry({ms, -1}, now, 1000, 1000);
}

TEST(Expiry, WhatIsOlderThanRetentionMsGoesAndTheNextSaysWhenItWill) {
  Expiry expiry = by_age(1000);
  EXPECT_TRUE(expiry.goes(range(0, 9, now - 1001)));
  EXPECT_FALSE(expiry.goes(range(10, 19, now - 1000)));
  EXPECT_EQ(expiry.outlook().start, 10);
  EXPECT_EQ(expiry.outlook().due, now + 1);
}

TEST(Expiry, WhatComesFromTheFutureStaysUntilItsTimeHasComeAndGone) {
  Expiry expiry = by_age(1000);
  EXPECT_FALSE(expiry.goes(range(0, 9, now + 500)));
  EXPECT_EQ(expiry.outlook().start, std::nullopt);
  EXPECT_EQ(expiry.outlook().due, now + 1501);
}

TEST(Expiry, WithoutATimestampTheSegmentsOwnAgeCounts) {
  Expiry expiry = by_age(1000);
  storage::Range untimed = range(0, 9, -1);
  untimed.written_ms = now - 1001;
  EXPECT_TRUE(expiry.goes(untimed));
  untimed.last = 19;
  untimed.written_ms = now - 10;
  EXPECT_FALSE(expiry.goes(untimed));
  EXPECT_EQ(expiry.outlook().due, now + 991);
}

TEST(Expiry, WithoutATimestampInASegmentThatIsNotFullNothingIsOld) {
  Expiry expiry = by_age(1000);
  EXPECT_FALSE(expiry.goes(range(0, 9, -1)));
  EXPECT_EQ(expiry.outlook().due, now + 1001);
}

TEST(Expiry, ABatchWithoutATimestampIsAsOldAsWhatLiesBesideIt) {
  Expiry expiry = by_age(1000);
  const storage::Range segment = range(0, 9, now - 10);
  EXPECT_FALSE(expiry.goes(segment));
  expiry.look_into(segment);
  EXPECT_FALSE(expiry.goes(range(0, 0, -1)));
  EXPECT_EQ(expiry.outlook().start, std::nullopt);
}

TEST(Expiry, WhatIsTooOldMayWaitAndIsDue) {
  Expiry expiry({1000, -1}, now, 1000, 1000, Expiry::Age::waits);
  EXPECT_FALSE(expiry.goes(range(0, 9, 1)));
  EXPECT_EQ(expiry.outlook().due, 1002);
}

TEST(Expiry, RetentionBytesLeavesNoLessThanTheLimit) {
  Expiry expiry({-1, 250}, now, 1000, 500);
  EXPECT_TRUE(expiry.goes(range(0, 0, now)));
  EXPECT_TRUE(expiry.goes(range(1, 1, now)));
  EXPECT_FALSE(expiry.goes(range(2, 2, now)));
  EXPECT_EQ(expiry.outlook().start, 2);
  EXPECT_EQ(expiry.outlook().bytes_left, 300u);
  EXPECT_EQ(expiry.outlook().due, end_of_time) << "size alone needs no clock";
}

TEST(Expiry, ALimitOfZeroBytesKeepsNothing) {
  Expiry expiry({-1, 0}, now, 1000, 100);
  EXPECT_TRUE(expiry.goes(range(0, 0, now)));
}

TEST(Expiry, WhatIsNotCommittedStays) {
  Expiry expiry({0, 0}, now, 5, 100);
  EXPECT_TRUE(expiry.goes(range(0, 4, 1)));
  EXPECT_FALSE(expiry.goes(range(5, 5, 1)));
}

TEST(Expiry, AnAgeBeyondAllTimeIsForEver) {
  Expiry expiry = by_age(std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(expiry.goes(range(0, 0, now)));
  EXPECT_EQ(expiry.outlook().due, end_of_time);
}

TEST(Retention, ATopicThatDoesNotDeleteKeepsAll) {
  TopicConfig config;
  EXPECT_EQ(Retention::of(config), (Retention{604'800'000, -1}));
  config.deletes = false;
  EXPECT_TRUE(Retention::of(config).keeps_all());
}

TEST(Outlook, ComesDownToTheBatchWhereASegmentGoesInPart) {
  asio::io_context loop{1};
  const auto log = std::make_shared<storage::MemoryLog>(loop.get_executor());
  const Clock clock;
  const auto partition = std::make_shared<Partition>(log, 1, clock);
  std::size_t answers = 0;
  for (Offset i = 0; i < 10; i++)
    log->append({std::make_shared<std::byte>(), 100, i, i, now + i}, [&](error_code) { answers++; });
  test::run_until(loop, [&] { return answers == 10; });
  lead_alone(*partition);
  const auto outlook = test::wait_for(loop, outlook_of(partition, {1000, -1}, now + 1005));
  ASSERT_TRUE(outlook);
  EXPECT_EQ(outlook->start, 5);
  EXPECT_EQ(outlook->due, now + 1006);
}

}  // namespace
}  // namespace mq::core::retention_test
