// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/fetch.h"

#include <algorithm>

#include "core/error.h"
#include "core/handlers/handlers.h"
#include "core/handlers/nodes.h"
#include "core/loop/run_on.h"
#include "core/pieces.h"
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

// Who reads, and where it stands.
struct Reader {
  bool committed = false;  // only what committed transactions wrote
  bool has_rack = false;   // it says in which; followers, too, may answer it (KIP-392)
  // Brokers in its rack that may be followers of what is led here; none where this one is in it as well.
  std::vector<BrokerId> near = {};
};

constexpr kafka::Version version_with_rack = 11;

Reader reader_of(const Context& context, const kafka::FetchRequest& request) {
  Reader reader{request.isolation_level == 1,
                context.version >= version_with_rack && !request.rack_id.empty()};
  if (!reader.has_rack || request.rack_id == context.broker.config.rack) return reader;
  const Registrations& registrations = context.broker.catalog.registrations();
  for (const Node& node : nodes(context)) {
    const auto known = registrations.find(node.id);
    if (node.rack == request.rack_id && known != registrations.end() && known->second.running)
      reader.near.push_back(node.id);
  }
  return reader;
}

// A partition as this fetch sees it. Lives in the coroutine.
struct PartitionRead {
  PartitionRequest request;
  std::string topic_name;
  std::shared_ptr<Partition> partition;
  Error error = Error::none;
  Epochs::End diverging;
  Offset high_watermark = -1, last_stable = -1, log_start = -1;
  BrokerId preferred = -1;  // from which it should be read instead
  storage::Read read;
  std::size_t siblings = 0;  // asked for with it, of the same topic; 0: unknown
};

PartitionRead find(const Services& broker, PartitionRequest one, bool by_id) {
  PartitionRead reading{std::move(one), {}, nullptr, Error::none, {}, -1, -1, -1, -1, {}, 0};
  const TopicPtr topic = by_id ? broker.catalog.find(reading.request.key.topic_id)
                               : broker.catalog.find(reading.request.key.topic);
  Located located = broker.locate(topic, reading.request.key.partition);
  reading.partition = std::move(located.partition);
  if (!reading.partition) reading.error = by_id && !topic ? Error::unknown_topic_id : located.error();
  return reading;
}

// A follower may lack what the leader has, or have what it will truncate: only the leader can tell a client
// that its position is wrong, and to the leader it goes back with OFFSET_OUT_OF_RANGE.
Error check_follower(const Partition& partition, const kafka::FetchRequest::FetchPartition& asked) {
  if (!partition.is_exact()) return Error::replica_not_available;  // which transactions were aborted
  if (asked.fetch_offset < partition.start() || asked.fetch_offset > partition.end())
    return Error::offset_out_of_range;
  if (asked.last_fetched_epoch < 0) return Error::none;
  const auto end = partition.end_of(asked.last_fetched_epoch);
  const bool is_same = end.epoch == asked.last_fetched_epoch && asked.fetch_offset <= end.offset;
  return is_same ? Error::none : Error::offset_out_of_range;
}

// Whether this log is the one the client remembers (KIP-320), and has the offset.
Error check(PartitionRead& reading, const Reader& reader) {
  const Partition& partition = *reading.partition;
  const auto& asked = reading.request.asked;
  if (partition.closed()) return Error::unknown_topic_or_partition;
  if (!partition.leads() && !reader.has_rack) return Error::not_leader_or_follower;
  if (asked.current_leader_epoch > partition.leader_epoch()) return Error::unknown_leader_epoch;
  if (asked.current_leader_epoch >= 0 && asked.current_leader_epoch < partition.leader_epoch())
    return Error::fenced_leader_epoch;
  if (!partition.leads()) return check_follower(partition, asked);
  if (asked.last_fetched_epoch >= 0) {
    const auto end = partition.end_of(asked.last_fetched_epoch);
    if (end.epoch < 0) return Error::offset_out_of_range;
    if (end.epoch < asked.last_fetched_epoch || end.offset < asked.fetch_offset) reading.diverging = end;
  }
  if (asked.fetch_offset < partition.start() || asked.fetch_offset > partition.end())
    return Error::offset_out_of_range;
  return Error::none;
}

BrokerId preferred_for(const PartitionRead& reading, const Reader& reader) {
  const auto& replicas = reading.partition->replicas();
  if (reader.near.empty() || !replicas) return -1;
  return replicas->reader_at(reading.request.asked.fetch_offset, reader.near).value_or(-1);
}

struct ReadResult {
  std::size_t bytes = 0;
  bool at_once = false;  // an error or the like: nothing to wait for
};

