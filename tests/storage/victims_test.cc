// SPDX-License-Identifier: Apache-2.0
#include "storage/victims.h"

#include <gtest/gtest.h>

namespace mq::storage {
namespace {

using Numbers = std::vector<std::uint32_t>;

SegmentRow sealed(std::uint64_t disk, std::uint64_t living) {
  SegmentRow row;
  row.state = SegmentRow::sealed;
  row.rows = 1;
  row.disk_bytes = disk;
  row.bytes = disk;
  row.living = living;
  return row;
}

TEST(Victims, ThereAreNoneWhileTheDiskHoldsTwiceWhatLives) {
  EXPECT_EQ(victims({{1, sealed(100, 10)}, {2, sealed(100, 90)}}, {0, 1000}), Numbers{});
}

TEST(Victims, ThereAreNoneForLessThanTheSlack) {
  EXPECT_EQ(victims({{1, sealed(100, 10)}, {2, sealed(100, 60)}}, {60, 1000}), Numbers{});
}

TEST(Victims, ThoseOfWhichLeastLivesAreChosenUntilItFits) {
  const Catalogue::Manifest manifest{{1, sealed(100, 40)},
                                     {2, sealed(100, 5)},
                                     {3, sealed(100, 45)},
                                     {4, sealed(100, 20)},
                                     {5, sealed(100, 60)}};
  EXPECT_EQ(victims(manifest, {0, 1000}), (Numbers{2, 4}));  // takes 500 where 170 live, then 405, then 325
}

TEST(Victims, NoMoreIsCopiedAtOnceThanTheLimitButOneSegment) {
  const Catalogue::Manifest manifest{{1, sealed(1000, 300)}, {2, sealed(1000, 310)}, {3, sealed(1000, 320)}};
  EXPECT_EQ(victims(manifest, {0, 100}), Numbers{1});
  EXPECT_EQ(victims(manifest, {0, 620}), (Numbers{1, 2}));
}

TEST(Victims, WhatIsBeingWrittenDoesNotCount) {
  SegmentRow open = sealed(1000, 0);
  open.state = SegmentRow::open;
  EXPECT_EQ(victims({{1, sealed(100, 60)}, {2, open}}, {0, 1000}), Numbers{});
}

}  // namespace
}  // namespace mq::storage
