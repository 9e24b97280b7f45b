// SPDX-License-Identifier: Apache-2.0
// Logs as LevelDB writes them, with records over several blocks; store_test.cc has the same through the
// store.
#include "storage/torn.h"

#include <gtest/gtest.h>

#include "storage/crc32c.h"
#include "storage/error.h"
#include "tests/support/temp_dir.h"

namespace mq::storage {
namespace {

constexpr std::size_t block_bytes = 32 << 10;

// One record as LevelDB's log writer lays it down behind what is there.
void add_record(std::string& log, std::string_view payload) {
  bool begins = true;
  do {
    const std::size_t left = block_bytes - log.size() % block_bytes;
    if (left < 7) {
      log.append(left, '\0');
      continue;
    }
    const std::string_view part = payload.substr(0, left - 7);
    payload.remove_prefix(part.size());
    const char type = payload.empty() ? (begins ? 1 : 4) : (begins ? 2 : 3);
    const std::string typed = type + std::string(part);
    const std::uint32_t crc = crc32c(std::as_bytes(std::span(typed)));
    const std::uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    for (int shift = 0; shift < 32; shift += 8) log += static_cast<char>(masked >> shift);
    log += static_cast<char>(part.size() & 0xff);
    log += static_cast<char>(part.size() >> 8);
    log += typed;
    begins = false;
  } while (!payload.empty() || begins);
}

class TornTest : public testing::Test {
 protected:
  Result<std::uint64_t> cut(const std::string& text) {
    const auto file = real_files().open(dir_ / "1.log", FileSystem::Mode::create).value();
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    EXPECT_FALSE(file->write({&piece, 1}, 0));
    return cut_torn_tail(real_files(), dir_ / "1.log");
  }

  std::uint64_t size() { return std::filesystem::file_size(dir_ / "1.log"); }

  test::TempDir dir_;
};

TEST_F(TornTest, AWholeLogIsLeftAlone) {
  std::string log;
  EXPECT_EQ(cut(log).value(), 0u);
  for (const std::size_t bytes : {0, 10, 40'000, 100'000, 5, 200}) add_record(log, std::string(bytes, 'x'));
  EXPECT_EQ(cut(log).value(), 0u);
  EXPECT_EQ(size(), log.size());
}

TEST_F(TornTest, BlocksWithRoomForNoHeaderEndInZeros) {
  for (std::size_t room = 0; room < 12; ++room) {
    std::string log;
    add_record(log, std::string(block_bytes - 7 - room, 'x'));
    add_record(log, "next");
    EXPECT_EQ(cut(log).value(), 0u) << room;
  }
}

TEST_F(TornTest, ARecordOverSeveralBlocksIsCutAtItsBeginningWhereverItIsTorn) {
  std::string log;
  add_record(log, std::string(20'000, 'a'));
  const std::size_t sound = log.size();
  add_record(log, std::string(100'000, 'b'));
  for (std::size_t keep = sound + 1; keep < log.size(); keep += 997) {
    EXPECT_EQ(cut(log.substr(0, keep)).value(), keep - sound);
    EXPECT_EQ(size(), sound);
  }
}

TEST_F(TornTest, WhatArrivedOfTheTornRecordBehindItsHoleIsNoDamage) {
  std::string log;
  add_record(log, std::string(20'000, 'a'));
  const std::size_t sound = log.size();
  add_record(log, std::string(100'000, 'b'));
  for (std::size_t hole = sound / 4096 * 4096 + 4096; hole + 4096 < log.size(); hole += 4096) {
    std::string torn = log;
    torn.replace(hole, 4096, 4096, '\0');
    EXPECT_EQ(cut(torn).value(), log.size() - sound) << hole;
  }
}

TEST_F(TornTest, ARecordThatBeginsAfterTheDamageMakesItDamage) {
  std::string log;
  add_record(log, std::string(100, 'a'));
  const std::size_t second = log.size();
  add_record(log, std::string(50'000, 'b'));
  const std::size_t third = log.size();
  for (const std::size_t last_bytes : {10, 50'000}) {
    add_record(log, std::string(last_bytes, 'c'));
    for (std::size_t at = second; at < third; at += 501) {
      std::string bad = log;
      bad[at] = static_cast<char>(bad[at] ^ 0x10);
      EXPECT_EQ(cut(bad).error(), Errc::corrupt) << at;
      EXPECT_EQ(size(), bad.size());
    }
    log.resize(third);
  }
}

TEST_F(TornTest, AMissingLogIsAnError) {
  EXPECT_EQ(cut_torn_tail(real_files(), dir_ / "no").error(), boost::system::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace mq::storage
