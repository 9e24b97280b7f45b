// SPDX-License-Identifier: Apache-2.0
#include "storage/recovery.h"

#include <functional>

#include "storage/error.h"
#include "storage/inspect.h"
#include "tests/storage/support/dead.h"

namespace mq::test {
namespace {

using storage::Path;

TEST(Recovery, ATornLastGroupIsDroppedWhereverItIsTorn) {
  Dead dead;
  dead.group({1, 2});
  dead.group({1});
  dead.die();
  const auto before = content(dead.file(1));
  const std::size_t kept = records_of(before).size() - 1;  // the last record is the last group
  const std::uint64_t torn = records_of(before)[kept];
  const std::size_t end =
      torn +
      storage::record_bytes(
          storage::load<storage::Header>(storage::bytes_of(std::string_view(before)).subspan(torn)).length);
  for (std::uint64_t at = torn; at < end - 8; at++) {
    for (const bool zeros : {true, false}) {
      auto bytes = before;
      if (zeros)
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), '\0');
      else
        bytes[at] ^= 0x10;
      if (bytes == before) continue;
      dead.reopen_with(dead.file(1), bytes);
      ASSERT_EQ(dead.opened.all(1).size(), 1u) << "torn at " << at << (zeros ? " by zeros" : " by a bit");
      ASSERT_EQ(dead.opened.all(2).size(), 1u);
      ASSERT_TRUE(dead.opened.journal->recovery().damaged.empty());
      ASSERT_FALSE(dead.opened.put(1));
      ASSERT_EQ(dead.opened.all(1).size(), 2u);
    }
  }
}

TEST(Recovery, ATornTailSaysHowMuchWasDropped) {
  Dead dead;
  dead.group({1});
  dead.group({1});
  dead.die();
  auto bytes = content(dead.file(1));
  bytes[records_of(bytes).back() + 50] ^= 1;
  dead.reopen_with(dead.file(1), bytes);
  EXPECT_GT(dead.opened.journal->recovery().torn_bytes, 50u);
}

