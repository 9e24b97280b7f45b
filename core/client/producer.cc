// SPDX-License-Identifier: Apache-2.0
#include "core/client/producer.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/client/deadline.h"
#include "net/kafka/messages/init_producer_id.h"

namespace mq::client {
namespace {

constexpr kafka::Version produce_by_name = 12;         // later ones name topics by id
constexpr kafka::Version produce_in_transaction = 11;  // later ones add partitions by themselves
constexpr std::size_t request_bytes_max = 1 << 20;  // several batches to one broker; one alone may be larger
constexpr auto retry_pause = std::chrono::milliseconds(100);

std::optional<std::vector<std::string>> only(const std::string& topic) {
  return std::vector<std::string>{topic};
}

}  // namespace

std::shared_ptr<Producer> Producer::create(Client& client, ProducerOptions options) {
  return std::shared_ptr<Producer>(new Producer(client, std::move(options)));
}

Producer::Producer(Client& client, ProducerOptions options)
    : client_(client),
      options_(std::move(options)),
      last_progress_(time_now()),
      wake_(client.loop().get_executor()),
      waiter_(client.loop().get_executor()) {
  if (options_.transactions) transactions_.emplace(client, *options_.transactions);
  options_.idempotent = (options_.idempotent && options_.acks == -1) || options_.transactions;
  if (options_.idempotent) options_.in_flight_max = std::min<std::size_t>(options_.in_flight_max, 5);
}

Task<Answer<Nothing>> Producer::start(std::shared_ptr<Producer> self) {
  const Time deadline = time_now() + self->client_.options().timeout;
  auto topic = co_await self->learn_topic(deadline);
  if (!topic) co_return topic;
  if (!self->options_.idempotent) co_return Nothing{};
  co_return co_await self->learn_id(deadline);
}

Task<Answer<Nothing>> Producer::learn_topic(Time deadline) {
  Backoff backoff(client_.loop(), deadline);
  for (;;) {
    auto answer = co_await client_.refresh(only(options_.topic));
    Failure failure;
    if (!answer) {
      failure = answer.error();
    } else if (answer->topics.empty() || answer->topics[0].error_code != 0) {
      const std::int16_t code = answer->topics.empty() ? std::int16_t{3} : answer->topics[0].error_code;
      failure = refused(code, {}, options_.topic);
      if (failure.error == kafka::Error::unknown_topic_or_partition) co_return failure;
    } else {
      const bool numbered = options_.idempotent;
      for (std::size_t i = 0; i < answer->topics[0].partitions.size(); i++)
        slots_.push_back(std::make_unique<Slot>(options_.batch_bytes_max, numbered));
      co_return Nothing{};
    }
    if (!worth_repeating(failure)) co_return failure;
    const bool waited = co_await backoff.wait();
    if (!waited) co_return failure;
  }
}

Task<Answer<Nothing>> Producer::learn_id(Time deadline) {
  if (transactions_) {
    auto identity = co_await transactions_->start(deadline);
    if (!identity) co_return identity.error();
    identity_ = *identity;
    co_return Nothing{};
  }
  Backoff backoff(client_.loop(), deadline);
  for (;;) {
    kafka::InitProducerIdRequest request;
    request.transaction_timeout_ms = 60'000;
    auto answer =
        co_await client_.call<kafka::InitProducerIdResponse>(any_broker, std::move(request), backoff.left());
    const Failure failure = answer ? refused(answer->error_code, {}, options_.topic) : answer.error();
    if (answer && answer->error_code == 0) {
      identity_.id = answer->producer_id;
      identity_.epoch = answer->producer_epoch;
      co_return Nothing{};
    }
    if (!worth_repeating(failure)) co_return failure;
    const bool waited = co_await backoff.wait();
    if (!waited) co_return failure;
  }
}

void Producer::append(std::int32_t partition, Milliseconds timestamp, std::optional<net::Bytes> key,
                      std::optional<net::Bytes> value, std::span<const kafka::Header> headers,
                      std::uint64_t number) {
  if (partition < 0) partition = key ? partition_of(*key, partitions()) : sticky_.current(partitions());
  Slot& slot = *slots_[static_cast<std::size_t>(partition)];
  if (!slot.open.append(timestamp, key, value, headers)) {
    close(partition);
    pump();
    slot.open.append(timestamp, key, value, headers);
  }
  slot.numbers.push_back(number);
  if (slot.open.count() == 1) {
    slot.opened = time_now();
    open_.push_back(partition);
    if (options_.linger > Duration{}) wake_at(slot.opened + options_.linger);
  }
  if (slot.open.size() < options_.batch_bytes_max) return;
  close(partition);
  pump();
}

void Producer::send_open() {
  while (!open_.empty()) close(open_.front());
  pump();
}

void Producer::close(std::int32_t partition) {
  Slot& slot = *slots_[static_cast<std::size_t>(partition)];
  std::erase(open_, partition);
  if (slot.open.empty()) return;
  if (sticky_.current(partitions()) == partition) sticky_.turn(partitions());
  auto batch = std::make_shared<Sealed>();
  kafka::BatchProducer producer = identity_;
  producer.sequence = batch->sequence = slot.lane.next_sequence();
  batch->count = slot.open.count();
  batch->batch = slot.open.finish(options_.codec, options_.level, producer);
  batch->numbers = std::exchange(slot.numbers, {});
  batch->created = time_now();
  if (unanswered_++ == 0) last_progress_ = batch->created;
  waiting_bytes_ += batch->batch.size;
  if (!slot.lane.is_broken()) {
    ready_.insert(partition);
    return slot.lane.close(std::move(batch));
  }
  report_failed(partition, batch, refused(kafka::Error::out_of_order_sequence_number, {}, options_.topic));
}

// Sends all that may be sent: for each broker as many requests as may be under way, in each of them one batch
// of each partition that has some.
void Producer::pump() {
  if (stopped_) return;
  const Time now = time_now();
  for (bool more = true; more;) {
    more = false;
    std::map<BrokerId, Request> requests;
    for_each_ready([&](std::int32_t partition) { more |= offer(partition, now, requests); });
    for (auto& [leader, request] : requests) {
      in_flight_[leader]++;
      asio::co_spawn(client_.loop(), send(shared_from_this(), leader, std::move(request)), asio::detached);
    }
  }
}

// Whatever is done with one of them may change which there are.
template <class Act>
void Producer::for_each_ready(Act act) {
  for (auto at = ready_.begin(); at != ready_.end();) {
    const std::int32_t partition = *at;
    const Lane& lane = slots_[static_cast<std::size_t>(partition)]->lane;
    if (lane.has_ready()) act(partition);
    if (!lane.has_ready()) ready_.erase(partition);
    at = ready_.upper_bound(partition);
  }
}

// True: one of its batches is in a request now.
bool Producer::offer(std::int32_t partition, Time now, std::map<BrokerId, Request>& requests) {
  Lane& lane = slots_[static_cast<std::size_t>(partition)]->lane;
  give_up_old(partition, now);
  if (!lane.may_send(now)) {
    if (lane.has_ready() && lane.retry_at() > now) wake_at(lane.retry_at());
    return false;
  }
  const BrokerId leader = client_.leader(id(partition));
  if (leader == any_broker) return want_leaders(), false;
  if (in_flight_[leader] >= options_.in_flight_max) return false;
  if (transactions_ && !transactions_->has(id(partition))) return want_in_transaction(partition), false;
  Request& request = requests[leader];
  std::size_t size = 0;
  for (const Sent& sent : request) size += sent.batch->batch.size;
  if (!request.empty() && size + lane.first()->batch.size > request_bytes_max) return false;
  request.push_back({partition, lane.take()});
  return true;
}

void Producer::give_up_old(std::int32_t partition, Time now) {
  Lane& lane = slots_[static_cast<std::size_t>(partition)]->lane;
  while (lane.has_ready() && lane.first()->created + options_.give_up <= now) {
    Failure failure;
    failure.what = Failure::What::timed_out;
    failure.target = options_.topic;
    failure.message = "given up, not acknowledged in time";
    const bool never = !lane.first()->uncertain;
    const Sent sent{partition, lane.take()};
    fail(sent, failure, never);
  }
  if (lane.has_ready()) wake_at(lane.first()->created + options_.give_up);
}

kafka::ProduceRequest Producer::message(const Request& request) const {
  kafka::ProduceRequest message;
  message.transactional_id.reset();
  if (transactions_) message.transactional_id = transactions_->id();
  message.acks = options_.acks;
  message.timeout_ms = 30'000;
  auto& topic = message.topic_data.emplace_back();
  topic.name = options_.topic;
  for (const Sent& sent : request) {
    auto& partition = topic.partition_data.emplace_back();
    partition.index = sent.partition;
    partition.records.emplace().pieces.push_back(
        {sent.batch->batch.data, nullptr, 0, sent.batch->batch.size});
  }
  return message;
}

Task<void> Producer::send(std::shared_ptr<Producer> self, BrokerId leader, Request request) {
  Client& client = self->client_;
  auto message = self->message(request);
  const kafka::Version highest = self->transactions_ ? produce_in_transaction : produce_by_name;
  Answer<kafka::ProduceResponse> answer = kafka::ProduceResponse{};
  if (self->options_.acks == 0) {
    auto told = co_await client.tell(leader, std::move(message), highest);
    if (!told) answer = told.error();
  } else {
    answer = co_await client.call<kafka::ProduceResponse>(leader, std::move(message),
                                                          client.options().request_timeout, highest);
  }
  self->in_flight_[leader]--;
  const Broker from = client.broker(leader);
  for (const Sent& sent : request) {
    if (!answer) {
      sent.batch->uncertain = sent.batch->uncertain || answer.error().what != Failure::What::unreachable;
      if (answer.error().retriable()) {
        self->try_again(sent, answer.error());
      } else {
        self->fail(sent, answer.error(), false);
      }
    } else if (self->options_.acks == 0) {
      self->succeed(sent, -1, -1);
    } else {
      self->apply(sent, *answer, from);
    }
  }
  self->pump();
  self->progress();
}

void Producer::apply(const Sent& sent, const kafka::ProduceResponse& response, const Broker& from) {
  using kafka::Error;
  const kafka::ProduceResponse::PartitionProduceResponse* found = nullptr;
  for (const auto& topic : response.responses)
    for (const auto& partition : topic.partition_responses)
      if (topic.name == options_.topic && partition.index == sent.partition) found = &partition;
  Failure failure =
      refused(Error::unknown_server_error, from, options_.topic, "the broker said nothing about it");
  if (!found) return fail(sent, failure, false);
  const Error error = kafka::error_of(found->error_code);
  if (error == Error::none) return succeed(sent, found->base_offset, found->log_append_time_ms);
  if (error == Error::duplicate_sequence_number) return succeed(sent, -1, -1);

  failure = refused(error, from, options_.topic, found->error_message.value_or(""));
  const Lane& lane = slots_[static_cast<std::size_t>(sent.partition)]->lane;
  const bool echo = error == Error::out_of_order_sequence_number && lane.expects_disorder(sent.batch);
  const bool timed_out =
      error == Error::request_timed_out || error == Error::not_enough_replicas_after_append;
  if (timed_out) sent.batch->uncertain = true;
  if (echo || kafka::retriable(error)) return try_again(sent, failure);
  if (error == Error::message_too_large && halve(sent)) return;
  const bool numbering_lost = error == Error::out_of_order_sequence_number ||
                              error == Error::unknown_producer_id || error == Error::invalid_producer_epoch;
  fail(sent, failure, !numbering_lost && !sent.batch->uncertain);
}

void Producer::succeed(const Sent& sent, Offset base_offset, Milliseconds log_append_time) {
  slots_[static_cast<std::size_t>(sent.partition)]->lane.delivered(sent.batch);
  delivered_records_ += static_cast<std::uint64_t>(sent.batch->count);
  waiting_bytes_ -= sent.batch->batch.size;
  unanswered_--;
  last_progress_ = time_now();
  if (!options_.delivered) return;
  const Delivery delivery{sent.partition, base_offset, log_append_time, *sent.batch, nullptr};
  options_.delivered(delivery);
}

void Producer::try_again(const Sent& sent, Failure failure) {
  Lane& lane = slots_[static_cast<std::size_t>(sent.partition)]->lane;
  if (lane.is_broken()) return fail(sent, failure, false);
  const auto pause = retry_pause * std::min(sent.batch->tries, 10);
  ready_.insert(sent.partition);
  lane.retry(sent.batch, time_now() + pause);
  client_.forget_leader(id(sent.partition));
  if (options_.trouble) options_.trouble(failure);
}

void Producer::fail(const Sent& sent, const Failure& failure, bool appended_never) {
  Lane& lane = slots_[static_cast<std::size_t>(sent.partition)]->lane;
  std::vector<Batch> given_up;
  if (appended_never || !options_.idempotent) {
    lane.failed(sent.batch);
  } else {
    given_up = lane.broken(sent.batch);
  }
  report_failed(sent.partition, sent.batch, failure);
  for (const Batch& batch : given_up) report_failed(sent.partition, batch, failure);
}

void Producer::report_failed(std::int32_t partition, const Batch& batch, const Failure& failure) {
  failed_records_ += static_cast<std::uint64_t>(batch->count);
  waiting_bytes_ -= batch->batch.size;
  unanswered_--;
  if (options_.delivered) {
    const Delivery delivery{partition, -1, -1, *batch, &failure};
    options_.delivered(delivery);
  }
  progress();
}

// A batch that is too large for the topic goes again as two; a single record cannot.
bool Producer::halve(const Sent& sent) {
  if (sent.batch->count < 2 || sent.batch->uncertain) return false;
  const std::int32_t half = sent.batch->count / 2;
  kafka::BatchBuilder builder(kafka::BatchBuilder::record_bytes_max);
  kafka::RecordReader reader(sent.batch->batch.bytes(), kafka::client_unpacked_bytes_max);
  Batch halves[2] = {std::make_shared<Sealed>(), std::make_shared<Sealed>()};
  Numbers numbers = sent.batch->numbers;
  for (int i = 0; i < 2; i++) {
    const std::int32_t count = i == 0 ? half : sent.batch->count - half;
    for (std::int32_t n = 0; n < count; n++) {
      const kafka::Record* record = reader.next();
      if (!record || !builder.append(record->timestamp, record->key, record->value, record->headers))
        return false;
    }
    kafka::BatchProducer producer = identity_;
    producer.sequence = options_.idempotent ? 0 : -1;  // the lane numbers it anew
    halves[i]->count = count;
    halves[i]->sequence = producer.sequence;
    halves[i]->batch = builder.finish(options_.codec, options_.level, producer);
    halves[i]->created = sent.batch->created;
  }
  numbers.split(static_cast<std::size_t>(half), halves[1]->numbers);
  halves[0]->numbers = std::move(numbers);
  waiting_bytes_ += halves[0]->batch.size + halves[1]->batch.size - sent.batch->batch.size;
  unanswered_++;
  ready_.insert(sent.partition);
  slots_[static_cast<std::size_t>(sent.partition)]->lane.split(sent.batch, halves[0], halves[1]);
  return true;
}

// ---- transactions ----

void Producer::want_in_transaction(std::int32_t partition) {
  joining_.insert(id(partition));
  if (std::exchange(adding_, true)) return;
  asio::co_spawn(client_.loop(), add_partitions(shared_from_this()), asio::detached);
}

Task<void> Producer::add_partitions(std::shared_ptr<Producer> self) {
  while (!self->joining_.empty() && !self->stopped_) {
    auto wanted = std::exchange(self->joining_, {});
    auto added =
        co_await self->transactions_->add(std::move(wanted), time_now() + self->client_.options().timeout);
    if (!added) self->fail_all(added.error());
    if (!added) break;
    self->pump();
  }
  self->adding_ = false;
}

void Producer::fail_all(const Failure& failure) {
  joining_.clear();
  for_each_ready([&](std::int32_t partition) {
    const Sent sent{partition, slots_[static_cast<std::size_t>(partition)]->lane.take()};
    fail(sent, failure, false);
  });
}

Task<Answer<Nothing>> Producer::end_transaction(std::shared_ptr<Producer> self, bool commit, Time deadline) {
  co_return co_await self->transactions_->end(commit, deadline);
}

void Producer::want_leaders() {
  if (std::exchange(finding_leaders_, true)) return;
  asio::co_spawn(client_.loop(), find_leaders(shared_from_this()), asio::detached);
}

Task<void> Producer::find_leaders(std::shared_ptr<Producer> self) {
  Backoff backoff(self->client_.loop(), Time::max());
  while (!self->stopped_) {
    auto answer = co_await self->client_.refresh(only(self->options_.topic));
    if (!answer && self->options_.trouble) self->options_.trouble(answer.error());
    bool missing = false;
    self->for_each_ready(
        [&](std::int32_t partition) { missing |= self->client_.leader(self->id(partition)) == any_broker; });
    self->finding_leaders_ = missing;  // as long as it is set, pump() does not start another one
    self->pump();
    if (!missing) co_return;
    co_await backoff.wait();
  }
}

void Producer::wake_at(Time at) {
  if (at >= wakes_) return;
  wakes_ = at;
  wake_.expires_at(at);
  wake_.async_wait([weak = weak_from_this()](error_code cancelled) {
    const auto self = weak.lock();
    if (!self || cancelled) return;
    self->wakes_ = Time::max();
    self->tick();
  });
}

void Producer::tick() {
  const Time now = time_now();
  while (options_.linger > Duration{} && !open_.empty()) {
    const Time due = slots_[static_cast<std::size_t>(open_.front())]->opened + options_.linger;
    if (due > now) {
      wake_at(due);
      break;
    }
    close(open_.front());
  }
  pump();
}

void Producer::progress() {
  waiter_.cancel();
}

Task<void> Producer::room(std::shared_ptr<Producer> self) {
  while (self->full() && !self->stopped_) {
    self->waiter_.expires_at(Time::max());
    co_await self->waiter_.async_wait(core::use_result);
  }
}

Task<bool> Producer::flush(std::shared_ptr<Producer> self, Time deadline) {
  self->send_open();
  while (!self->idle() && !self->stopped_ && time_now() < deadline) {
    self->waiter_.expires_at(deadline);
    co_await self->waiter_.async_wait(core::use_result);
  }
  co_return self->idle();
}

void Producer::stop() {
  stopped_ = true;
  wake_.cancel();
  progress();
}

}  // namespace mq::client
