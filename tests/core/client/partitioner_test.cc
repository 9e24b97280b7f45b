// SPDX-License-Identifier: Apache-2.0
#include "core/client/partitioner.h"

#include <gtest/gtest.h>

#include <string_view>

namespace mq::client {
namespace {

std::int32_t hash(std::string_view key) {
  return static_cast<std::int32_t>(murmur2(std::as_bytes(std::span(key))));
}

TEST(Partitioner, HashesKeysAsJavaDoes) {
  EXPECT_EQ(hash("21"), -973932308);
  EXPECT_EQ(hash("foobar"), -790332482);
  EXPECT_EQ(hash("a-little-bit-long-string"), -985981536);
  EXPECT_EQ(hash("a-little-bit-longer-string"), -1486304829);
  EXPECT_EQ(hash("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), -58897971);
  EXPECT_EQ(hash("abc"), 479470107);
}

TEST(Partitioner, AKeyAlwaysGoesToTheSamePartition) {
  const std::string_view key = "foobar";
  EXPECT_EQ(partition_of(std::as_bytes(std::span(key)), 10), (-790332482 & 0x7fffffff) % 10);
  EXPECT_EQ(partition_of({}, 1), 0);
}

TEST(Partitioner, WithoutAKeyAPartitionIsKeptUntilItsBatchIsFull) {
  Sticky sticky;
  const auto first = sticky.current(3);
  EXPECT_EQ(sticky.current(3), first);
  sticky.turn(3);
  EXPECT_NE(sticky.current(3), first);
  EXPECT_LT(sticky.current(1), 1);
}

}  // namespace
}  // namespace mq::client