// Three partitions with a batch each in every group; the record of partition 2 in the second group is broken.
TEST(Recovery, AFlippedBitInAnyFieldOfARecordIsNamedAndNothingElseIsLost) {
  Dead dead;
  for (int i = 0; i < 4; i++) dead.group({1, 2, 3});
  dead.die();
  const auto before = content(dead.file(1));
  const std::uint64_t broken = records_of(before)[1 + 3 + 1];
  for (std::uint64_t at = broken; at < broken + sizeof(storage::Header) + storage::batch_head_bytes; at++) {
    Dead other;
    for (int i = 0; i < 4; i++) other.group({1, 2, 3});
    const auto all = other.opened.all(2);
    other.die();
    auto bytes = content(other.file(1));
    bytes[at] ^= static_cast<char>(1 << at % 8);
    other.reopen_with(other.file(1), bytes);
    SCOPED_TRACE("byte " + std::to_string(at - broken));
    auto& journal = *other.opened.journal;
    ASSERT_EQ(journal.recovery().damaged, std::vector<storage::PartitionNumber>{2});
    EXPECT_EQ(other.opened.all(1).size(), 4u);
    EXPECT_EQ(other.opened.all(3).size(), 4u);
    const auto log = journal.log(2);
    EXPECT_EQ(log->end(), all.back().last + 1);
    EXPECT_EQ(batches_of(*wait_for(other.opened.loop, log->read(0, 10'000))), (std::vector<Seen>{all[0]}));
    EXPECT_EQ(wait_for(other.opened.loop, log->read(all[1].first, 10'000)).error(), storage::Errc::corrupt);
    EXPECT_EQ(read_all(other.opened.loop, *log, all[2].first), (std::vector<Seen>{all[2], all[3]}));
    if (testing::Test::HasFailure()) return;
  }
}

TEST(Recovery, DamageIsRememberedWhenTheSegmentIsSealed) {
  Dead dead;
  for (int i = 0; i < 4; i++) dead.group({1, 2});
  dead.die();
  auto bytes = content(dead.file(1));
  bytes[records_of(bytes)[4] + 70] ^= 1;  // partition 2, second batch
  dead.reopen_with(dead.file(1), bytes);
  ASSERT_EQ(dead.opened.journal->recovery().damaged.size(), 1u);
  for (int i = 0; i < 100; i++) ASSERT_FALSE(dead.opened.put(1, 1, 300));
  dead.opened.stop();
  dead.opened.open();
  ASSERT_EQ(dead.opened.journal->recovery().damaged, std::vector<storage::PartitionNumber>{2});
}

// Zeros over several records: whose they were is known from the jump in the offsets, or not at all.
TEST(Recovery, WhoHasNothingBehindAHoleMayHaveLostItsEnd) {
  Dead dead;
  dead.group({1, 2, 3});
  dead.group({1});
  dead.group({3});
  dead.group({1});
  dead.group({1});
  const auto one = dead.opened.all(1);
  dead.die();
  auto bytes = content(dead.file(1));
  const auto records = records_of(bytes);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(records[4]),
            bytes.begin() + static_cast<std::ptrdiff_t>(records[6]), '\0');
  dead.reopen_with(dead.file(1), bytes);
  EXPECT_EQ(dead.opened.journal->recovery().damaged, (std::vector<storage::PartitionNumber>{1, 2, 3}));
  const auto log = dead.opened.journal->log(1);
  EXPECT_EQ(wait_for(dead.opened.loop, log->read(one[1].first, 10'000)).error(), storage::Errc::corrupt);
  EXPECT_EQ(read_all(dead.opened.loop, *log, one[2].first), (std::vector<Seen>{one[2], one[3]}));
  EXPECT_GT(dead.opened.journal->log(2)->end(), 0);
}

TEST(Recovery, ALostFileIsNoticed) {
  Dead dead;
  dead.opened.options.segment_age_max = std::chrono::seconds(0);  // a segment for every group
  dead.opened.open();
  for (int i = 0; i < 3; i++) dead.group({1, 2});
  dead.die();
  std::vector<std::uint32_t> logs;
  for (std::uint32_t n = 1; n < 20; n++)
    if (std::filesystem::exists(dead.file(n)) && !std::filesystem::exists(dead.file(n, ".ldb")))
      logs.push_back(n);
  ASSERT_GE(logs.size(), 2u);
  std::filesystem::remove(dead.file(logs.front()));
  dead.files.adopt();
  dead.opened.open();
  EXPECT_FALSE(dead.opened.journal->recovery().damaged.empty());
}

// Or nobody reads it: padding, the footer's filler, records that are no batches.
TEST(Recovery, EverySealedBitIsCoveredByACheck) {
  Dead dead;
  for (int i = 0; i < 8; i++) {
    ASSERT_FALSE(dead.opened.put(1, 1, 100));
    ASSERT_FALSE(dead.opened.put(2, 1, 5000));
  }
  dead.opened.stop();
  dead.opened.open();
  run_until(dead.opened.loop, [&] { return std::filesystem::exists(dead.file(1, ".ldb")); });
  dead.opened.stop();
  const auto verify = [&] {
    return (*storage::Inspection::open(dead.files, dead.opened.options.data))->verify();
  };
  const auto whole = verify();
  EXPECT_TRUE(whole.problems.empty()) << whole.problems.front().what;
  EXPECT_EQ(whole.batches, 16u);
  const auto dump = [&] {
    std::string all;
    const auto add = [&](const storage::Inspection::Record& record) {
      all += storage::text_of(record.payload);
      return true;
    };
    EXPECT_FALSE((*storage::Inspection::open(dead.files, dead.opened.options.data))->dump(1, add));
    return all;
  };
  const std::string everything = dump();
  std::mt19937 random(7);
  for (const char* ending : {".ldb", ".log"}) {
    const auto before = content(dead.file(1, ending));
    const std::size_t last_record =
        ending[2] == 'o' ? records_of(before)[2] : 0;  // of a log: the records of batches
    for (int i = 0; i < 40; i++) {
      auto bytes = before;
      const std::size_t at = last_record + random() % (bytes.size() - last_record);
      bytes[at] ^= static_cast<char>(1 << random() % 8);
      replace(dead.file(1, ending), bytes);
      dead.files.adopt();
      if (verify().problems.empty()) {
        EXPECT_EQ(dump(), everything) << ending << " at " << at << " of " << bytes.size();
      }
    }
    replace(dead.file(1, ending), before);
  }
}

TEST(Recovery, ABrokenTableIsAnAnswerAndNotACrash) {
  Dead dead;
  for (int i = 0; i < 60; i++) ASSERT_FALSE(dead.opened.put(1 + i % 2, 1, 300));
  run_until(dead.opened.loop, [&] {
    return std::filesystem::exists(dead.file(1, ".ldb")) && !std::filesystem::exists(dead.file(1));
  });
  dead.opened.stop();
  auto bytes = content(dead.file(1, ".ldb"));
  bytes[200] ^= 4;
  dead.reopen_with(dead.file(1, ".ldb"), bytes);
  EXPECT_EQ(wait_for(dead.opened.loop, dead.opened.journal->log(1)->read(0, 100)).error(),
            storage::Errc::corrupt);
  const auto log = dead.opened.journal->log(2);
  EXPECT_TRUE(wait_for(dead.opened.loop, log->read(log->end() - 1, 100)));
}

TEST(Recovery, WhatACrashLeftIsRemovedAndItsNumberNotUsedAgain) {
  Dead dead;
  ASSERT_FALSE(dead.opened.put(1));
  dead.opened.stop();
  for (std::uint32_t number = 3; number < 6; number++) replace(dead.file(number), "stray");
  dead.files.adopt();
  dead.opened.open();
  for (int i = 0; i < 60; i++) ASSERT_FALSE(dead.opened.put(1, 1, 1000));
  dead.opened.stop();
  for (std::uint32_t number = 3; number < 6; number++) {
    EXPECT_FALSE(std::filesystem::exists(dead.file(number)));
    EXPECT_FALSE(std::filesystem::exists(dead.file(number, ".ldb")));
  }
  dead.opened.open();
  EXPECT_EQ(dead.opened.all(1).size(), 61u);
}

// What cannot be rebuilt from the journal alone is told from what can: batches, offsets, removals of space,
// core's rows.
TEST(Recovery, MetaIsRebuiltWhenItIsLostDamagedOrOld) {
  const auto lose = [](const Path& meta) { std::filesystem::remove_all(meta); };
  const auto damage = [](const Path& meta) {
    for (const auto& entry : std::filesystem::directory_iterator(meta))
      if (entry.path().filename().string().starts_with("MANIFEST")) replace(entry.path(), "no manifest");
  };
  for (const auto& harm :
       {std::function<void(const Path&)>(lose), std::function<void(const Path&)>(damage)}) {
    Dead dead;
    std::vector<storage::PartitionNumber> heads;
    storage::Store::Change change;
    change.puts["core/topic"] = "configuration";
    ASSERT_FALSE(dead.opened.journal->meta().commit(change));
    for (int i = 0; i < 60; i++) {
      ASSERT_FALSE(dead.opened.put(1 + i % 3, 2, 400));
      ASSERT_FALSE(dead.opened.put(4, 1, 4500));
    }
    EXPECT_FALSE(wait_for(dead.opened.loop, dead.opened.journal->log(1)->trim(20)));
    EXPECT_FALSE(wait_for(dead.opened.loop, dead.opened.journal->log(2)->truncate(30)));
    std::vector<std::vector<Seen>> before;
    for (storage::PartitionNumber p = 1; p <= 4; p++) before.push_back(dead.opened.all(p));
    dead.opened.stop();
    harm(dead.opened.options.data / "meta");
    dead.files.adopt();
    dead.opened.options.on_start = [&](storage::PartitionNumber partition, storage::Bytes) {
      heads.push_back(partition);
    };
    dead.opened.open();
    EXPECT_TRUE(dead.opened.journal->recovery().meta_rebuilt);
    EXPECT_TRUE(dead.opened.journal->recovery().damaged.empty());
    for (storage::PartitionNumber p = 1; p <= 4; p++)
      EXPECT_EQ(dead.opened.all(p), before[p - 1]) << "partition " << p;
    EXPECT_GE(std::count(heads.begin(), heads.end(), 4u), 60);
    EXPECT_EQ(dead.opened.journal->log(1)->start(), 20);
    EXPECT_EQ(dead.opened.journal->log(2)->end(), 30);
    EXPECT_EQ(dead.opened.journal->next_partition(), 5u);
    EXPECT_EQ(**dead.opened.journal->meta().get("core/topic"), "configuration");
    dead.opened.open();
    EXPECT_FALSE(dead.opened.journal->recovery().meta_rebuilt);
    EXPECT_EQ(dead.opened.all(4), before[3]);
  }
}

TEST(Recovery, RowsThatAreNotSealedComeBackWithoutMeta) {
  Dead dead;
  storage::Store::Change change;
  change.puts["core/topic"] = "configuration";
  ASSERT_FALSE(dead.opened.journal->meta().commit(change));
  ASSERT_FALSE(dead.opened.put(1, 1, 100));
  dead.opened.stop();
  std::filesystem::remove_all(dead.opened.options.data / "meta");
  dead.files.adopt();
  dead.opened.open();
  EXPECT_TRUE(dead.opened.journal->recovery().meta_rebuilt);
  EXPECT_EQ(**dead.opened.journal->meta().get("core/topic"), "configuration");
  EXPECT_EQ(dead.opened.all(1).size(), 1u);
  for (const auto& entry : std::filesystem::directory_iterator(dead.opened.options.data / "journal"))
    EXPECT_NE(entry.path().extension(), ".aside") << "of a segment that was only made ready";
}

TEST(Recovery, AnOldMetaPutBackIsNoticed) {
  Dead dead;
  for (int i = 0; i < 10; i++) ASSERT_FALSE(dead.opened.put(1, 1, 1000));
  dead.opened.stop();
  const Path meta = dead.opened.options.data / "meta", copy = dead.disk.path() / "old";
  std::filesystem::copy(meta, copy, std::filesystem::copy_options::recursive);
  dead.opened.open();
  for (int i = 0; i < 100; i++) ASSERT_FALSE(dead.opened.put(1, 1, 1000));
  dead.opened.stop();
  std::filesystem::remove_all(meta);
  std::filesystem::rename(copy, meta);
  dead.files.adopt();
  dead.opened.open();
  EXPECT_TRUE(dead.opened.journal->recovery().meta_rebuilt);
  EXPECT_EQ(dead.opened.all(1).size(), 110u);
}

}  // namespace
}  // namespace mq::test
