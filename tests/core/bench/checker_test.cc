// SPDX-License-Identifier: Apache-2.0
#include "core/bench/checker.h"

#include <gtest/gtest.h>

namespace mq::bench {
namespace {

constexpr std::uint64_t our_run = 7;

std::vector<std::byte> value(std::uint64_t sequence, std::uint32_t client = 0, std::uint64_t run = our_run) {
  std::vector<std::byte> bytes(100, std::byte{'x'});
  const Stamp stamp{run, client, sequence, 12345};
  stamp.write(bytes);
  return bytes;
}

struct Reading {
  Checker checker{our_run};
  Reading& read(std::initializer_list<std::uint64_t> sequences, std::int32_t partition = 0,
                std::uint32_t client = 0) {
    for (const auto sequence : sequences) checker.received(partition, value(sequence, client));
    return *this;
  }
  const Findings& findings() const { return checker.findings(); }
};

TEST(Stamp, WhatWasWrittenIsRead) {
  const auto bytes = value(42, 3);
  const auto stamp = Stamp::read(bytes);
  ASSERT_TRUE(stamp);
  EXPECT_EQ(stamp->run, our_run);
  EXPECT_EQ(stamp->client, 3u);
  EXPECT_EQ(stamp->sequence, 42u);
  EXPECT_EQ(stamp->sent_ns, 12345);
  EXPECT_TRUE(Stamp::intact(bytes));
}

TEST(Stamp, ForeignAndShortValuesHaveNone) {
  EXPECT_FALSE(Stamp::read({}));
  EXPECT_FALSE(Stamp::read(std::vector<std::byte>(100, std::byte{1})));
  EXPECT_FALSE(Stamp::read(net::Bytes(value(1)).first(Stamp::size - 1)));
}

TEST(Stamp, AFlippedBitAnywhereBehindTheMagicIsSeen) {
  for (std::size_t at = 4; at < 100; at++) {
    auto bytes = value(1);
    bytes[at] ^= std::byte{0x10};
    EXPECT_FALSE(Stamp::intact(bytes)) << at;
  }
}

TEST(Checker, RecordsInOrderAreGood) {
  Reading reading;
  reading.read({0, 1, 2}).checker.finish({{3}}, 0);
  EXPECT_EQ(reading.findings().checked, 3u);
  EXPECT_TRUE(reading.findings().good());
}

TEST(Checker, EachClientAndPartitionCountsForItself) {
  Reading reading;
  reading.read({0, 1}, 0, 0).read({0}, 1, 0).read({0, 1}, 0, 1);
  reading.checker.finish({{2, 1}, {2, 0}}, 0);
  EXPECT_TRUE(reading.findings().good());
}

TEST(Checker, AGapIsALoss) {
  Reading reading;
  reading.read({0, 3, 4}).checker.finish({{5}}, 0);
  EXPECT_EQ(reading.findings().lost, 2u);
  EXPECT_EQ(reading.findings().repeated, 0u);
}

TEST(Checker, WhatIsMissingAtTheEndOrAltogetherIsALoss) {
  Reading reading;
  reading.read({0, 1}, 0).checker.finish({{4, 10}}, 0);
  EXPECT_EQ(reading.findings().lost, 2u + 10u);
}

TEST(Checker, WhatWasRefusedMayBeMissing) {
  Reading reading;
  reading.read({0, 1, 4}).checker.finish({{5}}, 2);
  EXPECT_TRUE(reading.findings().good());
}

TEST(Checker, ARecordThatComesAgainIsARepetition) {
  Reading reading;
  reading.read({0, 1, 1, 0, 2}).checker.finish({{3}}, 0);
  EXPECT_EQ(reading.findings().repeated, 2u);
  EXPECT_EQ(reading.findings().lost, 0u);
}

TEST(Checker, ADamagedRecordIsSeenAndMissed) {
  Checker checker(our_run);
  auto damaged = value(1);
  damaged.back() ^= std::byte{1};
  for (const auto& bytes : {value(0), damaged, value(2)}) checker.received(0, bytes);
  EXPECT_EQ(checker.findings().damaged, 1u);
  EXPECT_FALSE(checker.findings().good());
}

TEST(Checker, OtherRunsBeginAnywhereAndMustGoOnFromThere) {
  Checker checker(our_run);
  for (const std::uint64_t sequence : {17, 18, 20}) checker.received(0, value(sequence, 0, 99));
  EXPECT_EQ(checker.findings().lost, 1u);
}

TEST(Checker, RecordsWithoutAStampAreCountedApart) {
  Checker checker(our_run);
  checker.received(0, std::vector<std::byte>(100));
  EXPECT_EQ(checker.findings().foreign, 1u);
  EXPECT_EQ(checker.findings().checked, 0u);
  EXPECT_TRUE(checker.findings().good());
}

}  // namespace
}  // namespace mq::bench
