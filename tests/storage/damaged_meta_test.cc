// SPDX-License-Identifier: Apache-2.0
// `meta`, harmed or missing while no broker ran; and a look without the right to write.
#include "storage/error.h"
#include "tests/storage/support/damage.h"
#include "tests/storage/support/said.h"

namespace mq::test {
namespace {

namespace fs = std::filesystem;
using storage::Errc;
using storage::PartitionNumber;
using storage::Path;

TEST(DamagedMeta, AMetaThatLostItsNewestLogIsMadeAnew) {
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
TEST(DamagedMeta, ATruncatedSegmentIsToldWithoutMetaToo) {
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

TEST(DamagedMeta, IsLookedForWithoutTheRightToWrite) {
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

// Either alone is made anew; so are both.
TEST(DamagedMeta, ComesBackWholeWithoutATableWhoseSegmentIsThere) {
  for (const std::uint32_t segment : {1u, 2u, 3u}) {
    for (const bool is_cut : {false, true}) {
      SCOPED_TRACE("table " + std::to_string(segment) + (is_cut ? ", cut" : ", missing"));
      Dead dead(1 << 20);
      give_partitions(dead.opened, 2);
      for (int i = 0; i < 4; i++) {
        for (int batch = 0; batch < 5; batch++) {
          ASSERT_FALSE(dead.opened.put(1, 2, 300));
          ASSERT_FALSE(dead.opened.put(2, 1, 6000));
        }
        ASSERT_FALSE(wait_for(dead.opened.loop, dead.opened.journal->rewriter().roll()));
      }
      ASSERT_FALSE(dead.opened.put(1, 1, 300));
      const auto first = dead.opened.all(1), second = dead.opened.all(2);
      dead.opened.stop();
      std::filesystem::remove_all(dead.opened.options.data / "meta");
      const storage::Path table = dead.file(segment, ".ldb");
      if (is_cut)
        replace(table, content(table).substr(0, 2000));
      else
        std::filesystem::remove(table);
      dead.reopen();
      EXPECT_TRUE(dead.opened.journal->recovery().meta_rebuilt);
      EXPECT_EQ(dead.opened.journal->log(1)->start(), 0);
      EXPECT_EQ(dead.opened.all(1), first);
      EXPECT_EQ(dead.opened.all(2), second);
      EXPECT_TRUE(dead.opened.journal->recovery().damaged.empty());
    }
  }
}

}  // namespace
}  // namespace mq::test
