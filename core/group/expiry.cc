// SPDX-License-Identifier: Apache-2.0
#include "core/group/expiry.h"

#include "core/group/records.h"

namespace mq::core {

GroupOffsets::Expiry expiry_of(const Group& group, const Config& config) {
  GroupOffsets::Expiry expiry;
  expiry.retention_ms = config.offsets_retention.count();
  if (group.consumer) {
    expiry.is_read = [state = group.consumer.get()](std::string_view topic) { return state->reads(topic); };
    return expiry;
  }
  const ClassicGroup& state = group.classic;
  if (!state.protocol_type()) return expiry;
  if (state.state() == GroupState::empty) {
    expiry.since_ms = state.since_ms();
    return expiry;
  }
  auto read = state.state() == GroupState::stable ? subscribed_topics(state) : std::nullopt;
  expiry.is_read = [read = std::move(read)](std::string_view topic) {
    return !read || read->contains(topic);
  };
  return expiry;
}

}  // namespace mq::core
