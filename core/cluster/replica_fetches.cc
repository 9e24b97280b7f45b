// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/replica_fetches.h"

#include "core/error.h"
#include "core/partition/mistakes.h"
#include "core/pieces.h"
#include "net/kafka/error.h"

namespace mq::core {

using kafka::Error;
using PartitionData = kafka::FetchResponse::PartitionData;

namespace {

constexpr auto room_again_after = std::chrono::milliseconds(20);  // whether there is room to send more

// Whether that log is a prefix of this one, in the leader epoch that this broker leads in (KIP-320).
struct Checked {
  Error error = Error::none;
  Epochs::End diverging = {};
};

Checked check(BrokerId follower, const Partition* partition, const ReplicaSession::Asked& asked) {
  if (!partition || partition->closed()) return {Error::unknown_topic_or_partition};
  if (!partition->leads() || partition->is_truncating()) return {Error::not_leader_or_follower};
  if (!partition->replicas()->has(follower))
    return {Error::unknown_leader_epoch};  // it is not known here yet
  if (makes(Mistake::no_leader_epoch_check)) return {};
  if (asked.current_leader_epoch > partition->leader_epoch()) return {Error::unknown_leader_epoch};
  if (asked.current_leader_epoch < partition->leader_epoch()) return {Error::fenced_leader_epoch};
  if (asked.last_fetched_epoch >= 0) {
    const auto end = partition->end_of(asked.last_fetched_epoch);
    if (end.epoch < 0) return {Error::offset_out_of_range};
    if (end.epoch < asked.last_fetched_epoch || end.offset < asked.fetch_offset) return {Error::none, end};
  }
  if (asked.fetch_offset < partition->start() || asked.fetch_offset > partition->end())
    return {Error::offset_out_of_range};
  return {};
}

}  // namespace

void ReplicaFetches::limit(IsAdded is_added, std::function<std::uint64_t()> rate) {
  is_added_ = std::move(is_added);
  limit_ = RateLimit(std::move(rate));
}

// What waits in it is answered with nothing.
void ReplicaFetches::end(const Session& session) {
  session->fetches++;
  session->wake();
  sessions_.erase(session->id());
}

ReplicaFetches::Session ReplicaFetches::begin(const kafka::FetchRequest& request) {
  const BrokerId broker = request.replica_state.replica_id;
  const BrokerEpoch epoch = request.replica_state.replica_epoch;
  std::vector<Session> earlier;  // oldest first
  for (const auto& [id, session] : sessions_)
    if (session->broker() == broker) earlier.push_back(session);
  std::size_t kept = earlier.size();
  for (const Session& session : earlier) {
    const bool ends = session->id() == request.session_id || session->broker_epoch() != epoch ||
                      kept >= sessions_per_broker_max;
    if (!ends) continue;
    kept--;
    end(session);
  }
  const auto session = std::make_shared<ReplicaSession>(broker, epoch, ++sessions_made_);
  sessions_[session->id()] = session;
  return session;
}

Result<ReplicaFetches::Session> ReplicaFetches::session_of(const kafka::FetchRequest& request) {
  if (request.session_epoch == 0) return begin(request);
  const auto found = sessions_.find(request.session_id);
  const bool is_its = found != sessions_.end() &&
                      found->second->broker() == request.replica_state.replica_id &&
                      found->second->broker_epoch() == request.replica_state.replica_epoch;
  if (!is_its) return kafka::make_error_code(Error::fetch_session_id_not_found);
  if (found->second->next_request != request.session_epoch)
    return kafka::make_error_code(Error::invalid_fetch_session_epoch);
  found->second->next_request++;
  return found->second;
}

// What it has is counted at once; what it lacks is read afterwards.
Task<void> ReplicaFetches::take(const kafka::FetchRequest& request, Session session) {
  Pace pace(co_await asio::this_coro::executor, clock_);
  for (const auto& topic : request.forgotten_topics_data)
    for (const std::int32_t index : topic.partitions) session->forget({topic.topic_id, index});
  for (const auto& topic : request.topics)
    for (const auto& asked : topic.partitions) {
      if (pace.due()) co_await pace.give_way();
      const ReplicaSession::Key key{topic.topic_id, asked.partition};
      session->ask(key, partitions_.find(topic.topic_id, asked.partition), asked);
      note(*session, key);
    }
}

void ReplicaFetches::note(ReplicaSession& session, const ReplicaSession::Key& key) {
  const ReplicaSession::Entry& entry = *session.find(key);
  const Checked checked = check(session.broker(), entry.partition.get(), entry.asked);
  const bool diverges = checked.diverging.epoch >= 0 && !makes(Mistake::counts_diverging_fetch);
  if (checked.error != Error::none || diverges) return;
  const Replicas::Fetch fetch{session.broker(), session.broker_epoch(), entry.asked.current_leader_epoch,
                              entry.asked.fetch_offset, entry.asked.log_start_offset};
  const bool counts = entry.partition->change_replicas(
      [&](Replicas& replicas) { return replicas.fetched(fetch, clock_.now()); });
  if (counts) fetched_(key, *entry.partition);
}

Task<kafka::FetchResponse> ReplicaFetches::fetch(const kafka::FetchRequest& request) {
  heard_ = clock_.now();
  kafka::FetchResponse response;
  const auto found = session_of(request);
  if (!found) {
    response.error_code = static_cast<std::int16_t>(found.error().value());
    co_return response;
  }
  const Session session = *found;
  const std::uint64_t number = ++session->fetches;
  session->wake();  // a fetch before this one ends
  const Time deadline = clock_.now() + std::chrono::milliseconds(std::max(request.max_wait_ms, 0));
  co_await take(request, session);
  const auto bytes_max = std::min(static_cast<std::size_t>(std::max(request.max_bytes, 1)), answer_bytes_max);
  Answers answers;
  for (;;) {
    co_await collect(session, number, bytes_max, answers);
    if (!answers.empty() || stopped_ || session->fetches != number || clock_.now() >= deadline) break;
    if (session->has_changed()) continue;
    const Time until = session->holds() ? std::min(deadline, clock_.now() + room_again_after) : deadline;
    const auto waiter = std::make_shared<Waiter>(loop_, clock_, until);
    session->wait(waiter);
    co_await Waiter::wait(waiter);
    session->release();
  }
  if (session->fetches == number) tell_quiet(*session, answers);
  response.session_id = session->id();
  for (auto& [key, data] : answers) {
    if (response.responses.empty() || response.responses.back().topic_id != key.first)
      response.responses.push_back({{}, key.first, {}});
    response.responses.back().partitions.push_back(std::move(data));
  }
  co_return response;
}

bool ReplicaFetches::is_limited(const ReplicaSession& session, const ReplicaSession::Key& key,
                                const Partition* partition) {
  return partition && partition->leads() && is_added_(key, session.broker()) &&
         !find_entry(partition->replicas()->isr(), session.broker());
}

// Of what changed, until the answer is full, or the next request has come: what that asks for, it is told. In
// between it may be asked for anew: then that is answered.
Task<void> ReplicaFetches::collect(Session session, std::uint64_t number, std::size_t bytes_max,
                                   Answers& answers) {
  Pace pace(co_await asio::this_coro::executor, clock_);
  std::size_t bytes = 0;
  while (bytes < bytes_max) {
    if (pace.due()) co_await pace.give_way();
    const auto key = session->fetches == number ? session->take_changed() : std::nullopt;
    if (!key) co_return;
    const ReplicaSession::Entry* entry = session->find(*key);
    if (!entry || entry->is_answered) continue;
    const bool is_limited = this->is_limited(*session, *key, entry->partition.get());
    if (is_limited && !limit_.has_room(clock_.now())) {
      session->hold(*key);
      continue;
    }
    const std::uint64_t asks = entry->asks;
    const auto& asked = entry->asked;
    const auto room = std::min(bytes_max - bytes, static_cast<std::size_t>(asked.partition_max_bytes));
    PartitionData data = co_await answer_of(session->broker(), *entry, key->second, room);
    ReplicaSession::Entry* now = session->find(*key);
    if (!now || now->asks != asks) continue;
    if (!ReplicaSession::is_news(data)) {
      session->be_quiet(*key);
      continue;
    }
    now->is_answered = true;
    // Whoever has to truncate or to begin elsewhere takes nothing else from that answer.
    const bool is_taken = data.error_code == 0 && data.diverging_epoch.epoch < 0;
    now->told_high_watermark = is_taken ? data.high_watermark : -1;
    now->told_start = is_taken ? data.log_start_offset : -1;
    bytes += data.records->size();
    if (is_limited) limit_.take(data.records->size());
    answers[*key] = std::move(data);
  }
}

Task<PartitionData> ReplicaFetches::answer_of(BrokerId follower, ReplicaSession::Entry entry,
                                              std::int32_t index, std::size_t bytes_max) {
  PartitionData data;
  data.partition_index = index;
  data.high_watermark = data.log_start_offset = -1;
  const Checked checked = check(follower, entry.partition.get(), entry.asked);
  data.error_code = kafka::number_of(checked.error);
  data.diverging_epoch = {checked.diverging.epoch, checked.diverging.offset};
  if (checked.error == Error::none || checked.error == Error::offset_out_of_range) {
    data.high_watermark = entry.partition->high_watermark();
    data.log_start_offset = entry.partition->start();
  }
  const bool has_more = checked.error == Error::none && checked.diverging.epoch < 0 &&
                        entry.asked.fetch_offset < entry.partition->end();
  if (!has_more) co_return data;
  auto read = co_await entry.partition->read(entry.asked.fetch_offset, bytes_max);
  if (!read)
    data.error_code = kafka::number_of(to_kafka(read.error()));
  else
    data.records.emplace().pieces = to_net(std::move(read->pieces));
  co_return data;
}

// High watermarks and starts go with an answer that leaves anyway.
void ReplicaFetches::tell_quiet(ReplicaSession& session, Answers& answers) {
  for (const ReplicaSession::Key& key : session.take_quiet()) {
    ReplicaSession::Entry* entry = session.find(key);
    if (!entry || answers.contains(key) || !entry->partition->leads()) continue;
    if (entry->asked.current_leader_epoch != entry->partition->leader_epoch()) continue;
    const Offset high_watermark = entry->partition->high_watermark(), start = entry->partition->start();
    if (entry->told_high_watermark == high_watermark && entry->told_start == start) continue;
    PartitionData& data = answers[key];
    data.partition_index = key.second;
    entry->told_high_watermark = data.high_watermark = high_watermark;
    entry->told_start = data.log_start_offset = start;
  }
}

void ReplicaFetches::stop() {
  stopped_ = true;
  for (const auto& [id, session] : sessions_) session->wake();
}

}  // namespace mq::core
