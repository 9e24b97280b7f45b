// SPDX-License-Identifier: Apache-2.0
#include "cli/data_directory.h"

#include <gmock/gmock.h>

#include <fstream>

#include "net/kafka/crc32c.h"
#include "tests/cli/support/streams.h"
#include "tests/support/temp_dir.h"

namespace mq::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// The process's own, for the time of a test.
struct CurrentDirectory {
  explicit CurrentDirectory(const fs::path& path) : before(fs::current_path()) { fs::current_path(path); }
  ~CurrentDirectory() { fs::current_path(before); }
  fs::path before;
};

TEST(DataDirectory, ThatIsNotThereYetIsMadeInTheClosestOneThatIs) {
  const test::TempDir dir;
  for (const char* name : {"new", "new/", "new/below/it"}) {
    const DataDirectory data = look_at_data(dir.path() / name);
    EXPECT_FALSE(data.exists) << name;
    EXPECT_TRUE(data.writable) << name;
    EXPECT_EQ(data.unfit, "") << name;
    EXPECT_EQ(data.nearest, dir.path()) << name;
    EXPECT_GT(data.all_bytes, 0u) << name;
  }
  EXPECT_TRUE(look_at_data(dir.path()).exists);
  EXPECT_TRUE(look_at_data(dir.path() / "").exists);
}

TEST(DataDirectory, MayBeRelative) {
  const test::TempDir dir;
  const CurrentDirectory current(dir.path());
  const DataDirectory data = look_at_data("d-new");
  EXPECT_FALSE(data.exists);
  EXPECT_TRUE(data.writable);
  EXPECT_TRUE(fs::equivalent(data.nearest, dir.path()));
  EXPECT_TRUE(look_at_data(".").exists);
  Streams streams;
  EXPECT_EQ(run(streams.context, {"serve", "--data", "d-new", "--listen", "127.0.0.1:0", "--check"}),
            Exit::ok);
  EXPECT_THAT(streams.out(), HasSubstr("d-new (will be created), "));
  EXPECT_FALSE(fs::exists("d-new"));
}

TEST(DataDirectory, CannotLieInAFileOrWhereNoFilesAreKept) {
  const test::TempDir dir;
  std::ofstream(dir.path() / "file") << "x";
  EXPECT_THAT(look_at_data(dir.path() / "file" / "data").unfit, HasSubstr("file is not a directory"));
  EXPECT_THAT(look_at_data(dir.path() / "file").unfit, HasSubstr("is not a directory"));
  EXPECT_THAT(look_at_data("/proc/data").unfit, HasSubstr("keeps no files"));
  Streams streams;
  EXPECT_EQ(run(streams.context, {"serve", "--data", "/proc/data", "--listen", "127.0.0.1:0", "--check"}),
            Exit::condition);
  EXPECT_THAT(streams.out(), HasSubstr("✗ data"));
  Streams doctor;
  EXPECT_EQ(run(doctor.context, {"doctor", "--host", "--data", "/proc/data"}), Exit::condition);
}

TEST(DataDirectory, ThatIsNotThereIsDoubtfulForTheDoctor) {
  const test::TempDir dir;
  Streams streams;
  run(streams.context, {"doctor", "--host", "--data", (dir.path() / "nothing").string(), "-o", "jsonl"});
  EXPECT_THAT(streams.out(), HasSubstr("does not exist"));
}

TEST(DataDirectory, OfALaterVersionIsNotApprovedByWhoWouldNotStartOnIt) {
  const test::TempDir dir;
  const std::string json = R"({"format":99,"cluster_id":"x","node_id":1,"directory_id":"y"})";
  std::ofstream(dir.path() / "node.json") << json << "\n"
                                          << kafka::crc32c(std::as_bytes(std::span(json))) << "\n";
  Streams streams;
  EXPECT_EQ(
      run(streams.context, {"serve", "--data", dir.path().string(), "--listen", "127.0.0.1:0", "--check"}),
      Exit::condition);
  EXPECT_THAT(streams.out(), HasSubstr("newer version"));
}

}  // namespace
}  // namespace mq::cli
