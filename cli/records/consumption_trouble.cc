// SPDX-License-Identifier: Apache-2.0
// Partitions that come no further: what cannot be read in them, and whose transaction they wait for.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "cli/records/consumption.h"
#include "core/admin/partition_names.h"

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto standstill_after = std::chrono::seconds(5);

}  // namespace

// The partition is given up, the others go on.
void Consumption::say_unreadable(std::size_t which, client::Offset at, const client::Failure& why) {
  Failure told = failure_from(why);
  told.exit = Exit::partial;
  told.message = admin::name_of(plan_.assignments[which].partition) + ": what begins at offset " +
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
        "the batch at " + admin::name_of(partition) + "@" + std::to_string(records.at()) + " cannot be read";
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
