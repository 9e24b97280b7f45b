// SPDX-License-Identifier: Apache-2.0
#include "storage/read_ahead.h"

#include <gtest/gtest.h>

namespace mq::storage {
namespace {

ReadAhead::Row row_of(const std::shared_ptr<const SegmentFile>& file, std::initializer_list<Offset> firsts) {
  ReadAhead::Row row{file, {}, 0};
  for (const Offset first : firsts) row.places.push_back({first, 0, 0, 1, 0, 0});
  return row;
}

TEST(ReadAhead, IsFoundOnlyByWhoReadsOnFromThere) {
  ReadAhead ahead;
  const auto file = std::make_shared<const SegmentFile>();
  ahead.put(1, 10, row_of(file, {10, 11}));
  EXPECT_FALSE(ahead.take(1, 11));
  EXPECT_FALSE(ahead.take(2, 10));
  const auto row = ahead.take(1, 10);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->rest().size(), 2u);
  EXPECT_FALSE(ahead.take(1, 10)) << "taken is taken";
}

TEST(ReadAhead, KeepsNoFileOpen) {
  ReadAhead ahead;
  auto file = std::make_shared<const SegmentFile>();
  ahead.put(1, 10, row_of(file, {10}));
  file.reset();
  EXPECT_FALSE(ahead.take(1, 10)->file.lock());
}

TEST(ReadAhead, HasNothingToSayWhereEverythingIsUsed) {
  ReadAhead ahead;
  ReadAhead::Row row = row_of(std::make_shared<const SegmentFile>(), {10});
  row.used = 1;
  ahead.put(1, 11, row);
  EXPECT_FALSE(ahead.take(1, 11));
}

TEST(ReadAhead, ForgetsAPartitionWithoutItsNeighbours) {
  ReadAhead ahead;
  const auto file = std::make_shared<const SegmentFile>();
  for (const PartitionNumber partition : {1u, 2u, 3u})
    for (const Offset next : {0, 10}) ahead.put(partition, next, row_of(file, {next}));
  ahead.forget(2);
  EXPECT_FALSE(ahead.take(2, 0) || ahead.take(2, 10));
  EXPECT_TRUE(ahead.take(1, 10) && ahead.take(3, 0));
}

TEST(ReadAhead, ForgetsTheOldestWhenThereAreTooMany) {
  ReadAhead ahead;
  const auto file = std::make_shared<const SegmentFile>();
  for (Offset next = 0; next <= static_cast<Offset>(ReadAhead::readers_max); next++)
    ahead.put(1, next, row_of(file, {next}));
  EXPECT_FALSE(ahead.take(1, 0));
  EXPECT_TRUE(ahead.take(1, 1));
}

}  // namespace
}  // namespace mq::storage
