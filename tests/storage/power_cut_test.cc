// SPDX-License-Identifier: Apache-2.0
// What a disk may forget, so that the tests which lean on it mean something.
#include "tests/support/power_cut.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace mq::test {
namespace {

using storage::File;
using Mode = storage::FileSystem::Mode;
using Call = PowerCut::Call;
using Loss = PowerCut::Loss;

class PowerCutTest : public testing::Test {
 protected:
  std::shared_ptr<File> create(const Path& name, const std::string& text = {}) {
    auto file = files_.open(dir_ / name, Mode::create).value();
    EXPECT_FALSE(write(*file, text));
    return file;
  }

  static error_code write(File& file, const std::string& text, std::uint64_t at = 0) {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    return file.write({&piece, 1}, at);
  }

  std::string text_of(const Path& name) {
    const auto file = files_.open(dir_ / name, Mode::read);
    if (!file) return "no file";
    std::string text((*file)->size().value(), '?');
    (void)(*file)->read(std::as_writable_bytes(std::span(text)), 0);
    return text;
  }

  void reboot(Loss loss = Loss::all, std::uint64_t seed = 0) {
    files_.cut();
    files_.reboot(loss, seed);
  }

  TempDir dir_;
  PowerCut files_{dir_.path()};
};

TEST_F(PowerCutTest, AFileWhoseDirectoryWasNotSyncedIsGone) {
  ASSERT_FALSE(create("a", "text")->sync());
  reboot();
  EXPECT_EQ(text_of("a"), "no file");
}

TEST_F(PowerCutTest, AFileThatWasNotSyncedIsEmptyThoughItsNameIsDurable) {
  create("a", "text");
  ASSERT_FALSE(files_.sync_dir(dir_.path()));
  reboot();
  EXPECT_EQ(text_of("a"), "");
}

TEST_F(PowerCutTest, WhatWasSyncedStaysAndWhatCameAfterGoes) {
  const auto file = create("a", "0123456789");
  ASSERT_FALSE(file->sync());
  ASSERT_FALSE(files_.sync_dir(dir_.path()));
  ASSERT_FALSE(write(*file, "xx", 4));
  ASSERT_FALSE(write(*file, "xx", 20));
  EXPECT_EQ(text_of("a").size(), 22u);
  reboot();
  EXPECT_EQ(text_of("a"), "0123456789");
}

TEST_F(PowerCutTest, ShrinkingAndGrowingAgainLeavesZerosWhenSynced) {
  const auto file = create("a", "0123456789");
  ASSERT_FALSE(file->sync());
  ASSERT_FALSE(files_.sync_dir(dir_.path()));
  ASSERT_FALSE(file->resize(4));
  ASSERT_FALSE(file->allocate(8));
  reboot();
  EXPECT_EQ(text_of("a"), "0123456789");

  const auto again = files_.open(dir_ / "a", Mode::write).value();
  ASSERT_FALSE(again->resize(4));
  ASSERT_FALSE(again->allocate(8));
  ASSERT_FALSE(again->sync());
  reboot();
  EXPECT_EQ(text_of("a"), std::string("0123\0\0\0\0", 8));
}

TEST_F(PowerCutTest, RenamesAndRemovalsComeBackUntilTheirDirectoryIsSynced) {
  ASSERT_FALSE(create("a", "a")->sync());
  ASSERT_FALSE(create("b", "b")->sync());
  ASSERT_FALSE(files_.sync_dir(dir_.path()));
  ASSERT_FALSE(files_.rename(dir_ / "a", dir_ / "c"));
  ASSERT_FALSE(files_.remove(dir_ / "b"));
  reboot();
  EXPECT_EQ(files_.list(dir_.path()).value(), (std::vector<std::string>{"a", "b"}));

  ASSERT_FALSE(files_.rename(dir_ / "a", dir_ / "b"));
  ASSERT_FALSE(files_.sync_dir(dir_.path()));
  reboot();
  EXPECT_EQ(files_.list(dir_.path()).value(), (std::vector<std::string>{"b"}));
  EXPECT_EQ(text_of("b"), "a");
}

TEST_F(PowerCutTest, ADirectoryMovesWithEverythingInIt) {
  ASSERT_FALSE(files_.make_dir(dir_ / "old"));
  ASSERT_FALSE(files_.sync_dir(dir_.path()));
  ASSERT_FALSE(create("old/a", "text")->sync());
  ASSERT_FALSE(files_.sync_dir(dir_ / "old"));
  ASSERT_FALSE(files_.rename(dir_ / "old", dir_ / "new"));
  ASSERT_FALSE(create("new/b", "text")->sync());
  ASSERT_FALSE(files_.sync_dir(dir_.path()));
  reboot();
  EXPECT_EQ(text_of("new/a"), "text");
  EXPECT_EQ(text_of("new/b"), "no file");
  EXPECT_EQ(text_of("old/a"), "no file");
}

TEST_F(PowerCutTest, WhatIsInADirectoryNeedsItsOwnNameToo) {
  ASSERT_FALSE(files_.make_dir(dir_ / "d"));
  ASSERT_FALSE(create("d/a", "text")->sync());
  ASSERT_FALSE(files_.sync_dir(dir_ / "d"));
  reboot();
  EXPECT_FALSE(files_.exists(dir_ / "d"));
}

TEST_F(PowerCutTest, RandomLossTearsWhatWasNotSyncedAndNothingElse) {
  bool torn = false, all = false, none = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto file = create("a", std::string(8192, 'a'));
    ASSERT_FALSE(file->sync());
    ASSERT_FALSE(files_.sync_dir(dir_.path()));
    ASSERT_FALSE(write(*file, std::string(8192, 'b'), 4096));
    reboot(Loss::random, seed);

    const std::string text = text_of("a");
    ASSERT_GE(text.size(), 8192u);
    EXPECT_EQ(text.substr(0, 4096), std::string(4096, 'a'));
    const auto news = std::count(text.begin(), text.end(), 'b');
    all |= news == 8192;
    none |= news == 0;
    torn |= news > 0 && news < 8192;
  }
  EXPECT_TRUE(torn && all && none);
}

