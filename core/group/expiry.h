// SPDX-License-Identifier: Apache-2.0
// What lets the offsets of a group expire, by its protocol and who is subscribed to what. Pure.
#pragma once

#include "core/config/config.h"
#include "core/group/group.h"

namespace mq::core {

// Holds for the group as it is; the group must outlive it.
GroupOffsets::Expiry expiry_of(const Group& group, const Config& config);

}  // namespace mq::core
