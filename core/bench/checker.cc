// SPDX-License-Identifier: Apache-2.0
#include "core/bench/checker.h"

#include <algorithm>

namespace mq::bench {
namespace {

constexpr std::size_t lanes_max = 1 << 16;  // of a topic that somebody else filled: who knows what is in it

}  // namespace

void Checker::received(std::int32_t partition, net::Bytes value) {
  const auto stamp = Stamp::read(value);
  if (!stamp) {
    findings_.foreign++;
    return;
  }
  findings_.checked++;
  if (!Stamp::intact(value)) {
    findings_.damaged++;
    return;  // and its sequence number may be, too
  }
  const Lane lane{stamp->run, stamp->client, partition};
  auto found = next_.find(lane);
  if (found == next_.end()) {
    if (next_.size() >= lanes_max) return;
    found = next_.emplace(lane, stamp->run == run_ ? 0 : stamp->sequence).first;
  }
  std::uint64_t& next = found->second;
  if (stamp->sequence < next) {
    findings_.repeated++;
    return;
  }
  findings_.lost += stamp->sequence - next;
  next = stamp->sequence + 1;
}

void Checker::finish(const Sequences& sent, std::uint64_t failed) {
  for (std::uint32_t client = 0; client < sent.size(); client++)
    for (std::int32_t partition = 0; const std::uint64_t end : sent[client]) {
      std::uint64_t& next = next_[{run_, client, partition++}];
      findings_.lost += end - std::min(next, end);
      next = std::max(next, end);
    }
  findings_.lost -= std::min(findings_.lost, failed);
}

}  // namespace mq::bench
