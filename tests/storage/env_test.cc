// SPDX-License-Identifier: Apache-2.0
// LevelDB on our Env, with the power cut at every write, and each of the gaps of LevelDB's own Env by itself.
#include "storage/env.h"

#include <gtest/gtest.h>
#include <leveldb/db.h>

#include "tests/support/power_cut.h"
#include "tests/support/temp_dir.h"

namespace mq::storage {
namespace {

using leveldb::Status;
using test::PowerCut;

std::string key(int number) {
  return "k" + std::to_string(100'000 + number);
}

struct Silence final : leveldb::Logger {
  void Logv(const char*, std::va_list) override {}
};

class EnvTest : public testing::Test {
 protected:
  void reset() {
    env_ = make_env(files_);
    (void)files_.make_dir(db_dir());
    (void)files_.sync_dir(dir_.path());
  }

  Path db_dir() const { return dir_ / "db"; }

  std::unique_ptr<leveldb::DB> open() {
    leveldb::Options options;
    options.create_if_missing = true;
    options.paranoid_checks = true;
    options.write_buffer_size = 64 << 10;
    options.info_log = &silence_;
    options.env = env_.get();
    leveldb::DB* db = nullptr;
    opened_ = leveldb::DB::Open(options, db_dir().string(), &db);
    return std::unique_ptr<leveldb::DB>(db);
  }

  static Status put(leveldb::DB& db, int number, bool sync = true) {
    leveldb::WriteOptions options;
    options.sync = sync;
    return db.Put(options, key(number), std::string(1000, 'x'));
  }

  static bool has(leveldb::DB& db, int number) {
    std::string value;
    return db.Get({}, key(number), &value).ok();
  }

  test::TempDir dir_{test::TempDir::in_memory()};
  PowerCut files_{dir_.path()};
  std::unique_ptr<leveldb::Env> env_ = make_env(files_);
  Silence silence_;
  Status opened_;
};

// LevelDB switches to a new log without syncing the old one, and acknowledges what it syncs in the new one.
TEST_F(EnvTest, ASyncCoversEveryPutBeforeItWhereverThePowerIsCut) {
  constexpr int puts = 300, sync_every = 40;  // a log holds about 60
  bool finished = false;
  for (std::uint64_t at = 1; !finished; at += 3) {
    SCOPED_TRACE("cut at change " + std::to_string(at));
    test::TempDir dir(test::TempDir::in_memory());
    PowerCut files(dir.path());
    auto env = make_env(files);
    leveldb::Options options;
    options.create_if_missing = true;
    options.paranoid_checks = true;
    options.write_buffer_size = 64 << 10;
    options.info_log = &silence_;
    options.env = env.get();
    leveldb::DB* opened = nullptr;
    files.cut_at(at);
    (void)files.make_dir(dir / "db");
    (void)files.sync_dir(dir.path());
    int covered = 0;
    if (leveldb::DB::Open(options, (dir / "db").string(), &opened).ok()) {
      const std::unique_ptr<leveldb::DB> db(opened);
      for (int i = 0; i < puts; ++i) {
        const bool sync = (i + 1) % sync_every == 0;
        if (!put(*db, i, sync).ok()) break;
        if (sync) covered = i + 1;
      }
    }
    finished = !files.is_cut();
    files.cut();
    files.reboot();

    env = make_env(files);
    options.env = env.get();
    ASSERT_TRUE(leveldb::DB::Open(options, (dir / "db").string(), &opened).ok());
    const std::unique_ptr<leveldb::DB> db(opened);
    int end = 0;
    while (end < puts && has(*db, end)) ++end;
    EXPECT_GE(end, covered) << "lost what was acknowledged";
    for (int i = end; i < puts; ++i) EXPECT_FALSE(has(*db, i)) << "a hole at " << end;
  }
}

// LevelDB forgets that an append to its log failed, and goes on where a reader will not look.
TEST_F(EnvTest, AfterAShortWriteTheLogTakesNothing) {
  reset();
  auto db = open();
  ASSERT_TRUE(opened_.ok()) << opened_.ToString();
  ASSERT_TRUE(put(*db, 0).ok());
  files_.inject({PowerCut::Call::write, 1, ENOSPC, ".log"});
  EXPECT_FALSE(put(*db, 1).ok());
  EXPECT_FALSE(put(*db, 2).ok());
  db.reset();
  reset();
  db = open();
  ASSERT_TRUE(opened_.ok()) << opened_.ToString();
  EXPECT_TRUE(has(*db, 0));
  EXPECT_FALSE(has(*db, 1));
  EXPECT_FALSE(has(*db, 2));
}

TEST_F(EnvTest, AFailedSyncIsNotTriedAgain) {
  reset();
  auto db = open();
  ASSERT_TRUE(put(*db, 0).ok());
  files_.inject({PowerCut::Call::sync, 1, EIO, ".log"});
  EXPECT_FALSE(put(*db, 1).ok());
  EXPECT_FALSE(put(*db, 2).ok());
  db.reset();
  files_.cut();
  files_.reboot();
  reset();
  db = open();
  ASSERT_TRUE(opened_.ok()) << opened_.ToString();
  EXPECT_TRUE(has(*db, 0));
  EXPECT_FALSE(has(*db, 2));
}

TEST_F(EnvTest, AFileThatCouldNotBeSyncedIsNotSyncedLater) {
  reset();
  leveldb::WritableFile* opened = nullptr;
  ASSERT_TRUE(env_->NewWritableFile((db_dir() / "1.ldb").string(), &opened).ok());
  const std::unique_ptr<leveldb::WritableFile> file(opened);
  ASSERT_TRUE(file->Append("text").ok());
  files_.inject({PowerCut::Call::sync, 1, EIO, "1.ldb"});
  EXPECT_FALSE(file->Sync().ok());
  EXPECT_FALSE(file->Sync().ok());  // the kernel would say yes
  EXPECT_FALSE(file->Append("more").ok());
}

// The old log is deleted without a question; that its sync failed must not stay unknown.
TEST_F(EnvTest, ALongFileIsWrittenOutWhileItGrows) {
  leveldb::WritableFile* opened = nullptr;
  ASSERT_TRUE(env_->NewWritableFile((dir_ / "long.ldb").string(), &opened).ok());
  const std::unique_ptr<leveldb::WritableFile> file(opened);
  const std::string part(Trickle::part_bytes / 8, 'x');
  for (int i = 0; i < 7; i++) ASSERT_TRUE(file->Append(part).ok());
  EXPECT_EQ(files_.calls(PowerCut::Call::write_out), 0u);
  for (int i = 0; i < 18; i++) ASSERT_TRUE(file->Append(part).ok());
  EXPECT_EQ(files_.calls(PowerCut::Call::write_out), 3u);
}

TEST_F(EnvTest, AFileThatCouldNotBeWrittenOutIsNotSyncedLater) {
  leveldb::WritableFile* opened = nullptr;
  ASSERT_TRUE(env_->NewWritableFile((dir_ / "long.ldb").string(), &opened).ok());
  const std::unique_ptr<leveldb::WritableFile> file(opened);
  files_.inject({.call = PowerCut::Call::write_out});
  EXPECT_FALSE(file->Append(std::string(Trickle::part_bytes, 'x')).ok());
  EXPECT_FALSE(file->Append("more").ok());
  EXPECT_FALSE(file->Sync().ok());
}

TEST_F(EnvTest, WhenALogCannotBeSyncedAtItsEndNothingAfterItIsAcknowledged) {
  reset();
  auto db = open();
  files_.inject({PowerCut::Call::sync, 1, EIO, ".log"});
  bool acknowledged = false;
  for (int i = 0; i < 100; ++i) (void)put(*db, i, false);
  for (int i = 100; i < 200; ++i) acknowledged |= put(*db, i, true).ok();
  EXPECT_FALSE(acknowledged);
}

TEST_F(EnvTest, ARenameIsDurableWhenItReturns) {
  reset();
  ASSERT_TRUE(leveldb::WriteStringToFile(env_.get(), "old", (db_dir() / "CURRENT").string()).ok());
  leveldb::WritableFile* opened = nullptr;
  ASSERT_TRUE(env_->NewWritableFile((db_dir() / "1.dbtmp").string(), &opened).ok());
  std::unique_ptr<leveldb::WritableFile> file(opened);
  ASSERT_TRUE(file->Append("new").ok());
  ASSERT_TRUE(file->Sync().ok());
  file.reset();
  ASSERT_TRUE(env_->RenameFile((db_dir() / "1.dbtmp").string(), (db_dir() / "CURRENT").string()).ok());
  files_.cut();
  files_.reboot();
  std::string text;
  ASSERT_TRUE(leveldb::ReadFileToString(env_.get(), (db_dir() / "CURRENT").string(), &text).ok());
  EXPECT_EQ(text, "new");
}

TEST_F(EnvTest, ASyncedFileKeepsItsName) {
  reset();
  leveldb::WritableFile* opened = nullptr;
  ASSERT_TRUE(env_->NewWritableFile((db_dir() / "1.ldb").string(), &opened).ok());
  std::unique_ptr<leveldb::WritableFile> file(opened);
  ASSERT_TRUE(file->Append(std::string(200'000, 'x')).ok());
  ASSERT_TRUE(file->Append("end").ok());
  ASSERT_TRUE(file->Sync().ok());
  files_.cut();
  files_.reboot();
  std::string text;
  ASSERT_TRUE(leveldb::ReadFileToString(env_.get(), (db_dir() / "1.ldb").string(), &text).ok());
  EXPECT_EQ(text, std::string(200'000, 'x') + "end");
}

TEST_F(EnvTest, WhenADirectoryCannotBeSyncedItTakesNothingMore) {
  reset();
  auto db = open();
  ASSERT_TRUE(put(*db, 0).ok());
  leveldb::WritableFile* opened = nullptr;
  ASSERT_TRUE(env_->NewWritableFile((db_dir() / "x").string(), &opened).ok());
  const std::unique_ptr<leveldb::WritableFile> file(opened);
  files_.inject({PowerCut::Call::sync_dir, 1, EIO});
  EXPECT_FALSE(file->Sync().ok());
  EXPECT_FALSE(put(*db, 1).ok());
}

TEST_F(EnvTest, MissingFilesAreNotFoundAndOtherErrorsAreNot) {
  reset();
  leveldb::SequentialFile* file = nullptr;
  EXPECT_TRUE(env_->NewSequentialFile((db_dir() / "no").string(), &file).IsNotFound());
  files_.inject({PowerCut::Call::open, 1, EACCES});
  EXPECT_TRUE(env_->NewSequentialFile((db_dir() / "no").string(), &file).IsIOError());
  std::uint64_t size = 1;
  EXPECT_TRUE(env_->GetFileSize((db_dir() / "no").string(), &size).IsNotFound());
  EXPECT_EQ(size, 0u);
}

TEST_F(EnvTest, OneProcessDoesNotOpenADatabaseTwice) {
  reset();
  auto db = open();
  ASSERT_TRUE(opened_.ok());
  EXPECT_FALSE(open());
  db.reset();
  EXPECT_TRUE(open());
}

}  // namespace
}  // namespace mq::storage
