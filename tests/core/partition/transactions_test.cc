// SPDX-License-Identifier: Apache-2.0
#include "core/partition/transactions.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace mq::core {
namespace {

using Aborted = Transactions::Aborted;

TEST(Transactions, EverythingIsStableWhileNoneIsOpen) {
  EXPECT_EQ(Transactions().stable(42), 42);
}

TEST(Transactions, TheEarliestOpenOneHoldsTheStableOffset) {
  Transactions all;
  all.begin(1, 10);
  all.begin(2, 20);
  all.begin(1, 30);
  EXPECT_EQ(all.stable(40), 10);
  EXPECT_EQ(all.open(1), 10);
  EXPECT_EQ(all.open(3), std::nullopt);
}

TEST(Transactions, AnEndHoldsOnceItsMarkerIsDurable) {
  Transactions all;
  all.begin(1, 10);
  all.end(1, true, 15);
  EXPECT_EQ(all.open(1), std::nullopt) << "what comes next is another transaction";
  EXPECT_FALSE(all.advance(15));
  EXPECT_EQ(all.stable(15), 10);
  EXPECT_TRUE(all.advance(16));
  EXPECT_EQ(all.stable(16), 16);
  EXPECT_TRUE(all.aborted(0, 100).empty()) << "it was committed";
}

TEST(Transactions, ReadersLearnOfEveryAbortedOneThatOverlapsInOrderOfTheirBeginning) {
  Transactions all;
  all.begin(1, 10);  // aborted last
  all.begin(2, 12);
  all.begin(3, 13);
  all.end(2, false, 14);
  all.end(3, true, 15);
  all.end(1, false, 16);
  all.begin(2, 17);
  all.end(2, false, 18);
  all.advance(19);
  EXPECT_EQ(all.aborted(0, 19), (std::vector<Aborted>{{1, 10, 16, 17}, {2, 12, 14, 10}, {2, 17, 18, 19}}));
  EXPECT_EQ(all.aborted(15, 17), (std::vector<Aborted>{{1, 10, 16, 17}}));
  EXPECT_EQ(all.aborted(14, 12), (std::vector<Aborted>{{1, 10, 16, 17}}));
  EXPECT_TRUE(all.aborted(19, 30).empty());
}

TEST(Transactions, AMarkerThatWasCutLeavesItsTransactionOpen) {
  Transactions all;
  all.begin(1, 10);
  all.end(1, false, 15);
  all.begin(1, 16);
  all.begin(2, 17);
  all.truncate(15);
  EXPECT_EQ(all.open(1), 10);
  EXPECT_EQ(all.open(2), std::nullopt);
  all.end(1, true, 15);
  all.advance(16);
  EXPECT_EQ(all.stable(16), 16);
  EXPECT_TRUE(all.empty());
}

TEST(Transactions, WhatNobodyCanReadIsForgotten) {
  Transactions all;
  for (ProducerId id = 0; id < 4; id++) all.begin(id, 2 * id), all.end(id, false, 2 * id + 1);
  all.advance(8);
  all.trim(4);
  EXPECT_EQ(all.all_aborted().size(), 2u);
  EXPECT_EQ(all.all_aborted().front().producer, 2);
}

// Against a log in which every record remembers how its transaction ended.
TEST(Transactions, RandomLogsAreReadAsAPlainWalkReadsThem) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Transactions all;
  struct Past {
    Offset first, last;
    bool commit;
    ProducerId producer;
  };
  std::vector<Past> past;
  std::map<ProducerId, Offset> open;
  Offset end = 0, stable = 0;
  for (int i = 0; i < 5'000; i++) {
    const ProducerId id = random() % 6;
    if (open.contains(id) && random() % 3 == 0) {
      const bool commit = random() % 2;
      past.push_back({open[id], end, commit, id});
      all.end(id, commit, end++);
      open.erase(id);
    } else {
      all.begin(id, end);
      open.try_emplace(id, end++);
    }
    if (random() % 4) continue;
    all.advance(end);
    Offset expected = end;
    for (const auto& [producer, first] : open) expected = std::min(expected, first);
    ASSERT_EQ(all.stable(end), expected);
    ASSERT_GE(expected, stable) << "it never goes back";
    stable = expected;
    if (stable == 0) continue;
    const Offset from = static_cast<Offset>(random() % static_cast<std::uint64_t>(stable));
    const Offset until = from + 1 + static_cast<Offset>(random() % static_cast<std::uint64_t>(stable - from));
    std::set<std::pair<Offset, ProducerId>> wanted, got;
    for (const Past& p : past)
      if (!p.commit && p.last >= from && p.first < until) wanted.emplace(p.first, p.producer);
    Offset before = -1;
    for (const Aborted& a : all.aborted(from, until)) {
      ASSERT_LT(before, a.first) << "in order";
      got.emplace(before = a.first, a.producer);
    }
    ASSERT_EQ(got, wanted) << from << " to " << until;
  }
}

}  // namespace
}  // namespace mq::core
