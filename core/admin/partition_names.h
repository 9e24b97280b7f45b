// SPDX-License-Identifier: Apache-2.0
// How partitions are called in messages and tables.
#pragma once

#include <string>
#include <vector>

#include "core/types.h"

namespace mq::admin {

std::string name_of(const core::TopicPartition& partition);  // orders[2]

// "orders[0-2,5] logs[1]"; sorted ones.
std::string spans(const std::vector<core::TopicPartition>& partitions);

}  // namespace mq::admin