// In the order asked for. The first batch of all comes whatever its size (KIP-74); after it only what fits,
// up to the first that does not: to look into all others for a batch small enough would cost more than the
// next request, in which they are first.
Task<ReadResult> read_all(Context& context, std::vector<PartitionRead>& reads, const Reader& reader,
                          std::size_t bytes_max) {
  ReadResult result;
  bool full = false;
  for (PartitionRead& reading : reads) {
    if (context.pace.due()) co_await context.pace.give_way();
    if (reading.partition) reading.error = check(reading, reader);
    if (reading.error != Error::none || reading.diverging.epoch >= 0) {
      result.at_once = true;
      continue;
    }
    reading.high_watermark = reading.partition->high_watermark();
    reading.last_stable = reading.partition->last_stable_offset();
    reading.log_start = reading.partition->start();
    reading.read = {};
    reading.preferred = preferred_for(reading, reader);
    if (reading.preferred >= 0) {
      result.at_once = true;
      continue;
    }
    const Offset until = reader.committed ? reading.last_stable : reading.high_watermark;
    const auto asked_max = static_cast<std::size_t>(std::max(reading.request.asked.partition_max_bytes, 0));
    const std::size_t left = bytes_max - std::min(bytes_max, result.bytes);
    const std::size_t room = std::min(asked_max, left);
    full = full || (result.bytes > 0 && left == 0);
    if (reading.request.asked.fetch_offset >= until || full) continue;
    auto read = co_await reading.partition->read(reading.request.asked.fetch_offset, room, until);
    if (!read) {
      reading.error = reading.partition->leads() ? to_kafka(read.error()) : Error::replica_not_available;
      result.at_once = true;
      continue;
    }
    const bool fits = result.bytes == 0 || read->size <= room;
    if (room == left && (!fits || read->next < until)) result.at_once = true;  // there is more than may come
    if (!fits) {
      full = room == left;
      continue;
    }
    result.bytes += read->size;
    reading.read = std::move(*read);
  }
  co_return result;
}

// Whether there is something new to read.
bool changed(const PartitionRead& reading, bool committed) {
  if (!reading.partition) return false;
  const Partition& now = *reading.partition;
  const bool more = committed ? now.last_stable_offset() != reading.last_stable
                              : now.high_watermark() != reading.high_watermark;
  return more || now.closed() || now.start() != reading.log_start;
}

Task<bool> any_changed(Context& context, const std::vector<PartitionRead>& reads, bool committed) {
  for (const PartitionRead& reading : reads) {
    if (context.pace.due()) co_await context.pace.give_way();
    if (changed(reading, committed)) co_return true;
  }
  co_return false;
}

// Wakes when one of them changes from now on.
Task<std::shared_ptr<Waiter>> wait_for(Context& context, const std::vector<PartitionRead>& reads,
                                       bool committed, Time deadline) {
  auto waiter = std::make_shared<Waiter>(context.broker.loop, context.broker.clock, deadline);
  for (const PartitionRead& reading : reads) {
    if (context.pace.due()) co_await context.pace.give_way();
    committed ? reading.partition->wait_stable(waiter) : reading.partition->wait(waiter);
  }
  co_return waiter;
}

// Reads until there is enough, something to tell at once, or the deadline.
Task<void> read_enough(Context& context, const kafka::FetchRequest& request, const Reader& reader,
                       std::vector<PartitionRead>& reads) {
  const auto asked_max = std::min(static_cast<std::size_t>(std::max(request.max_bytes, 0)), fetch_bytes_max);
  const auto bytes_min = std::min(static_cast<std::size_t>(std::max(request.min_bytes, 0)), asked_max);
  const auto good = good_bytes(reads.size(), net::round_trip(context.peer->socket));
  const auto bytes_max = bytes_min > good ? asked_max : std::min(asked_max, good);
  const Time deadline =
      context.broker.clock.now() + std::chrono::milliseconds(std::max(request.max_wait_ms, 0));
  for (;;) {
    const ReadResult result = co_await read_all(context, reads, reader, bytes_max);
    if (result.bytes >= bytes_min || result.at_once || reads.empty() || request.max_wait_ms <= 0) co_return;
    if (context.broker.clock.now() >= deadline || context.peer->gone) co_return;
    const auto waiter = co_await wait_for(context, reads, reader.committed, deadline);
    if (co_await any_changed(context, reads, reader.committed))
      continue;  // meanwhile, or while a cold read was waited for
    if (context.peer->gone) co_return;
    context.peer->when_gone = [waiter] { waiter->wake(); };
    const Time since = context.broker.clock.now();
    co_await Waiter::wait(waiter);  // and then once more, at the deadline too: the answer says how it is now
    context.waited += context.broker.clock.now() - since;
    context.peer->when_gone = nullptr;
  }
}

// All that overlap what is sent, in order: readers skip what these wrote (omitting one shows aborted
// records).
std::vector<kafka::FetchResponse::AbortedTransaction> aborted_in(const PartitionRead& reading) {
  std::vector<kafka::FetchResponse::AbortedTransaction> answer;
  if (reading.read.size == 0) return answer;
  const auto& transactions = reading.partition->producers().transactions();
  for (const auto& aborted : transactions.aborted(reading.request.asked.fetch_offset, reading.read.next))
    answer.push_back({aborted.producer, aborted.first});
  return answer;
}

