// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster/cluster.h"

#include <algorithm>

#include "core/admin/partition_names.h"

namespace mq::cli {

namespace {

constexpr std::size_t partitions_named = 10;

}  // namespace

Flag wait_flag(std::string_view initial, std::string_view help) {
  return {.name = "wait",
          .kind = Kind::duration,
          .value = "DUR",
          .initial = initial,
          .help = help,
          .optional = true};
}

client::Time wait_deadline(const Arguments& arguments) {
  constexpr std::chrono::milliseconds year =
      std::chrono::hours(24 * 365);  // inf is more than a clock can say
  return std::chrono::steady_clock::now() + std::min(arguments.duration("wait"), year);
}

std::string named(const std::vector<core::TopicPartition>& partitions) {
  std::string text;
  for (std::size_t i = 0; i < partitions.size() && i < partitions_named; i++)
    text += (i > 0 ? ", " : "") + admin::name_of(partitions[i]);
  if (partitions.size() > partitions_named)
    text += " and " + std::to_string(partitions.size() - partitions_named) + " more";
  return text;
}

std::string as_selectors(const std::vector<core::TopicPartition>& partitions) {
  std::string text;
  for (std::size_t i = 0; i < partitions.size(); i++) {
    const bool same = i > 0 && partitions[i - 1].topic == partitions[i].topic;
    text += same ? "," : (i > 0 ? " " : "") + partitions[i].topic + ":";
    text += std::to_string(partitions[i].partition);
  }
  return text;
}

Outcome partition_outcome(const core::TopicPartition& partition, std::string_view action,
                          std::string_view status) {
  return {json::object{{"topic", partition.topic},
                       {"partition", partition.partition},
                       {"action", action},
                       {"status", status}},
          std::nullopt};
}

Outcome partition_failed(const core::TopicPartition& partition, std::string_view action, Failure failure) {
  Outcome result = failed(partition.topic, action, std::move(failure));
  if (partition.partition >= 0) result.row["partition"] = partition.partition;
  return result;
}

std::vector<Outcome> missing_outcomes(const std::vector<admin::Missing>& missing, std::string_view action) {
  std::vector<Outcome> outcomes;
  for (const admin::Missing& one : missing)
    outcomes.push_back(partition_failed({one.name, one.partition}, action, failure_from(one)));
  return outcomes;
}

}  // namespace mq::cli