TEST_F(PowerCutTest, AfterACutNothingWorksAndOldFilesNeverAgain) {
  const auto file = create("a", "text");
  files_.cut();
  std::byte byte;
  EXPECT_TRUE(write(*file, "x"));
  EXPECT_TRUE(file->sync());
  EXPECT_FALSE(file->read({&byte, 1}, 0));
  EXPECT_FALSE(files_.open(dir_ / "a", Mode::read));
  EXPECT_TRUE(files_.sync_dir(dir_.path()));
  files_.reboot(Loss::none);
  EXPECT_EQ(text_of("a"), "text");
  EXPECT_TRUE(write(*file, "x"));
}

TEST_F(PowerCutTest, CutAtTheNthChangeLeavesThatOneInDoubt) {
  const auto file = create("a");
  ASSERT_FALSE(file->sync());
  ASSERT_FALSE(files_.sync_dir(dir_.path()));
  files_.cut_at(2);
  EXPECT_FALSE(write(*file, "0"));
  EXPECT_TRUE(write(*file, "1", 1));
  EXPECT_TRUE(files_.is_cut());
  files_.reboot(Loss::none);
  EXPECT_EQ(text_of("a"), "01");
}

TEST_F(PowerCutTest, AFailedSyncLosesItsPagesAndTheNextOneSaysYes) {
  const auto file = create("a");
  ASSERT_FALSE(files_.sync_dir(dir_.path()));
  ASSERT_FALSE(write(*file, "text"));
  files_.inject({Call::sync, 1, EIO, "a"});
  EXPECT_EQ(file->sync(), boost::system::errc::io_error);
  EXPECT_FALSE(file->sync());
  EXPECT_EQ(text_of("a"), "text");
  reboot();
  EXPECT_EQ(text_of("a"), std::string(4, '\0'));
}

TEST_F(PowerCutTest, AFaultHitsTheNthCallOfItsKindOnItsPath) {
  const auto a = create("a"), b = create("the-other");  // a word that no random directory name holds
  files_.inject({Call::write, 2, ENOSPC, "the-other"});
  EXPECT_FALSE(write(*b, "1"));
  EXPECT_FALSE(write(*a, "1"));
  EXPECT_EQ(write(*b, "2345", 1), boost::system::errc::no_space_on_device);
  EXPECT_EQ(text_of("the-other"), "123");
  EXPECT_FALSE(write(*b, "4"));

  files_.inject({Call::write, 1, ENOSPC, "", true});
  EXPECT_TRUE(write(*a, "1"));
  EXPECT_TRUE(write(*b, "1"));
  files_.heal();
  EXPECT_FALSE(write(*a, "1"));
}

TEST_F(PowerCutTest, AWatcherSeesEachCallBeforeItHappens) {
  std::vector<std::string> seen;
  files_.watch([&](Call call, const Path& path) {
    if (call == Call::sync) seen.push_back(path.filename());
  });
  ASSERT_FALSE(create("a")->sync());
  EXPECT_EQ(seen, std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace mq::test
