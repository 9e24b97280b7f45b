// SPDX-License-Identifier: Apache-2.0
// Which sealed segments to write anew, so that the disk holds at most twice what lives. Pure.
#pragma once

#include "storage/catalogue.h"

namespace mq::storage {

// What may be given up for not copying all the time, and what is copied at once (but at least one segment).
struct CleaningLimits {
  std::uint64_t slack_bytes = 0, copy_bytes_max = 0;
};

// The segments of which least lives, in the order of their numbers: copying them frees most for what it
// costs. None while the sealed ones take no more than twice their living bytes and the slack.
std::vector<std::uint32_t> victims(const Catalogue::Manifest& manifest, const CleaningLimits& limits);

}  // namespace mq::storage
