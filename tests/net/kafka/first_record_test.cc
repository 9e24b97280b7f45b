// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/first_record.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include <array>
#include <random>
#include <string>

#include "net/kafka/batch_builder.h"

namespace mq::kafka::first_record_test {
namespace {

net::Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
std::string text_of(net::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string some_text(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size)
    text += random() % 3 ? std::string(random() % 40, static_cast<char>('a' + random() % 4))
                         : std::to_string(random());
  text.resize(size);
  return text;
}

std::string batch_of(std::string_view records, Codec codec) {
  BatchHead head;
  head.attributes = static_cast<std::int16_t>(codec);
  head.record_count = 1;
  head.batch_length =
      static_cast<std::int32_t>(BatchHead::bytes - BatchHead::size_before_length + records.size());
  std::string batch(BatchHead::bytes, '\0');
  head.put(reinterpret_cast<std::byte*>(batch.data()));
  batch += records;
  write_checksum(reinterpret_cast<std::byte*>(batch.data()), batch.size());
  return batch;
}
std::string packed(std::string_view plain, Codec codec) {
  return text_of(compress(codec, bytes_of(plain))->bytes());
}

class FirstRecord : public testing::TestWithParam<Codec> {};
INSTANTIATE_TEST_SUITE_P(Every, FirstRecord,
                         testing::Values(Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd),
                         [](const auto& at) { return std::string(name_of(at.param)); });

TEST_P(FirstRecord, BatchesOfRecordsAreLiked) {
  for (const std::size_t size : {0u, 1u, 20u, 100u, 5'000u, 300'000u})
    for (const bool keyed : {true, false}) {
      BatchBuilder builder(16 << 20);
      const std::string value = some_text(size, 3), key = some_text(size / 2, 4);
      for (int i = 0; i < 3; i++)
        builder.append(1'000'000 + i, keyed ? std::optional(bytes_of(key)) : std::nullopt, bytes_of(value));
      const net::Slice batch = builder.finish(GetParam());
      ASSERT_EQ(check_batch(batch.bytes()), Error::none);
      EXPECT_EQ(check_first_record(batch.bytes()), Error::none) << size;
    }
}

TEST_P(FirstRecord, TheStartIsThatOfTheWhole) {
  if (GetParam() == Codec::zstd) GTEST_SKIP() << "unpacks blocks only as a whole";
  for (unsigned seed = 0; seed < 200; seed++) {
    const std::string plain = some_text(1 + seed * 37, seed);
    std::array<std::byte, 64> start;
    const auto size = unpack_start(GetParam(), bytes_of(packed(plain, GetParam())), start);
    ASSERT_TRUE(size) << seed;
    EXPECT_EQ(text_of(net::Bytes(start).first(*size)), plain.substr(0, std::min(plain.size(), start.size())))
        << seed;
  }
}

TEST_P(FirstRecord, WhatIsNotPackedAtAllIsRefused) {
  for (const std::string_view garbage : {"", "x", "this is not packed, whatever the head of its batch says"})
    EXPECT_EQ(check_first_record(bytes_of(batch_of(garbage, GetParam()))), Error::invalid_record) << garbage;
}

TEST_P(FirstRecord, GarbageThatIsPackedIsRefused) {
  if (GetParam() == Codec::zstd) GTEST_SKIP() << "its first bytes are not looked at";
  for (const std::string& garbage : {std::string(100'000, '\0'), std::string("hello world, this is a line"),
                                     std::string("{\"json\":1}"), std::string(100, '\xff')})
    EXPECT_EQ(check_first_record(bytes_of(batch_of(packed(garbage, GetParam()), GetParam()))),
              Error::invalid_record)
        << garbage.substr(0, 20);
}

TEST_P(FirstRecord, AStreamThatIsCutOffInItsHeadIsRefused) {
  const std::string whole = packed(some_text(50'000, 9), GetParam());
  for (const std::size_t size : {1u, 3u, 6u})
    EXPECT_EQ(check_first_record(bytes_of(batch_of(whole.substr(0, size), GetParam()))),
              Error::invalid_record)
        << size;
}

// Whatever comes: sanitizers look on.
TEST_P(FirstRecord, DamagedStreamsAreReadWithinTheirBounds) {
  std::mt19937 random(5);
  const std::string whole = packed(some_text(2000, 11), GetParam());
  for (int i = 0; i < 3000; i++) {
    std::string damaged = whole.substr(0, random() % 3 ? whole.size() : random() % whole.size());
    for (int k = 0; k < 3 && !damaged.empty(); k++)
      damaged[random() % std::min<std::size_t>(damaged.size(), 40)] = static_cast<char>(random());
    std::array<std::byte, 64> start;
    const auto size = unpack_start(GetParam(), bytes_of(damaged), start);
    EXPECT_LE(size ? *size : 0, start.size());
  }
}

TEST(FirstRecordOfSnappy, ABlockWithoutAFrameIsReadToo) {
  for (unsigned seed = 0; seed < 200; seed++) {
    const std::string plain = some_text(1 + seed * 37, seed);
    std::string block;
    snappy::Compress(plain.data(), plain.size(), &block);
    std::array<std::byte, 64> start;
    const auto size = unpack_start(Codec::snappy, bytes_of(block), start);
    ASSERT_TRUE(size) << seed;
    EXPECT_EQ(text_of(net::Bytes(start).first(*size)), plain.substr(0, std::min(plain.size(), start.size())))
        << seed;
  }
}

}  // namespace
}  // namespace mq::kafka::first_record_test
