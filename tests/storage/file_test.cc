// SPDX-License-Identifier: Apache-2.0
// The contract of FileSystem, on the operating system's and on the one whose power can be cut.
#include "storage/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/support/power_cut.h"
#include "tests/support/temp_dir.h"

namespace mq::storage {
namespace {

using Mode = FileSystem::Mode;

std::shared_ptr<File> create(FileSystem& files, const Path& path, const std::string& text = {}) {
  auto file = files.open(path, Mode::create).value();
  const iovec piece{const_cast<char*>(text.data()), text.size()};
  EXPECT_FALSE(file->write({&piece, 1}, 0));
  return file;
}

std::string text_of(File& file, std::size_t size_max = 1 << 20) {
  std::string text(size_max, '?');
  text.resize(file.read(std::as_writable_bytes(std::span(text)), 0).value());
  return text;
}

class Files : public testing::TestWithParam<const char*> {
 protected:
  test::TempDir dir_;
  std::unique_ptr<test::PowerCut> power_cut_ = std::make_unique<test::PowerCut>(dir_.path());
  FileSystem& files_ = GetParam() == std::string("real") ? real_files() : *power_cut_;
};
INSTANTIATE_TEST_SUITE_P(, Files, testing::Values("real", "power_cut"),
                         [](const auto& about) { return about.param; });

TEST_P(Files, OpenToReadOrWriteNeedsTheFileAndCreateEmptiesIt) {
  EXPECT_EQ(files_.open(dir_ / "a", Mode::read).error(), boost::system::errc::no_such_file_or_directory);
  EXPECT_EQ(files_.open(dir_ / "a", Mode::write).error(), boost::system::errc::no_such_file_or_directory);
  create(files_, dir_ / "a", "text");
  EXPECT_EQ(text_of(*files_.open(dir_ / "a", Mode::read).value()), "text");
  EXPECT_EQ(text_of(*files_.open(dir_ / "a", Mode::write).value()), "text");
  EXPECT_EQ(text_of(*files_.open(dir_ / "a", Mode::create).value()), "");
}

TEST_P(Files, WriteTakesMorePiecesThanTheKernelDoesAtOnce) {
  const auto file = files_.open(dir_ / "a", Mode::create).value();
  std::string text;
  for (int i = 0; i < 5000; ++i) text += static_cast<char>('a' + i % 26);
  std::vector<iovec> pieces;
  for (std::size_t at = 0; at < text.size(); ++at) pieces.push_back({text.data() + at, at % 7 ? 1u : 0u});
  std::string expected = "..";
  for (std::size_t at = 0; at < text.size(); ++at)
    if (at % 7) expected += text[at];

  const iovec dots{const_cast<char*>(".."), 2};
  ASSERT_FALSE(file->write({&dots, 1}, 0));
  ASSERT_FALSE(file->write(pieces, 2));
  EXPECT_EQ(text_of(*file), expected);
}

TEST_P(Files, WriteBeyondTheEndLeavesZerosBetween) {
  const auto file = create(files_, dir_ / "a", "ab");
  const iovec piece{const_cast<char*>("cd"), 2};
  ASSERT_FALSE(file->write({&piece, 1}, 4));
  EXPECT_EQ(text_of(*file), std::string("ab\0\0cd", 6));
}

TEST_P(Files, ReadIsShortOnlyAtTheEnd) {
  const auto file = create(files_, dir_ / "a", "0123456789");
  std::string text(4, '?');
  EXPECT_EQ(file->read(std::as_writable_bytes(std::span(text)), 3).value(), 4u);
  EXPECT_EQ(text, "3456");
  EXPECT_EQ(file->read(std::as_writable_bytes(std::span(text)), 8).value(), 2u);
  EXPECT_EQ(file->read(std::as_writable_bytes(std::span(text)), 10).value(), 0u);
}

TEST_P(Files, ReadCachedSeesWhatWasJustWrittenOrSaysThatItWouldWait) {
  const auto file = create(files_, dir_ / "a", "0123456789");
  std::string text(4, '?');
  const auto got = file->read_cached(std::as_writable_bytes(std::span(text)), 3);
  if (got) {
    EXPECT_EQ(*got, 4u);
    EXPECT_EQ(text, "3456");
  } else {
    EXPECT_EQ(got.error(), boost::system::errc::operation_would_block);
  }
}

TEST_P(Files, AllocateGrowsWithZerosAndKeepsWhatIsThere) {
  const auto file = create(files_, dir_ / "a", "head");
  ASSERT_FALSE(file->allocate(100'000));
  EXPECT_EQ(file->size().value(), 100'000u);
  EXPECT_EQ(text_of(*file), "head" + std::string(99'996, '\0'));
  ASSERT_FALSE(file->allocate(10));
  EXPECT_EQ(file->size().value(), 100'000u);
}

TEST_P(Files, ResizeCutsAndGrows) {
  const auto file = create(files_, dir_ / "a", "0123456789");
  ASSERT_FALSE(file->resize(3));
  ASSERT_FALSE(file->resize(5));
  EXPECT_EQ(text_of(*file), std::string("012\0\0", 5));
}

TEST_P(Files, ARenamedFileReplacesAndAnUnlinkedOneIsReadWhileItIsOpen) {
  create(files_, dir_ / "a", "new");
  create(files_, dir_ / "b", "old");
  ASSERT_FALSE(files_.rename(dir_ / "a", dir_ / "b"));
  EXPECT_FALSE(files_.exists(dir_ / "a"));
  const auto file = files_.open(dir_ / "b", Mode::read).value();
  ASSERT_FALSE(files_.remove(dir_ / "b"));
  EXPECT_FALSE(files_.exists(dir_ / "b"));
  EXPECT_EQ(text_of(*file), "new");
  EXPECT_EQ(files_.remove(dir_ / "b"), boost::system::errc::no_such_file_or_directory);
}

TEST_P(Files, MakeDirIsContentWithOneThatExistsButNotWithAFile) {
  EXPECT_FALSE(files_.make_dir(dir_ / "d"));
  EXPECT_FALSE(files_.make_dir(dir_ / "d"));
  EXPECT_FALSE(files_.sync_dir(dir_.path()));
  create(files_, dir_ / "f");
  EXPECT_EQ(files_.make_dir(dir_ / "f"), boost::system::errc::file_exists);
  EXPECT_EQ(files_.sync_dir(dir_ / "no"), boost::system::errc::no_such_file_or_directory);
}

TEST_P(Files, ListNamesFilesAndDirectoriesInOrder) {
  create(files_, dir_ / "b");
  create(files_, dir_ / "a");
  ASSERT_FALSE(files_.make_dir(dir_ / "c"));
  EXPECT_EQ(files_.list(dir_.path()).value(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_FALSE(files_.list(dir_ / "no"));
}

TEST_P(Files, FreeBytesAreThoseOfTheDisk) {
  EXPECT_GT(files_.free_bytes(dir_.path()).value(), 0u);
}

TEST(RealFiles, AWriteThatTheDiskTakesOnlyPartOfIsAnError) {
  test::TempDir dir;
  const auto file = create(real_files(), dir / "a");
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit;
  ::getrlimit(RLIMIT_FSIZE, &old_limit);
  const rlimit small{1000, old_limit.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string text(1500, 'x');
  const iovec piece{text.data(), text.size()};
  const error_code failed = file->write({&piece, 1}, 0);
  ::setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(failed, boost::system::errc::file_too_large);
  EXPECT_EQ(file->size().value(), 1000u);
}

TEST(RealFiles, ADirectoryOfARelativePathWithoutParentIsTheCurrentOne) {
  EXPECT_FALSE(real_files().sync_dir(""));
}

}  // namespace
}  // namespace mq::storage