kafka::FetchResponse::PartitionData answer_of(const Context& context, PartitionRead& reading,
                                              bool committed) {
  kafka::FetchResponse::PartitionData data;
  data.partition_index = reading.request.key.partition;
  Error error = reading.error;
  if (error == Error::kafka_storage_error && context.version <= 5) error = Error::not_leader_or_follower;
  data.error_code = kafka::number_of(error);
  const bool fine = reading.error == Error::none;
  data.high_watermark = fine ? reading.high_watermark : -1;
  data.last_stable_offset = fine ? reading.last_stable : -1;
  data.log_start_offset = fine ? reading.log_start : -1;
  if (committed && fine) data.aborted_transactions = aborted_in(reading);
  if (reading.read.size > 0)
    reading.partition->sent(reading.read.next - reading.request.asked.fetch_offset, reading.read.size);
  data.diverging_epoch = {reading.diverging.epoch, reading.diverging.offset};
  data.preferred_read_replica = fine ? reading.preferred : -1;
  if (reading.error == Error::fenced_leader_epoch && reading.partition->leads())
    data.current_leader = {context.broker.identity.node_id, reading.partition->leader_epoch()};
  data.records.emplace().pieces = to_net(std::move(reading.read.pieces));
  return data;
}

// What a broker asks for to copy it, as it says; before version 15 in another place.
bool is_of_replica(const Context& context, const kafka::FetchRequest& request) {
  constexpr kafka::Version version_with_state = 15;
  return (context.version < version_with_state ? request.replica_id : request.replica_state.replica_id) >= 0;
}

// Whoever is no broker, or came by another listener, could move a high watermark. Before version 7 an answer
// has no error but its partitions'.
Task<kafka::FetchResponse> refused(Context& context, const kafka::FetchRequest& request) {
  constexpr kafka::Version version_with_error = 7;
  kafka::FetchResponse response;
  response.error_code = kafka::number_of(Error::invalid_request);
  if (context.version >= version_with_error) co_return response;
  for (const auto& topic : request.topics) {
    auto& answer = response.responses.emplace_back();
    answer.topic = topic.topic;
    for (const auto& asked : topic.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      auto& partition = answer.partitions.emplace_back();
      partition.partition_index = asked.partition;
      partition.error_code = response.error_code;
      partition.high_watermark = -1;
    }
  }
  co_return response;
}

// All that is asked for, in order.
Task<std::vector<PartitionRead>> find_all(Context& context, const kafka::FetchRequest& request,
                                          FetchSessions::SessionContext& session_context) {
  const bool by_id = context.version >= version_with_ids;
  std::vector<PartitionRead> reads;
  reads.reserve(session_context.partitions.size());
  for (PartitionRequest& one : session_context.partitions) {
    if (context.pace.due()) co_await context.pace.give_way();
    reads.push_back(find(context.broker, std::move(one), by_id));
  }
  if (!session_context.is_long) co_return reads;
  std::size_t count = 0;
  for (const auto& topic : request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    count += topic.partitions.size();
  }
  reads.reserve(count);
  for (const auto& topic : request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    for (const auto& partition : topic.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      PartitionRequest one{{topic.topic, topic.topic_id, partition.partition}, partition};
      reads.push_back(find(context.broker, std::move(one), by_id));
      reads.back().siblings = topic.partitions.size();
    }
  }
  co_return reads;
}

}  // namespace

Task<kafka::FetchResponse> fetch(Context& context, kafka::FetchRequest& request) {
  const bool by_id = context.version >= version_with_ids;
  kafka::FetchResponse response;
  if (is_of_replica(context, request)) {
    if (context.broker.replica_fetches && context.peer->listener == internal_listener) {
      const Time since = context.broker.clock.now();
      response = co_await context.broker.replica_fetches->fetch(request);
      context.waited += context.broker.clock.now() - since;  // nearly all of it
      co_return response;
    }
    co_return co_await refused(context, request);
  }
  auto session_context = context.broker.sessions.begin(request, by_id, context.broker.clock.now());
  if (session_context.error != Error::none) {
    response.error_code = kafka::number_of(session_context.error);
    co_return response;
  }
  std::vector<PartitionRead> reads = co_await find_all(context, request, session_context);
  const Reader reader = reader_of(context, request);
  co_await read_enough(context, request, reader, reads);

  if (session_context.session) response.session_id = session_context.session->id;
  std::map<std::pair<std::string, Uuid>, std::size_t>
      place;  // each topic once, whatever the order of the partitions
  for (PartitionRead& reading : reads) {
    if (context.pace.due()) co_await context.pace.give_way();
    const bool has_records = reading.read.size > 0;
    auto data = answer_of(context, reading, reader.committed);
    if (session_context.is_long) reading.partition.reset();  // here: a partition belongs to the loop
    if (session_context.session &&
        !session_context.session->changed(reading.request.key, data, has_records) &&
        session_context.incremental)
      continue;
    const auto [at, fresh] = place.try_emplace({reading.request.key.topic, reading.request.key.topic_id},
                                               response.responses.size());
    if (fresh) {
      response.responses.push_back({reading.request.key.topic, reading.request.key.topic_id, {}});
      response.responses.back().partitions.reserve(reading.siblings);
    }
    response.responses[at->second].partitions.push_back(std::move(data));
  }
  if (session_context.is_long) discard(context.broker.workers, std::pair(std::move(reads), std::move(place)));
  co_return response;
}

}  // namespace mq::core
