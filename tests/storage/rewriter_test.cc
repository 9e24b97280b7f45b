// SPDX-License-Identifier: Apache-2.0
#include "storage/rewriter.h"

#include <future>

#include "storage/error.h"
#include "tests/storage/support/opened.h"
#include "tests/support/power_cut.h"

namespace mq::test {
namespace {

using storage::Bytes;
using storage::PartitionNumber;
using storage::Range;
using storage::Rewriter;

constexpr Offset all = 1'000'000;

Offset first_of(Bytes batch) {
  Offset first = 0;
  for (int i = 0; i < 8; i++) first = first << 8 | static_cast<Offset>(batch[static_cast<std::size_t>(i)]);
  return first;
}

// Of every four batches one stays, one is smaller, and two go; the rule is the same whenever it is asked.
class Change {
 public:
  Bytes operator()(Bytes batch) {
    const Offset kind = first_of(batch) / 2 % 4;
    if (kind == 0) return batch;
    if (kind != 1) return {};
    smaller_ = make_batch(first_of(batch), 2, 70);
    return smaller_.bytes();
  }
  static std::vector<Seen> of(const std::vector<Seen>& before, Offset until = all) {
    std::vector<Seen> after;
    for (const Seen& seen : before) {
      const Offset kind = seen.first / 2 % 4;
      if (kind == 0 || seen.first >= until) after.push_back(seen);
      if (kind == 1 && seen.first < until) after.push_back({seen.first, seen.last, 70});
    }
    return after;
  }

