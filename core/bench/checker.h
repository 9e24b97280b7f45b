// SPDX-License-Identifier: Apache-2.0
// Whether what is read is what was sent: every record once, in the order of its partition, with all its
// bytes. Follows one sequence for each run, client and partition. Pure; one owner, any thread.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "core/bench/stamp.h"

namespace mq::bench {

// What a load sent: how many records by client and partition.
using Sequences = std::vector<std::vector<std::uint64_t>>;

struct Findings {
  std::uint64_t checked = 0;   // records with a stamp
  std::uint64_t foreign = 0;   // without one
  std::uint64_t lost = 0;      // gaps
  std::uint64_t repeated = 0;  // came again, or behind a later one
  std::uint64_t damaged = 0;   // the checksum is wrong

  bool good() const { return lost == 0 && repeated == 0 && damaged == 0; }
};

class Checker {
 public:
  // Records of this run are expected from sequence 0 on; those of others from wherever they begin.
  explicit Checker(std::uint64_t run) : run_(run) {}

  void received(std::int32_t partition, net::Bytes value);

  // All that is to come has come. `failed`: records that were numbered and sent, and refused; they may be
  // missing.
  void finish(const Sequences& sent, std::uint64_t failed);

  const Findings& findings() const { return findings_; }

 private:
  using Lane = std::tuple<std::uint64_t, std::uint32_t, std::int32_t>;  // run, client, partition

  std::uint64_t run_;
  Findings findings_;
  std::map<Lane, std::uint64_t> next_;
};

}  // namespace mq::bench
