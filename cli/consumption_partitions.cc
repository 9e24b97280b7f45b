// SPDX-License-Identifier: Apache-2.0
// Which partitions are read, which are added meanwhile, and what is said of those that come no further.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "cli/consumption.h"

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto standstill_after = std::chrono::seconds(5);

std::string name_of(const core::TopicPartition& partition) {
  return partition.topic + "[" + std::to_string(partition.partition) + "]";
}

}  // namespace

// A pattern may match later, if there is a later; a name that is not there was mistyped.
bool Consumption::waits_for(const Failure& missing) {
  const auto is_it = [&](const Selector& selector) {
    return selector.is_pattern() && selector.text() == missing.target;
  };
  if (!options_.range.follow || std::ranges::none_of(options_.topics, is_it)) return false;
  context_.notice(missing.message + " yet; waiting for one");
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
    context_.notice(name_of(partition) + ": offset " + std::to_string(from) + " is gone; going on at " +
                    std::to_string(to));
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
  Stored nothing;
  ReadRange range = options_.range.added();
  auto found = co_await plan(cluster_.client(), std::move(meant), std::move(range), std::move(nothing),
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

// ---- those that come no further ----

// The partition is given up, the others go on.
void Consumption::say_unreadable(std::size_t which, client::Offset at, const client::Failure& why) {
  Failure told = failure_from(why);
  told.exit = Exit::partial;
  told.message = name_of(plan_.assignments[which].partition) + ": what begins at offset " +
                 std::to_string(at) + " cannot be read";
  told.hint = "to go on behind it: --on-error skip";
  is_partial_ = true;
  report(context_, told);
}

std::string Consumption::way_behind(const core::TopicPartition& partition, client::Offset offset) const {
  const std::string number = std::to_string(partition.partition), to = std::to_string(offset);
  if (!options_.group)
    return "mq consume " + partition.topic + " -p " + number + " --start-at " + number + "=" + to;
  return "mq group seek " + options_.group->group + " --to " + to + " -t " + partition.topic + ":" + number;
}

// The next record, behind batches that cannot be read if that is wanted. Null: no more, or a failure.
const kafka::Record* Consumption::next_record(const client::Fetched& fetched,
                                              client::FetchedRecords& records) {
  for (;;) {
    if (const kafka::Record* record = records.next()) return record;
    if (records.error() == kafka::Error::none) return nullptr;
    const core::TopicPartition& partition = plan_.assignments[fetched.which].partition;
    const std::string what =
        "the batch at " + name_of(partition) + "@" + std::to_string(records.at()) + " cannot be read";
    const std::string why(kafka::name_of(records.error()));
    if (!options_.consumer.skips_unreadable) {
      failure_ = {
          .message = what,
          .kafka = why,
          .target = partition.topic,
          .hint = "to go on behind it: " + way_behind(partition, records.behind()) + ", or --on-error skip"};
      return nullptr;
    }
    context_.notice(what + " (" + why + "); going on behind it");
    records.pass();
  }
}

void Consumption::look_for_transactions() {
  const Time now = Clock::now();
  if (!consumer_ || context_.quiet || now - looked_for_transactions_ < std::chrono::seconds(1)) return;
  looked_for_transactions_ = now;
  for (const client::Standing& standing : consumer_->standing()) {
    const core::TopicPartition& partition = plan_.assignments[standing.which].partition;
    if (now - standing.since < standstill_after) continue;
    if (std::exchange(said_to_stand_[partition], standing.at + 1) == standing.at + 1) continue;
    Standstill standstill{partition, standing.at, standing.high_watermark - standing.at};
    boost::asio::co_spawn(cluster_.client().loop(), say_standstill(std::move(standstill)),
                          boost::asio::detached);
  }
}

client::Task<void> Consumption::say_standstill(Standstill standstill) {
  const std::string text = co_await explain(cluster_.client(), std::move(standstill), context_.utc);
  context_.notice(text);
}

}  // namespace mq::cli
