// SPDX-License-Identifier: Apache-2.0
// The types of fields that C++ has no word for. Values; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/types.h"

namespace mq::kafka {

using Version = std::int16_t;
using Bytes = std::vector<std::byte>;    // owned; net::Bytes is the view
using Uuid = std::array<std::byte, 16>;  // all zero: none

// Record batches pass through the codec, never parsed. Decoded: `bytes`, a view into the frame. To be
// encoded: `bytes`, which are copied, or `pieces` when there are any, which go out untouched.
struct Records {
  net::Bytes bytes;
  net::Pieces pieces;

  std::size_t size() const { return pieces.empty() ? bytes.size() : net::size_of(pieces); }
  friend bool operator==(const Records& a, const Records& b) {
    return std::ranges::equal(a.bytes, b.bytes) && std::ranges::equal(a.pieces, b.pieces, same);
  }

 private:
  static bool same(const net::Piece& a, const net::Piece& b) {
    return a.memory == b.memory && a.file == b.file && a.position == b.position && a.size == b.size;
  }
};

}  // namespace mq::kafka
