// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/crc32c.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/net/kafka/golden.h"

namespace mq::kafka {

namespace {

Bytes filled(std::size_t size, auto value_at) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; i++) out[i] = static_cast<std::byte>(value_at(i));
  return out;
}

TEST(Crc32c, AgreesWithTheExamplesOfRfc3720) {
  EXPECT_EQ(crc32c(filled(32, [](auto) { return 0; })), 0x8A9136AAu);
  EXPECT_EQ(crc32c(filled(32, [](auto) { return 0xff; })), 0x62A8AB43u);
  EXPECT_EQ(crc32c(filled(32, [](auto i) { return i; })), 0x46DD794Eu);
  EXPECT_EQ(crc32c(filled(32, [](auto i) { return 31 - i; })), 0x113FDB5Cu);
  const auto read_command = golden::bytes_of_hex(
      "01c00000000000000000000000000000140000000000040000000014000000182800000000000000"
      "0200000000000000");
  EXPECT_EQ(crc32c(read_command), 0xD9963A56u);
}

TEST(Crc32c, OfNothingIsZero) {
  EXPECT_EQ(crc32c({}), 0u);
  EXPECT_EQ(crc32c_portable({}), 0u);
}

TEST(Crc32c, TheInstructionAndTheTableAgreeAtEveryLengthAndPlace) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const Bytes data = filled(20'000, [&](auto) { return random(); });
  const net::Bytes all(data);
  for (std::size_t size = 0; size < 1000; size++)
    ASSERT_EQ(crc32c(all.subspan(size % 8, size)), crc32c_portable(all.subspan(size % 8, size))) << size;
  for (int i = 0; i < 200; i++) {
    const std::size_t at = random() % 8, size = random() % (data.size() - at);
    ASSERT_EQ(crc32c(all.subspan(at, size)), crc32c_portable(all.subspan(at, size))) << at << " " << size;
  }
}

}  // namespace

}  // namespace mq::kafka
