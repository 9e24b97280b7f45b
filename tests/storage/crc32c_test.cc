// SPDX-License-Identifier: Apache-2.0
#include "storage/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace mq::storage {
namespace {

Bytes bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(Crc32c, IsTheOneOfTheStandardsExamples) {  // RFC 3720, B.4, and the usual check value
  EXPECT_EQ(crc32c(bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c(bytes(std::string(32, '\0'))), 0x8a9136aau);
  EXPECT_EQ(crc32c(bytes(std::string(32, '\xff'))), 0x62a8ab43u);
  EXPECT_EQ(crc32c({}), 0u);
}

TEST(Crc32c, OfTwoPiecesIsThatOfTheWhole) {
  const std::string text = "The quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(crc32c(bytes(text.substr(cut)), crc32c(bytes(text.substr(0, cut)))), crc32c(bytes(text)))
        << cut;
}

}  // namespace
}  // namespace mq::storage
