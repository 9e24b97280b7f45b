// SPDX-License-Identifier: Apache-2.0
// Tables and the .log of sealed segments, harmed while no broker ran.
#include "storage/error.h"
#include "tests/storage/support/damage.h"
#include "tests/storage/support/said.h"

namespace mq::test {
namespace {

namespace fs = std::filesystem;
using storage::Errc;
using storage::PartitionNumber;
using storage::Path;

TEST(DamagedTables, ATableThatIsMissingOrTruncatedIsMadeAnewFromItsLog) {
  SealedOnce sealed;
  Dead& dead = sealed.dead;
  ASSERT_TRUE(fs::exists(dead.file(1)));
  const std::string table = content(dead.file(1, ".ldb"));
  for (std::size_t size = 0; size < table.size(); size += 4096) {
    SCOPED_TRACE("truncated at " + std::to_string(size));
    Said said;
    if (size == 0)
      fs::remove(dead.file(1, ".ldb"));
    else
      replace(dead.file(1, ".ldb"), table.substr(0, size));
    dead.files.adopt();
    EXPECT_TRUE(names(sealed.problems(), dead.file(1, ".ldb")));
    dead.opened.open();
    EXPECT_TRUE(said.has("0000000001.ldb could not be read: it was made anew"));
    EXPECT_FALSE(said.has("cannot be read any more"));
    for (const PartitionNumber partition : {1, 2, 3}) sealed.expect_all_of(partition);
    EXPECT_TRUE(dead.opened.journal->recovery().damaged.empty());
    dead.opened.stop();
    EXPECT_TRUE(sealed.problems().empty());
    if (testing::Test::HasFailure()) return;
  }
}

TEST(DamagedTables, ATableThatRottedIsMadeAnewWhenItIsRead) {
  SealedOnce sealed;
  Dead& dead = sealed.dead;
  const std::string table = content(dead.file(1, ".ldb"));
  for (std::size_t at = 0; at < table.size(); at += table.size() / 60) {
    SCOPED_TRACE("at " + std::to_string(at));
    auto bytes = table;
    bytes[at] ^= 4;
    replace(dead.file(1, ".ldb"), bytes);
    dead.files.adopt();
    dead.opened.open();
    for (const PartitionNumber partition : {1, 2, 3}) sealed.expect_all_of(partition);
    dead.opened.stop();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(DamagedTables, WhatNeitherTableNorLogHaveIsSaidAndTheRestIsRead) {
  Said said;
  SealedOnce sealed;
  Dead& dead = sealed.dead;
  auto bytes = content(dead.file(1));
  const auto records = records_of(bytes);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(records[4]),  // the second batch of 2
            bytes.begin() + static_cast<std::ptrdiff_t>(records[5]), '\0');
  replace(dead.file(1), bytes);
  fs::remove(dead.file(1, ".ldb"));
  dead.reopen();
  EXPECT_TRUE(said.has("partition 2: offsets 1 to 1 cannot be read any more"));
  for (int i = 0; i < 2; i++) {
    EXPECT_EQ(dead.opened.all(1), sealed.before[0]);
    EXPECT_FALSE(dead.read_error(2, 0));
    EXPECT_EQ(dead.read_error(2, 1), Errc::corrupt);
    EXPECT_EQ(read_all(dead.opened.loop, *dead.opened.journal->log(2), 2).size(), 4u);
    dead.opened.stop();
    EXPECT_FALSE(sealed.problems().empty());
    dead.opened.open();
  }
}

// Then small batches are in the table only.
TEST(DamagedTables, OfASegmentThatWasWrittenAnewTheLargeBatchesAreFoundAgainAndTheSmallOnesAreSaidToBeLost) {
  Said said;
  Dead dead(64 << 10);
  for (int i = 0; i < 6; i++) ASSERT_FALSE(dead.opened.put(1, 1, i == 3 ? 300 : 5000));
  for (int i = 0; i < 3; i++) ASSERT_FALSE(dead.opened.put(2, 2, 300));
  auto& rewriter = dead.opened.journal->rewriter();
  ASSERT_FALSE(wait_for(dead.opened.loop, rewriter.roll()));
  const auto keep = [](storage::Bytes batch) { return batch; };
  const auto compact = [](storage::Bytes batch) {
    return storage::batch_head(batch).first == 2 ? storage::Bytes() : batch;
  };
  ASSERT_TRUE(wait_for(dead.opened.loop, rewriter.rewrite(1, 0, 6, compact)));
  ASSERT_TRUE(wait_for(dead.opened.loop, rewriter.rewrite(2, 0, 6, keep)));
  ASSERT_FALSE(dead.opened.put(1));
  dead.opened.stop();
  for (std::uint32_t number = 2; number < 9; number++)
    if (fs::exists(dead.file(number)) && fs::exists(dead.file(number, ".ldb")))
      fs::remove(dead.file(number, ".ldb"));
  dead.reopen();
  EXPECT_TRUE(said.has("it was made anew"));
  EXPECT_TRUE(said.has("partition 1: offsets 2 to 3 cannot be read any more"));
  for (const Offset offset : {0, 1, 4, 5, 6}) EXPECT_FALSE(dead.read_error(1, offset)) << offset;
  for (const Offset offset : {2, 3}) EXPECT_EQ(dead.read_error(1, offset), Errc::corrupt) << offset;
  EXPECT_EQ(dead.opened.all(2).size(), 3u);
}

TEST(DamagedTables, ATableThatWasAllThereIsSaidToBeLostOnceWithPartitionsAndRanges) {
  Said said;
  SealedOnce sealed(300);
  Dead& dead = sealed.dead;
  ASSERT_FALSE(fs::exists(dead.file(1)));
  fs::remove(dead.file(1, ".ldb"));
  dead.files.adopt();
  const auto problems = sealed.problems();
  EXPECT_EQ(std::ranges::count_if(problems, [](const auto& p) { return p.partition == 1 && p.to == 6; }), 1);
  dead.opened.open();
  for (int i = 0; i < 3; i++) EXPECT_EQ(dead.read_error(1, 0), Errc::corrupt);
  EXPECT_EQ(said.count("partition 1: offsets 0 to 5 cannot be read any more"), 1u);
  EXPECT_EQ(dead.opened.journal->log(1)->end(), 6);
}

TEST(DamagedTables, ATruncatedLogOfASealedSegmentIsSaidAndWhatIsLeftIsRead) {
  SealedOnce sealed;
  Dead& dead = sealed.dead;
  const std::string log = content(dead.file(1));
  for (std::size_t size = 0; size < log.size(); size += 4096) {
    SCOPED_TRACE("truncated at " + std::to_string(size));
    Said said;
    if (size == 0)
      fs::remove(dead.file(1));
    else
      replace(dead.file(1), log.substr(0, size));
    dead.files.adopt();
    const bool loses = size < 32'000;
    EXPECT_EQ(names(sealed.problems(), dead.file(1)), loses);
    dead.opened.open();
    EXPECT_TRUE(said.has("0000000001.log"));
    EXPECT_EQ(said.has("partition 2: offsets"), loses);
    EXPECT_EQ(dead.opened.all(1), sealed.before[0]) << "lies in the table";
    Offset from = 0;
    while (from < 6 && !dead.read_error(2, from)) from++;
    const auto log2 = dead.opened.journal->log(2);
    if (from > 0) {
      const auto read = wait_for(dead.opened.loop, log2->read(0, 1 << 20));
      EXPECT_TRUE(read && read->next == from);
    }
    constexpr std::size_t begin = 64, pair = 344 + 5040;  // bytes of records
    EXPECT_EQ(from, size == 0 ? 0 : std::min<Offset>(6, static_cast<Offset>((size - begin) / pair)));
    EXPECT_EQ(log2->end(), 6);
    dead.opened.stop();
    replace(dead.file(1), log);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace mq::test