 private:
  Batch smaller_;
};

struct Journal {
  Journal() { open(); }
  explicit Journal(PowerCut& files, const storage::Path& dir) : opened(files, dir) { open(); }
  void open() {
    opened.options.segment_bytes_min = opened.options.segment_bytes_max = 20'000;
    opened.options.tail_bytes = 0;
    opened.open();
  }
  // Small and large batches of two partitions side by side, of two records each.
  void fill(int rounds) {
    for (int i = 0; i < rounds; i++) {
      ASSERT_FALSE(opened.put(1, 2, i % 3 == 0 ? 5000 : 200));
      ASSERT_FALSE(opened.put(2, 2, 300));
    }
  }
  Rewriter& rewriter() { return opened.journal->rewriter(); }
  storage::error_code roll() { return wait_for(opened.loop, rewriter().roll()); }
  storage::Result<Offset> rewrite(Offset to = all, Rewriter::Change change = Change()) {
    return wait_for(opened.loop, rewriter().rewrite(1, 0, to, std::move(change)));
  }
  std::vector<Range> ranges(PartitionNumber partition) {
    return *wait_for(opened.loop, opened.journal->log(partition)->ranges(0, storage::Grain::segment, 1000));
  }
  Opened opened;
};

TEST(Rewriter, SealingPutsWhatWasAppendedIntoSealedSegments) {
  Journal journal;
  journal.fill(3);
  EXPECT_FALSE(journal.ranges(1).back().sealed);
  ASSERT_FALSE(journal.roll());
  EXPECT_TRUE(journal.ranges(1).back().sealed);
  EXPECT_GT(journal.ranges(1).back().written_ms, 0);
  journal.fill(1);
  EXPECT_EQ(journal.opened.all(1).size(), 4u);
}

TEST(Rewriter, ShowsEveryBatchInOrder) {
  Journal journal;
  journal.fill(40);
  ASSERT_FALSE(journal.roll());
  std::string seen;
  Rewriter::Visit visit = [&](Bytes batch) {
    seen.append(reinterpret_cast<const char*>(batch.data()), batch.size());
    return first_of(batch) < 60;
  };
  ASSERT_FALSE(wait_for(journal.opened.loop, journal.rewriter().visit(1, 5, all, std::move(visit))));
  const auto batches = batches_of(seen);
  EXPECT_EQ(batches.front().first, 4);
  EXPECT_EQ(batches.back().first, 60);
  EXPECT_EQ(batches.size(), 29u);
}

TEST(Rewriter, WhatIsLeftOutIsGoneAndTheRestKeepsItsOffsets) {
  Journal journal;
  journal.fill(60);
  ASSERT_FALSE(journal.roll());
  journal.fill(5);
  const auto one = journal.opened.all(1), two = journal.opened.all(2);
  const auto bytes = journal.opened.journal->log(1)->bytes();
  EXPECT_EQ(*journal.rewrite(), all);
  for (int round = 0; round < 2; round++) {
    EXPECT_EQ(journal.opened.all(1), Change::of(one, 120));
    EXPECT_EQ(journal.opened.all(2), two);
    EXPECT_EQ(journal.opened.journal->log(1)->end(), 130);
    EXPECT_LT(journal.opened.journal->log(1)->bytes(), bytes / 2);
    if (round == 0) journal.open();
  }
}

TEST(Rewriter, SegmentsThatNobodyNeedsAfterwardsGo) {
  Journal journal;
  for (int i = 0; i < 60; i++) ASSERT_FALSE(journal.opened.put(1, 2, 5000));
  ASSERT_FALSE(journal.roll());
  const auto before = journal.opened.journal->stats().segments;
  ASSERT_TRUE(journal.rewrite());
  EXPECT_LT(journal.opened.journal->stats().segments, before / 2);
  EXPECT_EQ(journal.ranges(1).size(), 1u);
}

TEST(Rewriter, BatchesBehindTheEndOfAPassAreShownToo) {
  Journal journal;
  journal.fill(60);
  ASSERT_FALSE(journal.roll());
  const auto one = journal.opened.all(1);
  const auto change = std::make_shared<Change>();
  EXPECT_EQ(
      *journal.rewrite(50, [change](Bytes batch) { return first_of(batch) < 50 ? (*change)(batch) : batch; }),
      50);
  EXPECT_EQ(journal.opened.all(1), Change::of(one, 50));
}

TEST(Rewriter, ABatchWithOtherOffsetsIsRefusedAndNothingHasChanged) {
  Journal journal;
  journal.fill(30);
  ASSERT_FALSE(journal.roll());
  const auto one = journal.opened.all(1);
  const Batch wrong = make_batch(1000, 2, 100);
  EXPECT_EQ(journal.rewrite(all, [&](Bytes) { return wrong.bytes(); }).error(), storage::Errc::corrupt);
  EXPECT_EQ(journal.opened.all(1), one);
}

// Something that comes while the new segment is being written.
template <class Meanwhile>
void rewrite_while(Journal& journal, Meanwhile meanwhile) {
  const auto began = std::make_shared<std::promise<void>>(), go_on = std::make_shared<std::promise<void>>();
  bool first = true, done = false;
  Rewriter::Change change = [&first, began, go_on, change = Change()](Bytes batch) mutable {
    if (std::exchange(first, false)) began->set_value(), go_on->get_future().get();
    return change(batch);
  };
  storage::asio::co_spawn(journal.opened.loop, journal.rewriter().rewrite(1, 0, all, std::move(change)),
                          [&](std::exception_ptr, storage::Result<Offset> result) {
                            EXPECT_TRUE(result);
                            done = true;
                          });
  journal.opened.loop.restart();
  journal.opened.loop.poll();
  began->get_future().get();
  EXPECT_FALSE(meanwhile());
  go_on->set_value();
  run_until(journal.opened.loop, [&] { return done; });
}

TEST(Rewriter, ATrimThatComesMeanwhileHolds) {
  Journal journal;
  journal.fill(60);
  ASSERT_FALSE(journal.roll());
  auto expected = Change::of(journal.opened.all(1));
  std::erase_if(expected, [](const Seen& seen) { return seen.last < 50; });
  rewrite_while(journal,
                [&] { return wait_for(journal.opened.loop, journal.opened.journal->log(1)->trim(50)); });
  EXPECT_EQ(journal.opened.all(1), expected);
  journal.open();
  EXPECT_EQ(journal.opened.all(1), expected);
}

TEST(Rewriter, ATruncationThatComesMeanwhileHolds) {
  Journal journal;
  journal.fill(60);
  ASSERT_FALSE(journal.roll());
  auto expected = Change::of(journal.opened.all(1));
  std::erase_if(expected, [](const Seen& seen) { return seen.last >= 50; });
  rewrite_while(journal,
                [&] { return wait_for(journal.opened.loop, journal.opened.journal->log(1)->truncate(50)); });
  EXPECT_EQ(journal.opened.all(1), expected);
  ASSERT_FALSE(journal.opened.put(1, 3));
  expected.push_back({50, 52, 100});
  EXPECT_EQ(journal.opened.all(1), expected);
  journal.open();
  EXPECT_EQ(journal.opened.all(1), expected);
}

TEST(Rewriter, APartitionThatIsRemovedMeanwhileDoesNotComeBack) {
  Journal journal;
  journal.fill(60);
  ASSERT_FALSE(journal.roll());
  const auto two = journal.opened.all(2);
  rewrite_while(journal, [&] { return wait_for(journal.opened.loop, journal.opened.journal->remove({1})); });
  journal.open();
  EXPECT_TRUE(journal.opened.all(1).empty());
  EXPECT_EQ(journal.opened.all(2), two);
}

TEST(Rewriter, WhatWasWrittenAnewIsWhatCountsWhenMetaIsLost) {
  Journal journal;
  journal.fill(60);
  ASSERT_FALSE(journal.roll());
  journal.fill(20);
  ASSERT_FALSE(journal.roll());
  const auto one = Change::of(journal.opened.all(1)), two = journal.opened.all(2);
  ASSERT_TRUE(journal.rewrite(100));
  ASSERT_TRUE(journal.rewrite());  // takes over what the first one made
  ASSERT_EQ(journal.opened.all(1), one);
  journal.opened.close();
  std::filesystem::remove_all(journal.opened.options.data / "meta");
  journal.open();
  EXPECT_TRUE(journal.opened.journal->recovery().meta_rebuilt);
  EXPECT_EQ(journal.opened.all(1), one);
  EXPECT_EQ(journal.opened.all(2), two);
}

TEST(Rewriter, APowerCutLeavesTheOldOrTheNew) {
  int old = 0, anew = 0;
  for (std::uint64_t cut_at = 1; cut_at < 40; cut_at++) {
    SCOPED_TRACE("cut at " + std::to_string(cut_at));
    TempDir disk{TempDir::in_memory()};
    PowerCut files(disk.path());
    Journal journal(files, disk.path());
    journal.fill(20);
    ASSERT_FALSE(journal.roll());
    const auto one = journal.opened.all(1), two = journal.opened.all(2);
    files.cut_at(cut_at);
    const bool done = journal.rewrite().has_value();
    journal.opened.close();
    files.reboot(PowerCut::Loss::all);
    journal.open();
    EXPECT_TRUE(journal.opened.journal->recovery().damaged.empty());
    EXPECT_EQ(journal.opened.all(2), two);
    const auto now = journal.opened.all(1);
    if (now == one && !done) {
      old++;
    } else {
      EXPECT_EQ(now, Change::of(one));
      anew++;
    }
  }
  EXPECT_GT(old, 3);
  EXPECT_GT(anew, 3);
}

}  // namespace
}  // namespace mq::test
