// SPDX-License-Identifier: Apache-2.0
// Which partitions are read, and which are added meanwhile.
#include <algorithm>

#include "cli/records/consumption.h"
#include "core/admin/partition_names.h"

namespace mq::cli {
// A pattern may match later, if there is a later; a name that is not there was mistyped.
bool Consumption::waits_for(const admin::Missing& missing) {
  if (!options_.range.follow || missing.what != admin::Missing::What::topics) return false;
  context_.notice(missing.text() + " yet; waiting for one");
  return true;
}

std::shared_ptr<client::Consumer> Consumption::consumer_for(
    const std::vector<client::Assignment>& assignments) {
  client::ConsumerOptions options = options_.consumer;
  options.trouble = [this](const client::Failure& failure) {
    trouble_.happened(failure, consumer_ ? consumer_->last_answer() : started_);
  };
  options.skipped = [this](std::size_t which, client::Offset from, client::Offset to) {
    const auto& partition = plan_.assignments[which].partition;
    context_.notice(admin::name_of(partition) + ": offset " + std::to_string(from) +
                    " is gone; going on at " + std::to_string(to));
  };
  options.unreadable = [this](std::size_t which, client::Offset at, const client::Failure& why) {
    say_unreadable(which, at, why);
  };
  reached_.clear();
  sources_.clear();
  for (const auto& assignment : assignments) {
    reached_.push_back(assignment.from);
    if (group_) sources_.push_back(group_->source(assignment.partition));
  }
  return client::Consumer::create(cluster_.client(), std::move(options), assignments);
}

void Consumption::watch_topics() {
  if (!options_.range.grows() || options_.topics.empty()) return;
  TopicWatch::Partitions known;
  for (const client::Assignment& assignment : plan_.assignments) known.push_back(assignment.partition);
  watch_ = std::make_shared<TopicWatch>(cluster_.client(), options_.topics, std::move(known),
                                        options_.refresh, [this](auto now) { return add(std::move(now)); });
  watch_->start();
}

client::Task<bool> Consumption::add(TopicWatch::Partitions meant) {
  const auto& chosen = options_.range.partitions;
  std::erase_if(meant, [&](const core::TopicPartition& partition) {
    return std::ranges::count(plan_.assignments, partition, &client::Assignment::partition) > 0 ||
           (!chosen.empty() && std::ranges::count(chosen, partition.partition) == 0);
  });
  if (meant.empty()) co_return true;
  admin::Stored nothing;
  admin::ReadRange range = options_.range.added();
  auto found = co_await admin::plan(cluster_.client(), std::move(meant), std::move(range), std::move(nothing),
                                    options_.consumer.committed);
  if (!found) {
    trouble_.happened(found.error(), consumer_->last_answer());
    co_return false;
  }
  for (std::size_t i = 0; i < found->assignments.size(); i++) {
    const client::Assignment& added = plan_.assignments.emplace_back(std::move(found->assignments[i]));
    plan_.ends.push_back(found->ends[i]);
    reached_.push_back(added.from);
    if (merge_) merge_->add_partition();
    consumer_->add(added);
  }
  co_return true;
}

}  // namespace mq::cli
