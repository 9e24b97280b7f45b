// SPDX-License-Identifier: Apache-2.0
#include "core/broker/identity.h"

#include <gmock/gmock.h>

#include <fstream>

#include "core/error.h"
#include "net/kafka/crc32c.h"
#include "tests/support/temp_dir.h"

namespace mq::core {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

struct IdentityTest : testing::Test {
  Identity identify_again(std::optional<std::int32_t> node_id = {}) {
    return identify(storage::real_files(), real_clock(), dir.path(), *meta, node_id);
  }
  std::string damage() { return node_json_damage(storage::real_files(), dir.path(), meta.get()); }

  test::TempDir dir;
  fs::path node_json = dir / "node.json";
  std::unique_ptr<storage::Store> meta = storage::Store::open(storage::real_files(), dir / "meta").value();
};

TEST_F(IdentityTest, IsWrittenAnewFromItsCopyWhenItsFileIsMissingOrDamaged) {
  const Identity before = identify_again(7);
  EXPECT_THAT(damage(), IsEmpty());
  for (const char* text : {"", "{}", "missing"}) {
    if (std::string_view(text) == "missing")
      fs::remove(node_json);
    else
      std::ofstream(node_json) << text;
    EXPECT_THAT(damage(), HasSubstr("a start writes it anew"));
    const Identity again = identify_again();
    EXPECT_EQ(again.cluster_id, before.cluster_id);
    EXPECT_EQ(again.node_id, 7);
    EXPECT_EQ(again.directory_id, before.directory_id);
    EXPECT_THAT(damage(), IsEmpty());
  }
}

TEST_F(IdentityTest, OfADirectoryWithoutACopyIsCopiedAtItsNextStart) {
  const Identity before = identify_again();
  storage::Store::Change change;
  change.erases.push_back("core/node");
  ASSERT_FALSE(meta->commit(change));
  identify_again();
  fs::remove(node_json);
  EXPECT_EQ(identify_again().cluster_id, before.cluster_id);
}

TEST_F(IdentityTest, ThatIsDamagedAndNowhereElseIsNotMadeUp) {
  std::ofstream(node_json) << "rotten";
  EXPECT_THAT(damage(), HasSubstr("no copy"));
  EXPECT_THROW(identify_again(), WrongStart);
}

TEST_F(IdentityTest, OfAnotherNodeIsRefused) {
  identify_again(7);
  EXPECT_THROW(identify_again(8), WrongStart);
  fs::remove(node_json);
  EXPECT_THROW(identify_again(8), WrongStart);
}

// So that an earlier version, which cannot read what is in it from then on, refuses it.
TEST_F(IdentityTest, OfAnEarlierFormatStaysAndSaysTheFormatOfNow) {
  const Identity before = identify_again(7);
  std::ifstream in(node_json);
  std::string now(std::istreambuf_iterator<char>(in), {});
  const std::string says_now = "\"format\":2";
  const auto at = now.find(says_now);
  ASSERT_NE(at, now.npos);
  const auto with_format = [&](char format) {
    std::string json = now.substr(0, now.find('\n'));
    json[at + says_now.size() - 1] = format;
    const std::uint32_t crc = kafka::crc32c(std::as_bytes(std::span(json)));
    std::ofstream(node_json) << json << "\n" << crc << "\n";
  };
  with_format('1');
  EXPECT_EQ(identify_again().cluster_id, before.cluster_id);
  std::ifstream again(node_json);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(again), {}), now);
  with_format('4');
  EXPECT_THROW(identify_again(), WrongStart);
}

}  // namespace
}  // namespace mq::core
