// SPDX-License-Identifier: Apache-2.0
#include "core/admin/group.h"

#include <gtest/gtest.h>

#include "core/admin/usage_error.h"

namespace mq::admin {
namespace {

TEST(GroupSelector, TakesPatternsUnlessEverythingIsMeantLiterally) {
  EXPECT_TRUE(GroupSelector("etl-*", false).matches("etl-1"));
  EXPECT_TRUE(GroupSelector("/^etl/", false).matches("etl-1"));
  EXPECT_FALSE(GroupSelector("etl-*", true).matches("etl-1"));
  EXPECT_TRUE(GroupSelector("etl-*", true).matches("etl-*"));
  EXPECT_FALSE(GroupSelector("etl.1", false).matches("etlx1"));
  EXPECT_THROW(GroupSelector("/(/", false), UsageError);
}

TEST(Progress, CountsFromTheStartWithoutACommitAndIsBelowNothingBeyondTheEnd) {
  Progress progress;
  EXPECT_FALSE(progress.lag());
  progress.start = 10, progress.end = 30;
  EXPECT_EQ(progress.lag(), 20);
  progress.committed = 25;
  EXPECT_EQ(progress.lag(), 5);
  progress.committed = 3;  // those are gone
  EXPECT_EQ(progress.lag(), 20);
  progress.committed = 31;
  EXPECT_EQ(progress.lag(), -1);
  progress.committed = 25, progress.next_record = 28;
  EXPECT_EQ(progress.lag(), 2) << "nothing is left of what lies before";
}

}  // namespace
}  // namespace mq::admin
