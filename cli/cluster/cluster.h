// SPDX-License-Identifier: Apache-2.0
// What the commands about the cluster and its partitions share.
#pragma once

#include <string>
#include <vector>

#include "cli/topic/topic.h"
#include "core/admin/health.h"
#include "core/config/config.h"

namespace mq::cli {

Flag wait_flag(std::string_view initial, std::string_view help);  // --wait[=DUR]
client::Time wait_deadline(const Arguments& arguments);

// ---- at the metadata store itself, without a broker
std::vector<Flag> store_flags();  // which one, as the settings of a broker say it
// Those settings. Throws FailureError, exit 2, when they are wrong; UsageError when they name none.
core::Config store_config(const Arguments& arguments, std::optional<std::string> data = {});

std::string health_text(const admin::Health& health);  // for people

// "logs[3], logs[9]", and how many more there are when they are many.
std::string named(const std::vector<core::TopicPartition>& partitions);
// "logs:3,9 orders:1": as selectors; sorted ones.
std::string as_selectors(const std::vector<core::TopicPartition>& partitions);

// What became of one partition.
Outcome partition_outcome(const core::TopicPartition& partition, std::string_view action,
                          std::string_view status);
Outcome partition_failed(const core::TopicPartition& partition, std::string_view action, Failure failure);
// Keeps from moving what the words mean, and the file in Kafka's JSON names; neither: all that move.
Exit cancel_moves(Context& context, const Arguments& arguments, const std::vector<std::string>& words,
                  const std::optional<std::string>& file);
// Those that were named and are not there.
std::vector<Outcome> missing_outcomes(const std::vector<admin::Missing>& missing, std::string_view action);

}  // namespace mq::cli
