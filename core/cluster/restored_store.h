// SPDX-License-Identifier: Apache-2.0
// A metadata store that was put back to an earlier state, from a backup: what was decided after that is
// forgotten there, and is not in what lies on the brokers' disks. Lives on a loop.
#pragma once

#include "core/loop/clock.h"
#include "core/metadata/store.h"

namespace mq::core {

// Makes it one that brokers can go on from, while none runs: no leader epoch, no producer id is given a
// second time, and every replica that was in sync then counts as in sync. What a replica has acknowledged
// since without the others, having been alone in sync, may be lost. Returns how many partitions there are.
// Can be asked again when it ended early. Throws WrongStart: 5 when the store is not reached, or has no
// cluster; 7 when a broker runs.
Task<std::size_t> accept_restored(asio::io_context& loop, const Clock& clock, MetadataStore& store,
                                  Time::duration patience);

}  // namespace mq::core
