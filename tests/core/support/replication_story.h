// SPDX-License-Identifier: Apache-2.0
// How the replication model tells what happened, and what went wrong.
#pragma once

#include <sstream>
#include <stdexcept>

#include "tests/core/support/replication_model.h"

namespace mq::core {

struct Violated : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <class... Parts>
[[noreturn]] void violated(const Parts&... parts) {
  throw Violated(text(parts...));
}

inline std::string text_of(const std::vector<ReplicaEntry>& entries) {
  std::string all;
  for (const ReplicaEntry& entry : entries) all += text(" ", entry.broker, "/", entry.epoch);
  return all;
}

inline std::string text_of(const PartitionState& state) {
  return text("leader ", state.leader, "/", state.leader_broker_epoch, " epoch ", state.leader_epoch, " isr",
              text_of(state.isr), " elr", text_of(state.elr), " min ", state.min_isr);
}

inline bool is_same_leadership(const PartitionState& a, const PartitionState& b) {
  return a.leader == b.leader && a.leader_broker_epoch == b.leader_broker_epoch;
}

template <class... Parts>
void ReplicationModel::trace(const Parts&... parts) {
  if (!options_.tracing) return;
  events_.push_back(text(counts_.steps, " ", parts...));
  if (events_.size() > 150) events_.pop_front();
}

}  // namespace mq::core
