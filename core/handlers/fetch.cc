// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/fetch.h"

#include <algorithm>

#include "core/error.h"
#include "core/handlers/handlers.h"
#include "core/loop/run_on.h"
#include "net/round_trip.h"

namespace mq::core {

using kafka::Error;

namespace {

// Of one answer, whatever the client asks for (Kafka's fetch.max.bytes).
constexpr std::size_t fetch_bytes_max = 55u << 20;

constexpr kafka::Version version_with_ids = 13;  // of topics

// What is worth having in one answer: more costs the client fresh memory and everybody the cache. On a long
// way it is more, and where many partitions have to be looked up.
constexpr std::size_t good_bytes_min = 2u << 20, good_bytes_per_partition = 2u << 10;
constexpr std::chrono::milliseconds long_way{1};

std::size_t good_bytes(std::size_t partitions, std::chrono::microseconds round_trip) {
  const auto ways = static_cast<std::size_t>(std::max<std::int64_t>(round_trip / long_way, 1));
  return (good_bytes_min + partitions * good_bytes_per_partition) * ways;
}

// A partition as this fetch sees it. Lives in the coroutine.
struct Wanted {
  FetchWish wish;
  std::string topic_name;
  std::shared_ptr<Partition> partition;
  Error error = Error::none;
  Epochs::End diverging;
  Offset high_watermark = -1, last_stable = -1, log_start = -1;
  storage::Read read;
  std::size_t siblings = 0;  // asked for with it, of the same topic; 0: unknown
};

Wanted find(const Topics& topics, FetchWish wish, bool by_id) {
  Wanted wanted{std::move(wish), {}, nullptr, Error::none, {}, -1, -1, -1, {}, 0};
  const TopicPtr topic = by_id ? topics.find(wanted.wish.key.topic_id) : topics.find(wanted.wish.key.topic);
  if (topic) wanted.partition = topic->partition(wanted.wish.key.partition);
  if (!wanted.partition)
    wanted.error = by_id && !topic ? Error::unknown_topic_id : Error::unknown_topic_or_partition;
  return wanted;
}

// Whether this log is the one the client remembers (KIP-320), and has the offset.
Error check(Wanted& wanted) {
  const Partition& partition = *wanted.partition;
  const auto& asked = wanted.wish.asked;
  if (partition.closed()) return Error::unknown_topic_or_partition;
  if (asked.current_leader_epoch > partition.leader_epoch()) return Error::unknown_leader_epoch;
  if (asked.current_leader_epoch >= 0 && asked.current_leader_epoch < partition.leader_epoch())
    return Error::fenced_leader_epoch;
  if (asked.last_fetched_epoch >= 0) {
    const auto end = partition.epochs().end_of(asked.last_fetched_epoch, partition.end());
    if (end.epoch < 0) return Error::offset_out_of_range;
    if (end.epoch < asked.last_fetched_epoch || end.offset < asked.fetch_offset) wanted.diverging = end;
  }
  if (asked.fetch_offset < partition.start() || asked.fetch_offset > partition.end())
    return Error::offset_out_of_range;
  return Error::none;
}

struct Got {
  std::size_t bytes = 0;
  bool at_once = false;  // an error or the like: nothing to wait for
};

// In the order asked for. The first batch of all comes whatever its size (KIP-74); after it only what fits,
// up to the first that does not: to look into all others for a batch small enough would cost more than the
// next request, in which they are first.
Task<Got> read_all(Context& context, std::vector<Wanted>& wanted, bool committed, std::size_t bytes_max) {
  Got got;
  bool full = false;
  for (Wanted& w : wanted) {
    if (context.pace.due()) co_await context.pace.give_way();
    if (w.partition) w.error = check(w);
    if (w.error != Error::none || w.diverging.epoch >= 0) {
      got.at_once = true;
      continue;
    }
    w.high_watermark = w.partition->high_watermark();
    w.last_stable = w.partition->last_stable_offset();
    w.log_start = w.partition->start();
    w.read = {};
    const Offset until = committed ? w.last_stable : w.high_watermark;
    const auto asked_max = static_cast<std::size_t>(std::max(w.wish.asked.partition_max_bytes, 0));
    const std::size_t left = bytes_max - std::min(bytes_max, got.bytes);
    const std::size_t room = std::min(asked_max, left);
    full = full || (got.bytes > 0 && left == 0);
    if (w.wish.asked.fetch_offset >= until || full) continue;
    auto read = co_await w.partition->read(w.wish.asked.fetch_offset, room, until);
    if (!read) {
      w.error = to_kafka(read.error());
      got.at_once = true;
      continue;
    }
    const bool fits = got.bytes == 0 || read->size <= room;
    if (room == left && (!fits || read->next < until)) got.at_once = true;  // there is more than may come
    if (!fits) {
      full = room == left;
      continue;
    }
    got.bytes += read->size;
    w.read = std::move(*read);
  }
  co_return got;
}

// Whether there is something new to read.
bool changed(const Wanted& wanted, bool committed) {
  if (!wanted.partition) return false;
  const Partition& now = *wanted.partition;
  const bool more = committed ? now.last_stable_offset() != wanted.last_stable
                              : now.high_watermark() != wanted.high_watermark;
  return more || now.closed() || now.start() != wanted.log_start;
}

Task<bool> any_changed(Context& context, const std::vector<Wanted>& wanted, bool committed) {
  for (const Wanted& w : wanted) {
    if (context.pace.due()) co_await context.pace.give_way();
    if (changed(w, committed)) co_return true;
  }
  co_return false;
}

// Wakes when one of them changes from now on.
Task<std::shared_ptr<Waiter>> wait_for(Context& context, const std::vector<Wanted>& wanted, bool committed,
                                       Time deadline) {
  auto waiter = std::make_shared<Waiter>(context.broker.loop.get_executor(), deadline);
  for (const Wanted& w : wanted) {
    if (context.pace.due()) co_await context.pace.give_way();
    committed ? w.partition->wait_stable(waiter) : w.partition->wait(waiter);
  }
  co_return waiter;
}

bool is_committed(const kafka::FetchRequest& request) {
  return request.isolation_level == 1;
}

// Reads until there is enough, something to tell at once, or the deadline.
Task<void> read_enough(Context& context, const kafka::FetchRequest& request, std::vector<Wanted>& wanted) {
  const auto asked_max = std::min(static_cast<std::size_t>(std::max(request.max_bytes, 0)), fetch_bytes_max);
  const auto bytes_min = std::min(static_cast<std::size_t>(std::max(request.min_bytes, 0)), asked_max);
  const auto good = good_bytes(wanted.size(), net::round_trip(context.peer->socket));
  const auto bytes_max = bytes_min > good ? asked_max : std::min(asked_max, good);
  const bool committed = is_committed(request);
  const Time deadline =
      context.broker.clock.now() + std::chrono::milliseconds(std::max(request.max_wait_ms, 0));
  for (;;) {
    const Got got = co_await read_all(context, wanted, committed, bytes_max);
    if (got.bytes >= bytes_min || got.at_once || wanted.empty() || request.max_wait_ms <= 0) co_return;
    if (context.broker.clock.now() >= deadline || context.peer->gone) co_return;
    const auto waiter = co_await wait_for(context, wanted, committed, deadline);
    if (co_await any_changed(context, wanted, committed))
      continue;                     // meanwhile, or while a cold read was waited for
    co_await Waiter::wait(waiter);  // and then once more, at the deadline too: the answer says how it is now
  }
}

net::Pieces to_net(std::vector<storage::Piece>&& pieces) {
  net::Pieces out;
  out.reserve(pieces.size());
  for (storage::Piece& p : pieces)
    out.push_back({std::move(p.memory), std::move(p.file), p.position, p.size});
  return out;
}

// All that overlap what is sent, in order: readers skip what these wrote (omitting one shows aborted
// records).
std::vector<kafka::FetchResponse::AbortedTransaction> aborted_in(const Wanted& wanted) {
  std::vector<kafka::FetchResponse::AbortedTransaction> answer;
  if (wanted.read.size == 0) return answer;
  const auto& transactions = wanted.partition->producers().transactions();
  for (const auto& aborted : transactions.aborted(wanted.wish.asked.fetch_offset, wanted.read.next))
    answer.push_back({aborted.producer, aborted.first});
  return answer;
}

kafka::FetchResponse::PartitionData answer_of(const Context& context, Wanted& wanted, bool committed) {
  kafka::FetchResponse::PartitionData data;
  data.partition_index = wanted.wish.key.partition;
  Error error = wanted.error;
  if (error == Error::kafka_storage_error && context.version <= 5) error = Error::not_leader_or_follower;
  data.error_code = static_cast<std::int16_t>(error);
  const bool fine = wanted.error == Error::none;
  data.high_watermark = fine ? wanted.high_watermark : -1;
  data.last_stable_offset = fine ? wanted.last_stable : -1;
  data.log_start_offset = fine ? wanted.log_start : -1;
  if (committed && fine) data.aborted_transactions = aborted_in(wanted);
  data.diverging_epoch = {wanted.diverging.epoch, wanted.diverging.offset};
  if (wanted.error == Error::fenced_leader_epoch)
    data.current_leader = {context.broker.identity.node_id, wanted.partition->leader_epoch()};
  data.records.emplace().pieces = to_net(std::move(wanted.read.pieces));
  return data;
}

// All that is asked for, in order.
Task<std::vector<Wanted>> find_all(Context& context, const kafka::FetchRequest& request,
                                   FetchSessions::Begun& begun) {
  const bool by_id = context.version >= version_with_ids;
  const Topics& topics = context.broker.topics;
  std::vector<Wanted> wanted;
  wanted.reserve(begun.wishes.size());
  for (FetchWish& wish : begun.wishes) {
    if (context.pace.due()) co_await context.pace.give_way();
    wanted.push_back(find(topics, std::move(wish), by_id));
  }
  if (!begun.is_long) co_return wanted;
  std::size_t count = 0;
  for (const auto& topic : request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    count += topic.partitions.size();
  }
  wanted.reserve(count);
  for (const auto& topic : request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    for (const auto& partition : topic.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      FetchWish wish{{topic.topic, topic.topic_id, partition.partition}, partition};
      wanted.push_back(find(topics, std::move(wish), by_id));
      wanted.back().siblings = topic.partitions.size();
    }
  }
  co_return wanted;
}

}  // namespace

Task<kafka::FetchResponse> fetch(Context& context, kafka::FetchRequest& request) {
  const bool by_id = context.version >= version_with_ids;
  kafka::FetchResponse response;
  auto begun = context.broker.sessions.begin(request, by_id, context.broker.clock.now());
  if (begun.error != Error::none) {
    response.error_code = static_cast<std::int16_t>(begun.error);
    co_return response;
  }
  std::vector<Wanted> wanted = co_await find_all(context, request, begun);
  co_await read_enough(context, request, wanted);

  if (begun.session) response.session_id = begun.session->id;
  std::map<std::pair<std::string, Uuid>, std::size_t>
      place;  // each topic once, whatever the order of the partitions
  for (Wanted& w : wanted) {
    if (context.pace.due()) co_await context.pace.give_way();
    const bool has_records = w.read.size > 0;
    auto data = answer_of(context, w, is_committed(request));
    if (begun.is_long) w.partition.reset();  // here: a partition belongs to the loop
    if (begun.session && !begun.session->news(w.wish.key, data, has_records) && begun.incremental) continue;
    const auto [at, fresh] =
        place.try_emplace({w.wish.key.topic, w.wish.key.topic_id}, response.responses.size());
    if (fresh) {
      response.responses.push_back({w.wish.key.topic, w.wish.key.topic_id, {}});
      response.responses.back().partitions.reserve(w.siblings);
    }
    response.responses[at->second].partitions.push_back(std::move(data));
  }
  if (begun.is_long) discard(context.broker.workers, std::pair(std::move(wanted), std::move(place)));
  co_return response;
}

}  // namespace mq::core
