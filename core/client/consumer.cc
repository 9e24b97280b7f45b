// SPDX-License-Identifier: Apache-2.0
#include "core/client/consumer.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/endian/conversion.hpp>

#include "core/client/cluster.h"
#include "core/client/deadline.h"

namespace mq::client {
namespace {

constexpr kafka::Version fetch_by_name = 12;  // later ones name topics by id
constexpr auto id_of = &kafka::FetchRequest::FetchTopic::topic_id;
constexpr auto retry_pause = std::chrono::milliseconds(100);

}  // namespace

std::shared_ptr<Consumer> Consumer::create(Client& client, ConsumerOptions options,
                                           std::vector<Assignment> partitions) {
  auto consumer = std::shared_ptr<Consumer>(new Consumer(client, std::move(options), std::move(partitions)));
  consumer->pump();
  return consumer;
}

Consumer::Consumer(Client& client, ConsumerOptions options, std::vector<Assignment> partitions)
    : client_(client),
      options_(std::move(options)),
      last_answer_(time_now()),
      wake_(client.loop().get_executor()),
      waiter_(client.loop().get_executor()) {
  for (Assignment& asked : partitions) take_in(std::move(asked));
}

void Consumer::take_in(Assignment asked) {
  by_name_.emplace(asked.partition, partitions_.size());
  names_.emplace(asked.topic_id, asked.partition.topic);
  Partition& partition = partitions_.emplace_back();
  partition.position = asked.from;
  partition.bytes_max = options_.partition_bytes_max;
  partition.done = asked.from >= asked.until;
  partition.asked = std::move(asked);
  open_ += !partition.done;
}

void Consumer::add(Assignment partition) {
  take_in(std::move(partition));
  pump();
}

Task<Answer<std::optional<Fetched>>> Consumer::next(std::shared_ptr<Consumer> self, Time deadline) {
  for (;;) {
    if (!self->queue_.empty()) {
      std::optional<Fetched> fetched = std::move(self->queue_.front());
      self->queue_.pop_front();
      self->waiting_bytes_ -= fetched->batches.size();
      self->pump();
      co_return fetched;
    }
    if (self->failure_) co_return *self->failure_;
    if (self->done() || time_now() >= deadline) co_return std::optional<Fetched>{};
    self->waiter_.expires_at(deadline);
    co_await self->waiter_.async_wait(core::use_result);
  }
}

// Starts a fetch at each leader that has something for us and is not being asked already.
void Consumer::pump() {
  if (failure_ || held_) return;
  const Time now = time_now();
  std::set<BrokerId> leaders;
  for (const Partition& partition : partitions_) {
    if (partition.done || partition.paused || partition.under_way) continue;
    const BrokerId leader = client_.leader(partition.asked.partition);
    if (leader == any_broker) want_leaders();
    if (leader == any_broker || fetching_.contains(leader)) continue;
    if (partition.retry_at > now) {
      wake_at(partition.retry_at);
    } else if (waiting_bytes_ < options_.waiting_bytes_max) {
      leaders.insert(leader);
    }
  }
  for (const BrokerId leader : leaders) {
    fetching_.insert(leader);
    asio::co_spawn(client_.loop(), fetch(shared_from_this(), leader), asio::detached);
  }
}

bool Consumer::wanted(const Partition& partition, BrokerId leader, Time now) const {
  return !partition.done && !partition.paused && !partition.under_way && partition.retry_at <= now &&
         client_.leader(partition.asked.partition) == leader;
}

kafka::FetchRequest Consumer::blank(Duration wait) const {
  kafka::FetchRequest request;
  request.max_wait_ms = in_ms(wait);
  request.min_bytes = 1;
  request.max_bytes = options_.fetch_bytes_max;
  request.isolation_level = options_.committed ? 1 : 0;
  return request;
}

void Consumer::ask_for(kafka::FetchRequest& request, const Partition& partition, Offset at,
                       std::int32_t bytes_max) {
  const std::string& name = partition.asked.partition.topic;
  auto topic = std::ranges::find(request.topics, name, &kafka::FetchRequest::FetchTopic::topic);
  if (topic == request.topics.end()) {
    request.topics.push_back({name, partition.asked.topic_id, {}});
    topic = std::prev(request.topics.end());
  }
  auto& asked = topic->partitions.emplace_back();
  asked.partition = partition.asked.partition.partition;
  asked.fetch_offset = at;
  asked.partition_max_bytes = bytes_max;
}

kafka::FetchRequest Consumer::message(BrokerId leader, std::vector<std::size_t>& which) {
  kafka::FetchRequest request = blank(options_.wait);
  const Time now = time_now();
  rotation_++;  // the first partition of a request is served best: let it be another one each time
  for (std::size_t i = 0; i < partitions_.size(); i++) {
    const std::size_t index = (i + rotation_) % partitions_.size();
    Partition& partition = partitions_[index];
    if (!wanted(partition, leader, now)) continue;
    partition.under_way = true;
    ask_for(request, partition, partition.position, partition.bytes_max);
    which.push_back(index);
  }
  return request;
}

Task<Answer<Reply<kafka::FetchResponse>>> Consumer::send(BrokerId leader, kafka::FetchRequest request) {
  const Duration timeout = client_.options().request_timeout + options_.wait;
  const bool ids_known = std::ranges::count(request.topics, kafka::Uuid{}, id_of) == 0;
  kafka::Version highest = fetch_by_name;
  if (ids_known) highest = kafka::Describe<kafka::FetchRequest>::valid.last;
  co_return co_await client_.ask<kafka::FetchResponse>(leader, std::move(request), timeout, highest);
}

Task<void> Consumer::fetch(std::shared_ptr<Consumer> self, BrokerId leader) {
  while (!self->failure_ && !self->held_ && self->waiting_bytes_ < self->options_.waiting_bytes_max) {
    std::vector<std::size_t> which;
    auto request = self->message(leader, which);
    if (which.empty()) break;
    auto reply = co_await self->send(leader, std::move(request));
    for (const auto i : which) self->partitions_[i].under_way = false;
    if (self->failure_) break;
    if (reply) {
      self->last_answer_ = time_now();
      co_await self->take(std::move(*reply), std::move(which));
    } else if (reply.error().retriable()) {
      for (const auto i : which) self->later(self->partitions_[i], reply.error(), true);
    } else {
      self->fail(reply.error());
    }
    self->wake();
  }
  self->fetching_.erase(leader);
  self->pump();
}

// What came is not the beginning of a batch, however much more of it would come.
bool Consumer::is_no_batch(const kafka::FetchResponse::PartitionData& data) {
  constexpr std::size_t before = kafka::BatchHead::size_before_length;
  if (!data.records || data.records->bytes.size() < before) return false;
  const auto* length = reinterpret_cast<const unsigned char*>(data.records->bytes.data()) + before - 4;
  return boost::endian::load_big_s32(length) < static_cast<std::int32_t>(kafka::BatchHead::bytes - before);
}

Task<void> Consumer::take(Reply<kafka::FetchResponse> reply, std::vector<std::size_t> which) {
  using kafka::Error;
  bool nothing_came = true;
  for (const auto& topic : reply.message.responses)
    for (const auto& data : topic.partitions)
      nothing_came = nothing_came && (!data.records || data.records->size() == 0);
  if (reply.message.error_code != 0) {
    const Failure failure = refused(reply.message.error_code, reply.from);
    for (const auto i : which) later(partitions_[i], failure, false);
    if (!failure.retriable()) fail(failure);
    co_return;
  }
  for (const auto& topic : reply.message.responses) {
    const auto named = names_.find(topic.topic_id);
    const bool by_id = reply.version > fetch_by_name && named != names_.end();
    const std::string name = by_id ? named->second : topic.topic;
    for (const auto& data : topic.partitions) {
      const auto known = by_name_.find({name, data.partition_index});
      if (known == by_name_.end()) continue;
      const Error error = kafka::error_of(data.error_code);
      if (error == Error::none && is_no_batch(data)) {
        Failure failure = refused(Error::corrupt_message, reply.from, name);
        co_await unreadable(known->second, std::move(failure));
      } else if (error == Error::none) {
        take_records(known->second, data, reply.frame, nothing_came);
      } else if (error == Error::offset_out_of_range) {
        co_await out_of_range(known->second);
      } else if (error == Error::corrupt_message || error == Error::kafka_storage_error) {
        Failure failure = refused(error, reply.from, name);
        co_await unreadable(known->second, std::move(failure));
      } else {
        const Failure failure = refused(error, reply.from, name);
        if (!failure.retriable()) fail(failure);
        later(partitions_[known->second], failure, true);
      }
    }
  }
}

void Consumer::take_records(std::size_t which, const kafka::FetchResponse::PartitionData& data,
                            const net::Slice& frame, bool nothing_came) {
  Partition& partition = partitions_[which];
  partition.unreadable = 0;
  note_standing(partition, data);
  const net::Bytes records = data.records ? data.records->bytes : net::Bytes{};
  net::Bytes rest = records;
  Offset next = partition.position;
  while (const auto batch = kafka::next_batch(rest))
    next = kafka::BatchHead::parse(*batch)->last_offset() + 1;
  const net::Bytes whole = records.first(records.size() - rest.size());
  const Offset readable =
      options_.committed && data.last_stable_offset >= 0 ? data.last_stable_offset : data.high_watermark;
  if (!whole.empty()) {
    Fetched fetched{which,
                    frame,
                    whole,
                    partition.position,
                    partition.asked.until,
                    std::min(next, partition.asked.until),
                    data.log_start_offset,
                    data.high_watermark,
                    {}};
    if (data.aborted_transactions) fetched.aborted = *data.aborted_transactions;
    std::ranges::sort(fetched.aborted, {}, &kafka::FetchResponse::AbortedTransaction::first_offset);
    waiting_bytes_ += whole.size();
    queue_.push_back(std::move(fetched));
    advance(partition, next);
  } else if (!records.empty()) {
    partition.bytes_max =
        std::min(partition.bytes_max, INT32_MAX / 2) * 2;  // a batch was cut off by our limit
  } else if (nothing_came && partition.position < readable) {
    advance(partition, readable);  // nothing is left there: compaction, or the end of a transaction
  }
}

void Consumer::advance(Partition& partition, Offset to) {
  partition.position = std::max(partition.position, to);
  if (partition.position >= partition.asked.until) end(partition);
}

void Consumer::end(Partition& partition) {
  if (!std::exchange(partition.done, true)) open_--;
}

// The records that were asked for are gone (retention), or never were.
Task<void> Consumer::out_of_range(std::size_t which) {
  std::vector<OffsetQuery> first(1), last(1);
  first[0].partition = last[0].partition = partitions_[which].asked.partition;
  first[0].timestamp = earliest;
  const Time deadline = time_now() + client_.options().timeout;
  auto starts = co_await list_offsets(client_, std::move(first), deadline);
  auto ends = co_await list_offsets(client_, std::move(last), deadline);
  if (failure_) co_return;
  Partition& partition = partitions_[which];
  if (!starts || !ends || !(*starts)[0].status || !(*ends)[0].status) {
    later(partition, refused(kafka::Error::offset_out_of_range), false);
    co_return;
  }
  const Offset start = (*starts)[0].offset, end = (*ends)[0].offset;
  const Offset to = partition.position < start ? start : end;
  if (partition.position >= start && partition.position <= end) {  // in range again
    partition.retry_at = time_now() + retry_pause;
    co_return;
  }
  if (options_.skipped) options_.skipped(which, partition.position, to);
  partition.position = to;
  advance(partition, to);
}

void Consumer::later(Partition& partition, const Failure& failure, bool leader_unknown) {
  partition.retry_at = time_now() + retry_pause;
  if (leader_unknown) client_.forget_leader(partition.asked.partition);
  if (options_.trouble) options_.trouble(failure);
}

void Consumer::want_leaders() {
  if (std::exchange(finding_leaders_, true)) return;
  asio::co_spawn(client_.loop(), find_leaders(shared_from_this()), asio::detached);
}

Task<void> Consumer::find_leaders(std::shared_ptr<Consumer> self) {
  Backoff backoff(self->client_.loop(), Time::max());
  for (bool missing = true; missing && !self->failure_;) {
    std::vector<std::string> topics;
    for (const Partition& partition : self->partitions_) topics.push_back(partition.asked.partition.topic);
    std::ranges::sort(topics);
    topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
    auto answer = co_await self->client_.refresh(std::move(topics));
    if (!answer && self->options_.trouble) self->options_.trouble(answer.error());
    if (answer) self->judge_topics(*answer);
    missing = std::ranges::any_of(self->partitions_, [&](const Partition& partition) {
      return !partition.done && self->client_.leader(partition.asked.partition) == any_broker;
    });
    self->finding_leaders_ = missing;
    self->pump();
    if (missing) co_await backoff.wait();
  }
}

// Deleted while we read, and perhaps created anew: then offsets of the one mean nothing in the other.
void Consumer::judge_topics(const kafka::MetadataResponse& metadata) {
  using kafka::Error;
  for (const auto& topic : metadata.topics)
    if (kafka::error_of(topic.error_code) == Error::unknown_topic_or_partition)
      fail(refused(topic.error_code, {}, topic.name.value_or("")));
  for (const auto& [id, name] : names_)
    if (id != kafka::Uuid{} && client_.topic_id(name) != id) fail(refused(Error::unknown_topic_id, {}, name));
}

void Consumer::wake_at(Time at) {
  if (at >= wakes_) return;
  wakes_ = at;
  wake_.expires_at(at);
  wake_.async_wait([weak = weak_from_this()](error_code cancelled) {
    const auto self = weak.lock();
    if (!self || cancelled) return;
    self->wakes_ = Time::max();
    self->pump();
  });
}

bool Consumer::delivered(std::size_t which) const {
  return partitions_[which].done && std::ranges::find(queue_, which, &Fetched::which) == queue_.end();
}

void Consumer::pause(std::size_t which, bool paused) {
  if (std::exchange(partitions_[which].paused, paused) && !paused) pump();
}

void Consumer::hold(bool held) {
  if (std::exchange(held_, held) && !held) pump();
}

void Consumer::note_standing(Partition& partition, const kafka::FetchResponse::PartitionData& data) {
  const bool stands = options_.committed && data.last_stable_offset >= 0 &&
                      data.last_stable_offset < data.high_watermark &&
                      partition.position >= data.last_stable_offset;
  const bool as_before = stands && partition.stable == data.last_stable_offset;
  if (!stands) partition.stands_since = Time::max();
  if (stands && (!as_before || partition.stands_since == Time::max())) partition.stands_since = time_now();
  partition.stable = data.last_stable_offset;
  partition.high_watermark = data.high_watermark;
}

std::vector<Standing> Consumer::standing() const {
  std::vector<Standing> all;
  for (std::size_t i = 0; i < partitions_.size(); i++) {
    const Partition& partition = partitions_[i];
    if (!partition.done && partition.stands_since != Time::max())
      all.push_back({i, partition.stable, partition.high_watermark, partition.stands_since});
  }
  return all;
}

void Consumer::stop() {
  Failure failure;
  failure.what = Failure::What::stopped;
  fail(std::move(failure));
}

void Consumer::fail(Failure failure) {
  if (!failure_) failure_ = std::move(failure);
  wake();
}

}  // namespace mq::client
