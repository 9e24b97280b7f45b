// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/compression.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "net/kafka/error.h"
#include "tests/net/kafka/golden.h"

namespace mq::kafka::compression_test {

namespace {

constexpr std::array packing = {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};
constexpr std::size_t plenty = 64u << 20;

Bytes noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes out(size);
  for (auto& b : out) b = static_cast<std::byte>(random());
  return out;
}

Bytes text(std::size_t size) {
  constexpr std::string_view words = "the quick brown fox jumps over the lazy dog, again and again; ";
  Bytes out(size);
  for (std::size_t i = 0; i < size; i++) out[i] = static_cast<std::byte>(words[i % words.size()]);
  return out;
}

Bytes owned(const net::Slice& slice) {
  return {slice.data.get(), slice.data.get() + slice.size};
}
Bytes packed(Codec codec, net::Bytes plain, int level = 0) {
  return owned(*compress(codec, plain, level));
}

Bytes joined(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

net::Bytes bytes_of(std::string_view s) {
  return std::as_bytes(std::span(s));
}

class Compression : public testing::TestWithParam<Codec> {};
INSTANTIATE_TEST_SUITE_P(Every, Compression, testing::ValuesIn(packing),
                         [](const auto& at) { return std::string(name_of(at.param)); });

TEST_P(Compression, WhatIsPackedUnpacksToTheSameBytes) {
  for (const std::size_t size : {0u, 1u, 100u, 32'768u, 65'537u, 1'000'000u}) {
    for (const Bytes& plain : {text(size), noise(size, 7)}) {
      const auto back = decompress(GetParam(), packed(GetParam(), plain), plenty);
      ASSERT_TRUE(back) << size << ": " << back.error().message();
      EXPECT_TRUE(std::ranges::equal(back->bytes(), plain)) << size;
    }
  }
}

TEST_P(Compression, TextBecomesSmaller) {
  EXPECT_LT(packed(GetParam(), text(100'000)).size(), 10'000u);
}

TEST_P(Compression, AnyLevelIsTakenAsTheNearestThereIs) {
  const Bytes plain = text(10'000);
  for (const int level : {INT_MIN, -5, -1, 0, 1, 9, 22, INT_MAX}) {
    const auto back = decompress(GetParam(), packed(GetParam(), plain, level), plenty);
    ASSERT_TRUE(back) << level;
    EXPECT_TRUE(std::ranges::equal(back->bytes(), plain)) << level;
  }
}

TEST_P(Compression, RoomIsLeftInFrontWhenAskedFor) {
  const Bytes plain = text(1000);
  const auto small = compress(GetParam(), plain, 0, 61);
  EXPECT_EQ(owned(small->part(61, small->size - 61)), packed(GetParam(), plain));
  const auto back = decompress(GetParam(), small->bytes().subspan(61), plenty, 7);
  EXPECT_TRUE(std::ranges::equal(back->bytes().subspan(7), plain));
}

TEST_P(Compression, TheBoundIsExact) {
  const Bytes small = packed(GetParam(), text(100'000));
  EXPECT_TRUE(decompress(GetParam(), small, 100'000));
  const auto refused = decompress(GetParam(), small, 99'999);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Error::message_too_large);
}

TEST_P(Compression, ABombIsRefused) {
  const Bytes bomb = packed(GetParam(), Bytes(200u << 20));
  EXPECT_LT(bomb.size(), 10u << 20);
  const auto refused = decompress(GetParam(), bomb, 20u << 20);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Error::message_too_large);
}

TEST_P(Compression, BytesCutOffAnywhereAreAnErrorOrABeginning) {
  const Bytes plain = text(3000), whole = packed(GetParam(), plain);
  for (std::size_t n = 0; n < whole.size(); n++) {
    const auto back = decompress(GetParam(), net::Bytes(whole).first(n), plenty);
    // Frames of snappy say nothing about how many there are.
    if (back && GetParam() == Codec::snappy && n == 16) continue;
    ASSERT_FALSE(back) << n << " of " << whole.size();
    EXPECT_EQ(back.error(), Error::corrupt_message);
  }
}

TEST_P(Compression, RubbishIsCorrupt) {
  for (unsigned seed = 1; seed < 200; seed++) {
    const auto back = decompress(GetParam(), noise(300, seed), plenty);
    if (!back) continue;
    EXPECT_EQ(GetParam(), Codec::snappy) << "only a raw block may happen to make sense, seed " << seed;
  }
  EXPECT_EQ(decompress(GetParam(), {}, plenty).error(), Error::corrupt_message);
}

TEST_P(Compression, RubbishBehindTheEndIsCorrupt) {
  EXPECT_FALSE(decompress(GetParam(), joined(packed(GetParam(), text(100)), noise(20, 3)), plenty));
}

TEST_P(Compression, StreamsMayFollowEachOther) {
  const Bytes a = text(1000), b = noise(500, 5);
  const auto back = decompress(GetParam(), joined(packed(GetParam(), a), packed(GetParam(), b)), plenty);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(owned(*back), joined(a, b));
}

TEST(Snappy, ARawBlockIsReadToo) {
  // Length 4, one literal of four bytes.
  const auto back = decompress(Codec::snappy, golden::bytes_of_hex("040c61626364"), plenty);
  ASSERT_TRUE(back);
  EXPECT_TRUE(std::ranges::equal(back->bytes(), bytes_of("abcd")));
}

TEST(Snappy, VersionsWrittenBackwardsAreIgnored) {
  const auto framed = golden::bytes_of_hex(
      "82534e41505059000100000001000000"
      "00000006"
      "040c61626364");
  const auto back = decompress(Codec::snappy, framed, plenty);
  ASSERT_TRUE(back);
  EXPECT_TRUE(std::ranges::equal(back->bytes(), bytes_of("abcd")));
}

TEST(Snappy, IsWrittenInTheFramesThatEveryReaderKnows) {
  EXPECT_TRUE(
      golden::hex_of(packed(Codec::snappy, text(10))).starts_with("82534e41505059000000000100000001"));
}

TEST(Snappy, ALyingLengthIsCorruptNotAllocated) {
  // Says 2^32 - 1, then 2^30, in a handful of bytes.
  EXPECT_EQ(decompress(Codec::snappy, golden::bytes_of_hex("ffffffff0f0c61626364"), SIZE_MAX / 4).error(),
            Error::corrupt_message);
  EXPECT_EQ(decompress(Codec::snappy, golden::bytes_of_hex("80808080040c61626364"), SIZE_MAX / 4).error(),
            Error::corrupt_message);
  EXPECT_FALSE(decompress(
      Codec::snappy, golden::bytes_of_hex("82534e4150505900000000010000000100000009040c61626364"), plenty))
      << "a block that is longer than what is left";
}

TEST(Lz4, BlocksDoNotDependOnEachOtherSinceJavaReadsNoOthers) {
  const Bytes frame = packed(Codec::lz4, text(200'000));
  EXPECT_EQ(golden::hex_of(net::Bytes(frame).first(4)), "04224d18");
  EXPECT_TRUE((frame[4] & std::byte{0x20}) != std::byte{0});
}

TEST(Zstd, ADeclaredSizeAboveTheBoundIsRefusedBeforeReading) {
  Bytes small = packed(Codec::zstd, text(100'000));
  small.resize(20);  // the header is there, the rest is not
  EXPECT_EQ(decompress(Codec::zstd, small, 50'000).error(), Error::message_too_large);
  EXPECT_EQ(decompress(Codec::zstd, small, 100'000).error(), Error::corrupt_message);
}

TEST(Codecs, HaveTheNamesOfKafka) {
  for (const auto codec : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd})
    EXPECT_EQ(codec_of(name_of(codec)), codec);
  EXPECT_FALSE(codec_of("brotli"));
  EXPECT_EQ(decompress(static_cast<Codec>(6), text(10), plenty).error(), Error::unsupported_compression_type);
}

TEST(Codecs, ABrokerUnpacksEnoughForHonestTextAndNotMuchMore) {
  EXPECT_EQ(unpacked_bytes_max(100), 16u << 20);
  EXPECT_EQ(unpacked_bytes_max(1u << 20), 64u << 20);
  EXPECT_EQ(unpacked_bytes_max(10u << 20), 128u << 20);
  EXPECT_EQ(unpacked_bytes_max(100u << 20), 400u << 20);
}

}  // namespace

}  // namespace mq::kafka::compression_test
