// SPDX-License-Identifier: Apache-2.0
#include "core/cluster/replica_fetcher.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/loop/wait_group.h"
#include "core/partition/mistakes.h"
#include "net/kafka/codec_definitions.h"
#include "net/kafka/error.h"
#include "net/kafka/header.h"
#include "storage/error.h"

namespace mq::core {

using kafka::Error;
using PartitionData = kafka::FetchResponse::PartitionData;

namespace {

constexpr kafka::Version version = 17;  // brokers of one cluster all know it
constexpr auto pause_after_error = std::chrono::milliseconds(100);

}  // namespace

void ReplicaFetcher::follow(const Key& key, std::shared_ptr<Partition> partition, Epoch leader_epoch,
                            bool may_lose) {
  Following& following = following_[key];
  if (following.partition == partition && following.leader_epoch == leader_epoch) return;
  following = {std::move(partition), leader_epoch, may_lose};
  forgotten_.erase(key);
  has_new_ = true;
  if (!std::exchange(runs_, true)) asio::co_spawn(loop_, work(shared_from_this()), asio::detached);
  wake();
}

void ReplicaFetcher::leave(const Key& key) {
  if (following_.erase(key) == 0) return;
  if (asked_.erase(key) > 0) forgotten_.insert(key);
}

void ReplicaFetcher::stop() {
  stopped_ = true;
  if (connection_) connection_->close();
  wake();
}

void ReplicaFetcher::wake() {
  if (const auto waiter = waiter_.lock()) waiter->wake();
}

Task<void> ReplicaFetcher::work(This self) {
  while (!self->stopped_) {
    bool failed = false;
    if (!self->following_.empty() && self->self_.epoch() < 0) {
      failed = true;  // not registered yet: nothing of it would count
    } else if (!self->following_.empty()) {
      const auto connected = co_await self->connect_(self->leader_);
      failed = !connected;
      if (connected && !self->stopped_) {
        self->connection_ = *connected;
        co_await self->converse(*connected);
        self->connection_->close();
        failed = true;
      }
    }
    if (self->stopped_) break;
    const Time until = failed ? self->clock_.now() + pause_after_error : Time::max();
    const auto waiter = std::make_shared<Waiter>(self->loop_, self->clock_, until);
    self->waiter_ = waiter;
    co_await Waiter::wait(waiter);
  }
}

// Until the connection fails, or nothing is followed here any more. The leader ends a request that waits when
// the next one comes.
Task<void> ReplicaFetcher::converse(Connection connection) {
  next_request_ = 0;
  has_session_ = false;
  asked_.clear();
  forgotten_.clear();
  for (auto& [key, following] : following_) following.is_due = true;
  std::deque<std::shared_ptr<Call>> calls;
  while (!stopped_ && !following_.empty()) {
    if (calls.empty() || (calls.size() == 1 && has_new_ && has_session_)) {
      has_new_ = false;
      kafka::FetchRequest request = co_await next_request();
      const auto call = std::make_shared<Call>();
      call->number = request.session_epoch;
      calls.push_back(call);
      asio::co_spawn(loop_, ask(shared_from_this(), connection, std::move(request), call), asio::detached);
      continue;
    }
    if (!calls.front()->frame) {
      const auto waiter = std::make_shared<Waiter>(loop_, clock_, Time::max());
      waiter_ = waiter;
      co_await Waiter::wait(waiter);
      continue;
    }
    const auto call = calls.front();
    calls.pop_front();
    if (!*call->frame) co_return;
    const auto response = decoded(**call->frame);
    if (!response || response->error_code != 0) co_return;  // from the beginning
    session_ = response->session_id;
    has_session_ = true;
    co_await apply(*response, *call);
  }
}

Task<void> ReplicaFetcher::ask(This self, Connection connection, kafka::FetchRequest request,
                               std::shared_ptr<Call> call) {
  const auto timeout = wait_max + answer_timeout;
  auto pieces = kafka::encode_request(0, std::nullopt, request, version);
  auto frame = co_await connection->call(std::move(pieces), timeout);
  call->frame = std::move(frame);
  self->wake();
}

// Those of which the leader does not know yet how far they are.
// What is damaged here and what follows it is copied anew: the leader was elected without it.
Task<void> ReplicaFetcher::cut_damage(std::vector<Key> damaged) {
  for (const Key& key : damaged) {
    const auto found = following_.find(key);
    if (found == following_.end()) continue;
    const auto partition = found->second.partition;
    const Offset lost = partition->first_lost().value_or(partition->end());
    spdlog::warn("partition {}: it is damaged at offset {} and copied from its leader from there on",
                 partition->number(), lost);
    const error_code error = co_await partition->truncate(lost);
    if (error) retry_later(key);
  }
}

Task<kafka::FetchRequest> ReplicaFetcher::next_request() {
  std::vector<Key> damaged;
  Pace pace(loop_.get_executor(), clock_);
  kafka::FetchRequest request;
  request.replica_state = {self_.broker, self_.epoch()};
  request.max_wait_ms = static_cast<std::int32_t>(wait_max.count());
  request.min_bytes = 1;
  request.max_bytes = answer_bytes_max;
  request.session_id = session_;
  request.session_epoch = next_request_++;
  const Time now = clock_.now();
  for (auto at = following_.begin(); at != following_.end(); ++at) {
    if (pace.due()) {
      const Key next = at->first;
      co_await pace.give_way();
      at = following_.lower_bound(next);
      if (at == following_.end()) break;
    }
    const Key& key = at->first;
    Following& following = at->second;
    if (!following.is_due || following.not_before > now) continue;
    const Partition& partition = *following.partition;
    if (partition.is_writing() && !makes(Mistake::asks_while_writing)) continue;
    if (partition.first_lost().value_or(partition.end()) < partition.end()) {
      damaged.push_back(key);
      continue;
    }
    following.is_due = false;
    asked_[key] = {following.leader_epoch, partition.end(), request.session_epoch};
    kafka::FetchRequest::FetchPartition asked;
    asked.partition = key.second;
    asked.current_leader_epoch = following.leader_epoch;
    asked.fetch_offset = partition.end();
    asked.last_fetched_epoch = partition.end() > partition.start() ? partition.epochs().last() : -1;
    asked.log_start_offset = partition.start();
    asked.partition_max_bytes = partition_bytes_max;
    if (request.topics.empty() || request.topics.back().topic_id != key.first)
      request.topics.push_back({{}, key.first, {}});
    request.topics.back().partitions.push_back(asked);
  }
  for (const Key& key : std::exchange(forgotten_, {})) {
    auto& topics = request.forgotten_topics_data;
    if (topics.empty() || topics.back().topic_id != key.first) topics.push_back({{}, key.first, {}});
    topics.back().partitions.push_back(key.second);
  }
  co_await cut_damage(std::move(damaged));  // they are asked for with the next
  co_return request;
}

Result<kafka::FetchResponse> ReplicaFetcher::decoded(const net::Slice& frame) const {
  const auto header =
      kafka::parse_response_header(frame.bytes(), kafka::Describe<kafka::FetchRequest>::key, version);
  if (!header) return header.error();
  return kafka::decode<kafka::FetchResponse>(frame.bytes().subspan(header->body_at), version);
}

ReplicaFetcher::Following* ReplicaFetcher::current(const Key& key, const Call& call) {
  const auto found = following_.find(key);
  const auto asked = asked_.find(key);
  if (found == following_.end() || asked == asked_.end() || asked->second.number > call.number)
    return nullptr;
  Following& following = found->second;
  const Partition& partition = *following.partition;
  const bool is_same = asked->second.leader_epoch == following.leader_epoch && !partition.leads() &&
                       partition.leader_epoch() == following.leader_epoch;
  return is_same || makes(Mistake::takes_late_answer) ? &following : nullptr;
}

// All that came is appended before anything of it is waited for.
Task<void> ReplicaFetcher::apply(const kafka::FetchResponse& response, const Call& call) {
  const net::Slice& frame = **call.frame;
  Pace pace(loop_.get_executor(), clock_);
  WaitGroup durable;
  for (const auto& topic : response.responses)
    for (const PartitionData& data : topic.partitions) {
      if (pace.due()) co_await pace.give_way();
      const Key key{topic.topic_id, data.partition_index};
      Following* following = current(key, call);
      // Between batches there may be gaps: nothing but this tells that these follow what is here.
      const bool follows = following && following->partition->end() == asked_.at(key).from;
      if (!follows && !makes(Mistake::takes_late_answer)) following = nullptr;
      const bool has_records = data.error_code == 0 && data.diverging_epoch.epoch < 0 && data.records &&
                               data.records->bytes.size() > 0;
      if (!following || !has_records) continue;
      const net::Bytes bytes = data.records->bytes;
      const auto at = static_cast<std::size_t>(bytes.data() - frame.bytes().data());
      durable.add();
      following->partition->replicate(frame.part(at, bytes.size()), [this, key, &durable](error_code error) {
        if (error) retry_later(key);
        durable.done();
      });
    }
  co_await durable.wait();
  for (const auto& topic : response.responses)
    for (const PartitionData& data : topic.partitions) {
      if (pace.due()) co_await pace.give_way();
      const Key key{topic.topic_id, data.partition_index};
      co_await settle(key, data, call);
    }
}

Task<void> ReplicaFetcher::settle(Key key, const PartitionData& data, const Call& call) {
  Following* following = current(key, call);
  if (!following) co_return;
  const auto partition = following->partition;
  following->is_due |= ReplicaSession::is_news(data);
  const Error error = kafka::error_of(data.error_code);
  error_code failed;
  if (error == Error::offset_out_of_range && data.log_start_offset > partition->end()) {
    failed = co_await partition->trim(data.log_start_offset);  // what the leader has begins later
  } else if (error != Error::none) {
    co_return retry_later(key);
  } else if (data.diverging_epoch.epoch >= 0) {
    failed = co_await truncate_to(key, {data.diverging_epoch.epoch, data.diverging_epoch.end_offset},
                                  data.log_start_offset);
  } else {
    partition->learn_high_watermark(data.high_watermark);
    const Offset start = std::min(data.log_start_offset, partition->end());
    if (start <= partition->start()) co_return;
    failed = co_await partition->trim(start);
    if (Following* still = current(key, call)) still->is_due = true;
  }
  if (failed) retry_later(key);
}

// To where the two logs surely are the same (KIP-101, KIP-279). What is known to be committed never goes,
// unless the leader was elected without it.
// Nor does what lies before the leader's start: it was committed, however little the leader knows of its
// epochs.
Task<error_code> ReplicaFetcher::truncate_to(Key key, Epochs::End theirs, Offset their_start) {
  const Following& following = following_.at(key);
  const auto partition = following.partition;
  constexpr Epoch any_leader = std::numeric_limits<Epoch>::max();
  const Epochs::End ours = partition->epochs().end_of(theirs.epoch, any_leader, partition->end());
  if (makes(Mistake::truncates_before_start)) their_start = 0;
  if (their_start >= partition->end()) co_return co_await partition->trim(their_start);
  const Offset to = std::max(std::min(theirs.offset, ours.offset), their_start);
  if (to < partition->high_watermark() && !following.may_lose) {
    spdlog::critical(
        "partition {}: its leader {} lacks committed records from offset {} on; it is not followed",
        partition->number(), leader_, to);
    co_return make_error_code(storage::Errc::corrupt);
  }
  co_return co_await partition->truncate(to);
}

void ReplicaFetcher::retry_later(const Key& key) {
  const auto found = following_.find(key);
  if (found == following_.end()) return;
  found->second.is_due = true;
  found->second.not_before = clock_.now() + pause_after_error;
}

}  // namespace mq::core
