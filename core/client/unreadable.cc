// SPDX-License-Identifier: Apache-2.0
// What a consumer does about a range that its broker cannot read.
#include "core/client/cluster.h"
#include "core/client/consumer.h"
#include "core/client/deadline.h"

namespace mq::client {
namespace {

constexpr int lost_after = 3;                                // answers that say so
constexpr auto storage_patience = std::chrono::seconds(10);  // a disk may come back, or another leader

}  // namespace

// An answer that passes is asked for again; a range that is lost stays lost.
Task<void> Consumer::unreadable(std::size_t which, Failure failure) {
  Partition& partition = partitions_[which];
  if (partition.unreadable++ == 0) partition.unreadable_since = time_now();
  const bool ends = partition.asked.until != no_end || options_.skips_unreadable;
  const bool lost = failure.error == kafka::Error::corrupt_message
                        ? partition.unreadable >= lost_after
                        : ends && time_now() - partition.unreadable_since >= storage_patience;
  if (!lost) co_return later(partition, failure, true);
  if (!options_.skips_unreadable) {
    end(partition);
    if (options_.unreadable) options_.unreadable(which, partition.position, failure);
    co_return;
  }
  const auto to = co_await readable_after(which);
  if (failure_) co_return;
  Partition& found = partitions_[which];
  if (!to) co_return later(found, failure, true);
  if (options_.skipped) options_.skipped(which, found.position, *to);
  advance(found, *to);
}

// Nobody says how long a range is that cannot be read: feels its way forward, then back.
Task<std::optional<Offset>> Consumer::readable_after(std::size_t which) {
  const Offset from = partitions_[which].position;
  std::vector<OffsetQuery> last(1);
  last[0].partition = partitions_[which].asked.partition;
  const Time deadline = time_now() + client_.options().timeout;
  const auto ends = co_await list_offsets(client_, std::move(last), deadline);
  if (!ends || !(*ends)[0].status || (*ends)[0].offset <= from) co_return std::nullopt;
  Offset lost = from, readable = (*ends)[0].offset;
  for (Offset step = 1; from + step < readable; step *= 2) {
    const auto found = co_await is_readable(which, from + step);
    if (!found) co_return std::nullopt;
    (*found ? readable : lost) = from + step;
  }
  while (readable - lost > 1) {
    const Offset middle = lost + (readable - lost) / 2;
    const auto found = co_await is_readable(which, middle);
    if (!found) co_return std::nullopt;
    (*found ? readable : lost) = middle;
  }
  co_return readable;
}

Task<std::optional<bool>> Consumer::is_readable(std::size_t which, Offset at) {
  kafka::FetchRequest request = blank(Duration{});
  ask_for(request, partitions_[which], at, 1);
  const BrokerId leader = client_.leader(partitions_[which].asked.partition);
  if (leader == any_broker) co_return std::nullopt;
  const auto reply = co_await send(leader, std::move(request));
  if (!reply || reply->message.responses.empty() || reply->message.responses[0].partitions.empty())
    co_return std::nullopt;
  using kafka::Error;
  const auto& partition = reply->message.responses[0].partitions[0];
  const Error error = kafka::error_of(partition.error_code);
  if (error == Error::none) co_return !is_no_batch(partition);
  if (error == Error::corrupt_message || error == Error::kafka_storage_error) co_return false;
  co_return std::nullopt;
}

}  // namespace mq::client
