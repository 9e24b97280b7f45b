// SPDX-License-Identifier: Apache-2.0
// The newest offset of every key, for compaction: 24 bytes a key, in memory that is given once. Keys are
// known by 128 bits of SipHash with a secret of this process: nobody can make two of them meet. One owner,
// any thread.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/types.h"

namespace mq::core {

using KeyHash = std::array<std::uint64_t, 2>;

// SipHash-2-4 with 128 bits.
KeyHash sip_hash(net::Bytes key, const KeyHash& secret);

class NewestOffsets {
 public:
  static constexpr std::size_t slot_bytes = 24;

  // Room for about three quarters of `slots` keys.
  explicit NewestOffsets(std::size_t slots);

  // Offsets come in order. False: it is full, and the key is not in it.
  bool put(net::Bytes key, Offset offset);
  Offset find(net::Bytes key) const;  // -1: never seen
  std::size_t size() const { return size_; }

 private:
  struct Slot {
    KeyHash hash{};
    Offset offset = -1;  // free
  };
  static_assert(sizeof(Slot) == slot_bytes);
  std::size_t slot_of(const KeyHash& hash) const;  // where it is, or would be

  KeyHash secret_;  // of this process
  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace mq::core
