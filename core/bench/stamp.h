// SPDX-License-Identifier: Apache-2.0
// What a load writes at the beginning of its values, so that whoever reads them knows where they come from,
// when they were meant to leave, and whether every byte is the one that was sent. Pure; any thread.
#pragma once

#include <optional>
#include <span>

#include "net/types.h"

namespace mq::bench {

struct Stamp {
  std::uint64_t run = 0;       // of the load that wrote it
  std::uint32_t client = 0;    // its producer
  std::uint64_t sequence = 0;  // counts from 0 for each client and partition
  std::int64_t sent_ns = 0;    // when it was due, on the steady clock of the machine that sent it

  static constexpr std::size_t size = 36;

  // Over the first bytes of a value, with the checksum of all of them.
  void write(std::span<std::byte> value) const;
  // Nothing: this value has none.
  static std::optional<Stamp> read(net::Bytes value);
  // Whether the checksum of a value that has a stamp is right.
  static bool intact(net::Bytes value);
};

}  // namespace mq::bench
