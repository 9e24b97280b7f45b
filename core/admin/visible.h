// SPDX-License-Identifier: Apache-2.0
// Where the records lie that a reader gets to see. Offsets do not count them: transactions leave markers
// and what was aborted, compaction leaves gaps. So they are read, as far as need be.
#pragma once

#include <functional>
#include <vector>

#include "core/client/consumer.h"

namespace mq::admin {

// Asked now and then; true: end with what was found so far.
using Stopped = std::function<bool()>;
using FoundOffsets = client::Answer<std::vector<client::Offset>>;

// For each stretch the offset of the `count`-th visible record from its end; where it begins when it has
// fewer.
client::Task<FoundOffsets> from_end(client::Client& client, std::vector<client::Assignment> stretches,
                                    std::int64_t count, bool committed, Stopped stopped = {});

// Behind the `count`-th visible record from its beginning; where it ends when it has fewer.
client::Task<FoundOffsets> from_start(client::Client& client, std::vector<client::Assignment> stretches,
                                      std::int64_t count, bool committed, Stopped stopped = {});

}  // namespace mq::admin
