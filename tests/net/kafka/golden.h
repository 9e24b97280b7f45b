// SPDX-License-Identifier: Apache-2.0
// Bytes written by others, to hold ours against. They are not in the repository: a folder named by MQ_SHARED,
// or `shared` beside the checkout, has them, or a test says that it was skipped.
#pragma once

#include <gtest/gtest.h>

#include <boost/algorithm/hex.hpp>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "net/kafka/codec.h"
#include "tests/support/source_dir.h"

namespace mq::kafka::golden {

inline std::filesystem::path folder() {
  const char* named = std::getenv("MQ_SHARED");
  const std::filesystem::path shared =
      named ? std::filesystem::path(named) : test::source_dir() / ".." / "shared";
  return shared / "protocol";
}

inline bool present() {
  return std::filesystem::exists(folder() / "vectors");
}

inline boost::json::value load(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return boost::json::parse(text.str());
}

inline Bytes bytes_of_hex(std::string_view hex) {
  std::string raw;
  boost::algorithm::unhex(hex.begin(), hex.end(), std::back_inserter(raw));
  const auto bytes = std::as_bytes(std::span(raw));
  return {bytes.begin(), bytes.end()};
}

inline std::string hex_of(net::Bytes bytes) {
  std::string hex;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  boost::algorithm::hex_lower(data, data + bytes.size(), std::back_inserter(hex));
  return hex;
}

}  // namespace mq::kafka::golden

#define MQ_NEEDS_GOLDEN_BYTES() \
  if (!mq::kafka::golden::present()) GTEST_SKIP() << "no golden bytes in " << mq::kafka::golden::folder()
