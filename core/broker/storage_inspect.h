// SPDX-License-Identifier: Apache-2.0
// A data directory that no broker uses, with the names its partitions have in topics: what `mq storage`
// shows. Blocks; one thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/types.h"
#include "storage/inspect.h"

namespace mq::core {

// Throws WrongStart: 7 when a broker has the directory, 3 when there is no journal in it, 1 when it cannot be
// read.
std::unique_ptr<storage::Inspection> inspect_storage(const storage::Path& data);

// Reads everything, node.json too.
storage::Inspection::Verified verify_storage(storage::Inspection& inspection, const storage::Path& data);

// What each partition number is called; empty when meta cannot be read. Numbers that no topic owns any more
// are missing: they belonged to deleted topics.
std::map<PartitionNumber, TopicPartition> partition_names(storage::Inspection& inspection);

}  // namespace mq::core
