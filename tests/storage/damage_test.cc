// SPDX-License-Identifier: Apache-2.0
// A data directory that somebody harmed while no broker ran: what is lost is said, by a start and by an
// inspection, and no offset is given twice.
#include <functional>

#include "storage/error.h"
#include "storage/gather.h"
#include "storage/inspect.h"
#include "tests/storage/support/dead.h"
#include "tests/storage/support/said.h"

namespace mq::test {
namespace {

namespace fs = std::filesystem;
using storage::Errc;
using storage::PartitionNumber;
using storage::Path;
using Problems = std::vector<storage::Inspection::Problem>;

Problems problems_of(storage::FileSystem& files, const Path& data) {
  return (*storage::Inspection::open(files, data))->verify().problems;
}

bool names(const Problems& problems, const Path& file) {
  return std::ranges::any_of(problems, [&](const auto& problem) { return problem.file == file; });
}

// Given as core does it, and on the disk.
void give_partitions(Opened& opened, int count) {
  for (int i = 0; i < count; i++) opened.journal->next_partition();
  storage::Store::Change change;
  change.puts["core/topic"] = "configuration";
  ASSERT_FALSE(opened.journal->meta().commit(change));
}

// Behind the last byte that is not zero.
std::size_t end_of_data(const std::string& bytes) {
  return bytes.find_last_not_of('\0') + 1;
}

// ---------------------------------------------------------------------------------------------- segments
// that are not sealed

TEST(Damage, ATruncatedSegmentIsToldAndItsOffsetsAreNotGivenAgain) {
  constexpr std::size_t segment_bytes = 64 << 10;
  for (const bool stops : {true, false}) {
    for (std::size_t size = 0; size < segment_bytes; size += 4096) {
      SCOPED_TRACE(std::string(stops ? "stopped" : "killed") + ", truncated at " + std::to_string(size));
      Said said;
      Dead dead(segment_bytes);
      give_partitions(dead.opened, 2);
      for (int i = 0; i < 15; i++)
        for (const PartitionNumber partition : {1, 2}) ASSERT_FALSE(dead.opened.put(partition, 2, 1000));
      stops ? dead.opened.stop() : dead.die();
      const bool loses = !stops || size < end_of_data(content(dead.file(1)));
      fs::resize_file(dead.file(1), size);
      dead.files.adopt();
      EXPECT_EQ(names(problems_of(dead.files, dead.opened.options.data), dead.file(1)), loses);
      dead.opened.open();
      EXPECT_TRUE(said.has("bytes shorter than it was made"));
      EXPECT_EQ(dead.opened.journal->recovery().damaged.size(), loses ? 2u : 0u);
      for (const PartitionNumber partition : {1, 2}) {
        const auto log = dead.opened.journal->log(partition);
        EXPECT_GE(log->end(), 30);
        Offset from = 0;
        for (; from < log->end() && !dead.read_error(partition, from); from += 2) {
        }
        EXPECT_EQ(from < log->end(), loses);
        EXPECT_EQ(dead.read_error(partition, from), loses ? make_error_code(Errc::corrupt) : error_code());
        const Offset end = log->end();
        ASSERT_FALSE(dead.opened.put(partition));
        EXPECT_FALSE(dead.read_error(partition, end));
      }
      const Offset end = dead.opened.journal->log(1)->end();
      const auto damaged = dead.opened.journal->recovery().damaged;
      for (int i = 0; i < 2; i++) {
        i == 0 ? dead.die() : dead.opened.stop();
        dead.reopen();
        EXPECT_EQ(dead.opened.journal->log(1)->end(), end);
        EXPECT_EQ(dead.opened.journal->recovery().damaged, damaged);
      }
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(Damage, WhatIsNoBatchAnyMoreInASealedSegmentIsNotServedAsOne) {
  Said said;
  Dead dead(1 << 20);
  give_partitions(dead.opened, 1);
  for (int i = 0; i < 20; i++) ASSERT_FALSE(dead.opened.put(1, 1, 60'000));
  dead.opened.stop();
  std::string bytes = content(dead.file(1));
  bytes.replace(400'000, 200'000, 200'000, '\0');
  dead.reopen_with(dead.file(1), bytes);
  int lost = 0;
  const auto log = dead.opened.journal->log(1);
  for (Offset from = 0; from < 20; from++) {
    const auto alone = wait_for(dead.opened.loop, log->read(from, 1));
    const auto with_more = wait_for(dead.opened.loop, log->read(from, 1'000'000));
    EXPECT_EQ(alone.has_value(), with_more.has_value()) << "what lies before damage is read, too: " << from;
    lost += !alone;
  }
  EXPECT_GE(lost, 3);
  EXPECT_LE(lost, 5);
  EXPECT_TRUE(said.has("is no batch any more"));
}

TEST(Damage, ALogSaysWhereALostRangeEnds) {
  Dead dead;
  give_partitions(dead.opened, 1);
  ASSERT_FALSE(dead.opened.put(1, 10));
  dead.opened.stop();
  dead.reopen_with(dead.file(1), "");
  const auto log = dead.opened.journal->log(1);
  EXPECT_EQ(log->readable_from(0), log->end());
  EXPECT_EQ(log->readable_from(5), log->end());
  EXPECT_EQ(log->readable_from(log->end()), log->end());
}

TEST(Damage, APartitionOfWhichNothingIsLeftKeepsItsOffsets) {
  Dead dead;
  give_partitions(dead.opened, 1);
  ASSERT_FALSE(dead.opened.put(1, 10));
  dead.opened.stop();
  dead.reopen_with(dead.file(1), "");
  EXPECT_GE(dead.opened.journal->log(1)->end(), 10);
  EXPECT_EQ(dead.read_error(1, 0), Errc::corrupt);
}

TEST(Damage, TheNewestSegmentThatIsMissingIsToldUnlessItIsKnownThatItWasNeverWrittenTo) {
  for (const bool stops : {true, false}) {
    Said said;
    Dead dead;
    ASSERT_FALSE(dead.opened.put(1, 10));
    run_until(dead.opened.loop, [&] { return fs::exists(dead.file(2)); });
    dead.opened.stop();  // and its row is written
    dead.opened.open();
    ASSERT_FALSE(dead.opened.put(1, 10));
    stops ? dead.opened.stop() : dead.die();
    fs::remove(dead.file(2));
    dead.reopen();
    EXPECT_EQ(dead.opened.journal->recovery().damaged.empty(), stops);
    EXPECT_TRUE(said.has("0000000002.log"));
    EXPECT_FALSE(dead.read_error(1, 0));
    EXPECT_FALSE(dead.read_error(1, 10));
    ASSERT_FALSE(dead.opened.put(1));
  }
}

// Only what an orderly stop noted tells it from a torn tail.
TEST(Damage, ZerosOverTheEndOfAJournalThatWasStoppedAreDamage) {
  Said said;
  Dead dead;
  for (int i = 0; i < 4; i++) ASSERT_FALSE(dead.opened.put(1));
  dead.opened.stop();
  auto bytes = content(dead.file(1));
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(records_of(bytes)[3]), bytes.end(), '\0');
  replace(dead.file(1), bytes);
  dead.files.adopt();
  EXPECT_TRUE(names(problems_of(dead.files, dead.opened.options.data), dead.file(1)));
  dead.opened.open();
  EXPECT_EQ(dead.opened.journal->recovery().damaged, std::vector<PartitionNumber>{1});
  EXPECT_GE(dead.opened.journal->log(1)->end(), 4);
}

TEST(Damage, AHoleThatIsKnownDoesNotGrowAtEveryStart) {
  Dead dead;
  dead.group({1, 2});
  ASSERT_FALSE(wait_for(dead.opened.loop, dead.opened.journal->rewriter().seal()));
  dead.group({1, 2});
  dead.group({1});
  dead.die();
  auto bytes = content(dead.file(2));
  const auto records = records_of(bytes);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(records[2]),
            bytes.begin() + static_cast<std::ptrdiff_t>(records[3]), '\0');
  dead.reopen_with(dead.file(2), bytes);
  EXPECT_EQ(dead.opened.journal->recovery().damaged, std::vector<PartitionNumber>{2});
  const Offset end = dead.opened.journal->log(2)->end();
  for (int i = 0; i < 3; i++) {
    dead.opened.stop();
    dead.opened.open();
    EXPECT_EQ(dead.opened.journal->log(2)->end(), end);
  }
}

TEST(Damage, APartitionThatBeganInAHoleHasLostItsBeginning) {
  Dead dead;
  ASSERT_FALSE(dead.opened.put(1));
  ASSERT_FALSE(dead.opened.put(7, 5));
  ASSERT_FALSE(dead.opened.put(1));
  ASSERT_FALSE(dead.opened.put(7, 5));
  dead.opened.stop();
  auto bytes = content(dead.file(1));
  const auto records = records_of(bytes);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(records[2]),
            bytes.begin() + static_cast<std::ptrdiff_t>(records[3]), '\0');
  dead.reopen_with(dead.file(1), bytes);
  EXPECT_EQ(dead.read_error(7, 0), Errc::corrupt);
  EXPECT_FALSE(dead.read_error(7, 5));
}

TEST(Damage, WhatIsTrimmedIsNotKnownToBeLostAnyMore) {
  Dead dead;
  give_partitions(dead.opened, 1);
  for (int i = 0; i < 4; i++) ASSERT_FALSE(dead.opened.put(1));
  dead.opened.stop();
  dead.reopen_with(dead.file(1), "");
  ASSERT_EQ(dead.opened.journal->recovery().damaged.size(), 1u);
  EXPECT_FALSE(
      wait_for(dead.opened.loop, dead.opened.journal->log(1)->trim(dead.opened.journal->log(1)->end())));
  dead.opened.stop();
  dead.opened.open();
  EXPECT_TRUE(dead.opened.journal->recovery().damaged.empty());
  dead.opened.stop();
  for (const auto& problem : problems_of(dead.files, dead.opened.options.data))
    EXPECT_EQ(problem.partition, 0u) << problem.what;
}

TEST(Damage, ARepairedTailKeepsTheSizeOfItsFileAlsoOnAFullDisk) {
  Dead dead;
  dead.group({1});
  dead.group({1});
  dead.die();
  auto bytes = content(dead.file(1));
  bytes[records_of(bytes).back() + 70] ^= 1;
  replace(dead.file(1), bytes);
  dead.files.adopt();
  dead.files.inject({PowerCut::Call::allocate, 1, ENOSPC, "journal/", true});
  dead.opened.open();
  EXPECT_GT(dead.opened.journal->recovery().torn_bytes, 0u);
  EXPECT_EQ(fs::file_size(dead.file(1)), bytes.size());
  dead.die();
  dead.opened.open();
  EXPECT_TRUE(dead.opened.journal->recovery().damaged.empty());
  EXPECT_EQ(dead.opened.all(1).size(), 1u);
}

// ---------------------------------------------------------------------------------------------- sealed

// Segment 1: small and large batches; its table names the large ones in the .log.
struct SealedOnce {
  explicit SealedOnce(std::size_t large = 5000) : dead(64 << 10) {
    for (int i = 0; i < 6; i++) {
      EXPECT_FALSE(dead.opened.put(1, 1, 300));
      EXPECT_FALSE(dead.opened.put(2, 1, large));
    }
    for (int i = 0; i < 3; i++) EXPECT_FALSE(dead.opened.put(3, 1, 300));
    EXPECT_FALSE(wait_for(dead.opened.loop, dead.opened.journal->rewriter().seal()));
    for (int i = 0; i < 3; i++) EXPECT_FALSE(dead.opened.put(3, 1, 300));
    for (const PartitionNumber partition : {1, 2, 3}) before.push_back(dead.opened.all(partition));
    dead.opened.stop();
  }
  void expect_all_of(PartitionNumber partition) {
    EXPECT_EQ(dead.opened.all(partition), before[partition - 1]) << "partition " << partition;
  }
  Problems problems() { return problems_of(dead.files, dead.opened.options.data); }

  Dead dead;
  std::vector<std::vector<Seen>> before;
};

TEST(Damage, ATableThatIsMissingOrTruncatedIsMadeAnewFromItsLog) {
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

TEST(Damage, ATableThatRottedIsMadeAnewWhenItIsRead) {
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

TEST(Damage, WhatNeitherTableNorLogHaveIsSaidAndTheRestIsRead) {
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
TEST(Damage, OfASegmentThatWasWrittenAnewTheLargeBatchesAreFoundAgainAndTheSmallOnesAreSaidToBeLost) {
  Said said;
  Dead dead(64 << 10);
  for (int i = 0; i < 6; i++) ASSERT_FALSE(dead.opened.put(1, 1, i == 3 ? 300 : 5000));
  for (int i = 0; i < 3; i++) ASSERT_FALSE(dead.opened.put(2, 2, 300));
  auto& rewriter = dead.opened.journal->rewriter();
  ASSERT_FALSE(wait_for(dead.opened.loop, rewriter.seal()));
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

TEST(Damage, ATableThatWasAllThereIsSaidToBeLostOnceWithPartitionsAndRanges) {
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

TEST(Damage, ATruncatedLogOfASealedSegmentIsSaidAndWhatIsLeftIsRead) {
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

// ---------------------------------------------------------------------------------------------- meta

TEST(Damage, AMetaThatLostItsNewestLogIsMadeAnew) {
  for (const bool stops : {true, false}) {
    for (const bool empties : {true, false}) {
      SCOPED_TRACE(std::string(stops ? "stopped" : "killed") + (empties ? ", emptied" : ", removed"));
      Said said;
      Dead dead;
      for (int i = 0; i < 40; i++) {
        if (i % 10 == 0) dead.opened.open();  // so that meta has tables
        ASSERT_FALSE(dead.opened.put(1, 1, 1000));
      }
      storage::Store::Change change;
      change.puts["core/topic"] = "configuration";
      ASSERT_FALSE(dead.opened.journal->meta().commit(change));
      ASSERT_FALSE(dead.opened.put(1, 1, 1000));
      const auto before = dead.opened.all(1);
      stops ? dead.opened.stop() : dead.die();
      for (const auto& entry : fs::directory_iterator(dead.opened.options.data / "meta"))
        if (entry.path().extension() == ".log")
          empties ? replace(entry.path(), "") : (void)fs::remove(entry.path());
      dead.files.adopt();
      EXPECT_TRUE(
          names(problems_of(dead.files, dead.opened.options.data), dead.opened.options.data / "meta"));
      dead.opened.open();
      EXPECT_TRUE(dead.opened.journal->recovery().meta_rebuilt);
      EXPECT_TRUE(said.has("meta was made anew"));
      EXPECT_EQ(dead.opened.all(1), before);
      EXPECT_EQ(**dead.opened.journal->meta().get("core/topic"), "configuration");
    }
  }
}

// As when a copy of the directory broke off: meta comes after the journal.
TEST(Damage, ATruncatedSegmentIsToldWithoutMetaToo) {
  Dead dead;
  for (int i = 0; i < 10; i++) ASSERT_FALSE(dead.opened.put(1));
  dead.opened.stop();
  fs::remove_all(dead.opened.options.data / "meta");
  dead.reopen_with(dead.file(1), content(dead.file(1)).substr(0, 700));
  EXPECT_TRUE(dead.opened.journal->recovery().meta_rebuilt);
  EXPECT_EQ(dead.opened.journal->recovery().damaged, std::vector<PartitionNumber>{1});
  EXPECT_GE(dead.opened.journal->log(1)->end(), 10);
  EXPECT_FALSE(dead.read_error(1, 0));
}

// Nothing may be written there.
class ReadOnly final : public storage::FileSystem {
 public:
  Result<std::shared_ptr<storage::File>> open(const Path& path, Mode mode) override {
    if (mode != Mode::read) return refused();
    return storage::real_files().open(path, mode);
  }
  error_code remove(const Path&) override { return refused(); }
  error_code rename(const Path&, const Path&) override { return refused(); }
  error_code make_dir(const Path&) override { return refused(); }
  error_code sync_dir(const Path&) override { return refused(); }
  Result<std::vector<std::string>> list(const Path& dir) override { return storage::real_files().list(dir); }
  bool exists(const Path& path) override { return storage::real_files().exists(path); }
  Result<std::uint64_t> size(const Path& path) override { return storage::real_files().size(path); }
  Result<std::uint64_t> free_bytes(const Path& dir) override { return storage::real_files().free_bytes(dir); }

 private:
  static error_code refused() { return {EROFS, boost::system::system_category()}; }
};

TEST(Damage, IsLookedForWithoutTheRightToWrite) {
  SealedOnce sealed;
  const Path data = sealed.dead.opened.options.data;
  ReadOnly files;
  for (const bool locked : {true, false}) {
    if (!locked) fs::remove(data / "LOCK");
    const auto opened = storage::Inspection::open(files, data);
    ASSERT_TRUE(opened) << opened.error().message();
    const auto verified = (*opened)->verify();
    EXPECT_TRUE(verified.problems.empty());
    EXPECT_GT(verified.batches, 12u);
    EXPECT_TRUE((*opened)->partitions());
  }
  fs::remove(sealed.dead.file(1, ".ldb"));
  EXPECT_TRUE(names(problems_of(files, data), sealed.dead.file(1, ".ldb")));
  sealed.dead.opened.open();
  EXPECT_EQ(storage::Inspection::open(files, data).error(), Errc::in_use);
}

// ---------------------------------------------------------------------------------------------- anything

struct Harm {
  std::string name;
  std::function<void(const Path&)> do_it;
};

std::vector<Harm> harms(const Path& file, bool flips) {
  std::vector<Harm> all{{"removed", [](const Path& path) { fs::remove(path); }},
                        {"emptied", [](const Path& path) { fs::resize_file(path, 0); }}};
  const std::size_t size = fs::file_size(file);
  for (std::size_t at = 4096; at < size; at += 4096)
    all.push_back(
        {"truncated at " + std::to_string(at), [at](const Path& path) { fs::resize_file(path, at); }});
  for (std::size_t i = 0; flips && i < 12; i++) {
    const std::size_t at = std::min(size - 1, i < 4 ? i * 7 : i * size / 12);
    if (size > 0)
      all.push_back({"flipped at " + std::to_string(at), [at](const Path& path) {
                       auto bytes = content(path);
                       bytes[at] ^= 0x40;
                       replace(path, bytes);
                     }});
  }
  return all;
}

// A directory with segments of every kind, and what was acknowledged in it.
struct Directory {
  explicit Directory(bool stops) {
    storage::Store::Change change;
    change.puts["core/topic"] = "configuration";
    EXPECT_FALSE(dead.opened.journal->meta().commit(change));
    for (int i = 0; i < 3; i++) dead.opened.open();  // so that meta has tables
    for (int i = 0; i < 40; i++) put(1, 300), put(2, 300);
    for (int i = 0; i < 12; i++) put(1, 300), put(3, 5000);
    run_until(dead.opened.loop,
              [&] { return fs::exists(dead.file(2, ".ldb")) && !fs::exists(dead.file(1)); });
    for (int i = 0; i < 5; i++) put(2, 300);
    stops ? dead.opened.stop() : dead.die();
  }
  void put(PartitionNumber partition, std::size_t size) {
    const auto log = dead.opened.journal->log(partition);
    const Batch batch = make_batch(log->end(), 1, size);
    EXPECT_FALSE(append_to(dead.opened.loop, *log, batch));
    acknowledged[partition].emplace_back(reinterpret_cast<const char*>(batch.memory.get()), batch.size);
  }

  Dead dead{24 << 10};
  std::map<PartitionNumber, std::vector<std::string>> acknowledged;
};

// Offset by offset: what was acknowledged, or an error. Returns how many were lost.
std::size_t read_back(Opened& opened, PartitionNumber partition, const std::vector<std::string>& batches) {
  std::size_t lost = 0;
  const auto log = opened.journal->log(partition);
  EXPECT_GE(log->end(), static_cast<Offset>(batches.size())) << "partition " << partition;
  EXPECT_EQ(log->start(), 0);
  for (std::size_t offset = 0; offset < batches.size(); offset++) {
    const auto read = wait_for(opened.loop, log->read(static_cast<Offset>(offset), 1));
    const auto bytes = read ? storage::gather(*read) : read.error();
    const std::string got = bytes ? std::string(storage::text_of(*bytes)) : "";
    if (got == batches[offset]) continue;
    lost++;
    const bool rotten = bytes && got.size() == batches[offset].size() && !storage::valid_batch(*bytes);
    EXPECT_TRUE(!bytes || rotten) << "partition " << partition << ", offset " << offset << " is passed over";
  }
  return lost;
}

TEST(Damage, OfAnyFileIsToldOrMadeGoodAndNeverSilent) {
  for (const bool stops : {true, false}) {
    const Directory whole(stops);
    const Path data = whole.dead.opened.options.data;
    for (const auto& entry : fs::recursive_directory_iterator(data)) {
      if (!entry.is_regular_file()) continue;
      for (const Harm& harm : harms(entry.path(), stops)) {
        SCOPED_TRACE(std::string(stops ? "stopped: " : "killed: ") + entry.path().string() + " " + harm.name);
        TempDir copy(TempDir::in_memory());
        fs::copy(data, copy / "data", fs::copy_options::recursive);
        harm.do_it(copy.path() / fs::relative(entry.path(), data.parent_path()));
        const auto problems = problems_of(storage::real_files(), copy / "data");
        Said said;
        Opened opened(storage::real_files(), copy.path());
        opened.options.segment_bytes_min = opened.options.segment_bytes_max = 24 << 10;
        opened.options.tail_bytes = 0;
        if (opened.try_open()) {
          EXPECT_TRUE(said.has(entry.path().filename().string()) || said.has("meta"));
          continue;
        }
        std::size_t lost = 0;
        for (const auto& [partition, batches] : whole.acknowledged)
          lost += read_back(opened, partition, batches);
        EXPECT_TRUE(lost == 0 || !problems.empty());
        EXPECT_TRUE(lost == 0 || said.damage() || harm.name.starts_with("flipped"));  // in a payload
        EXPECT_EQ(**opened.journal->meta().get("core/topic"), "configuration");
        for (const PartitionNumber partition : {1, 2, 3}) {
          EXPECT_FALSE(opened.put(partition));
        }
        opened.close();
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace mq::test
