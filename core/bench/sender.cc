// SPDX-License-Identifier: Apache-2.0
#include "core/bench/sender.h"

#include <boost/asio/post.hpp>

namespace mq::bench {
namespace {

using Clock = std::chrono::steady_clock;

// At the end of its time a producer that keeps up has what fell due since its last wake-up still to send.
constexpr auto grace = std::chrono::milliseconds(100);
constexpr int records_at_once = 256;  // then others on the loop have their turn
constexpr auto same_partition_max = std::chrono::milliseconds(1);

std::int64_t wall_clock_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

Sender::Sender(client::Client& client, const Options& options, std::uint32_t number, std::uint64_t count,
               std::shared_ptr<Tally> tally)
    : client_(client),
      options_(options),
      number_(number),
      count_(count),
      tally_(std::move(tally)),
      payload_(options.seed + number, options.sizes, options.keys),
      current_(static_cast<std::int32_t>(number)),
      pause_(client.loop().get_executor()) {}

Task<Answer<Nothing>> Sender::start(std::shared_ptr<Sender> self) {
  client::ProducerOptions options = self->options_.producer;
  options.topic = self->options_.topic;
  options.delivered = [weak = self->weak_from_this()](const client::Delivery& delivery) {
    if (const auto sender = weak.lock()) sender->delivered(delivery);
  };
  options.trouble = [tally = self->tally_, trouble = self->options_.trouble](const client::Failure& failure) {
    tally->retries++;
    if (trouble) trouble(failure);
  };
  client::Backoff backoff(self->client_.loop(), Clock::now() + self->client_.options().timeout);
  for (;;) {  // a cluster's other brokers may hear of a new topic a little later
    self->producer_ = client::Producer::create(self->client_, options);
    auto started = co_await client::Producer::start(self->producer_);
    const bool missing = !started && started.error().error == kafka::Error::unknown_topic_or_partition;
    if (!missing) {
      self->lanes_.resize(static_cast<std::size_t>(self->producer_->partitions()));
      co_return started;
    }
    const bool waited = co_await backoff.wait();
    if (!waited) co_return started;
  }
}

Task<void> Sender::run(std::shared_ptr<Sender> self, Time start, Time from, Time until) {
  self->from_ = from;
  const Options& options = self->options_;
  if (options.rate > 0) {
    const auto clients = static_cast<double>(options.clients);
    const Pace pace(start, options.rate / clients, self->number_ / clients);
    co_await send_paced(self, pace, until);
  } else {
    co_await send_unpaced(self, until);
  }
  co_await flush(self);
}

Task<void> Sender::send_paced(std::shared_ptr<Sender> self, Pace pace, Time until) {
  while (!self->ended() && pace.due() < until) {
    const Time now = Clock::now();
    if (until != Time::max() && now >= until + grace) {
      self->fell_behind_ = true;
      break;
    }
    if (pace.due() > now) {
      self->pause_.expires_at(pace.due());
      co_await self->pause_.async_wait(core::use_result);
      continue;
    }
    for (int i = 0; i < records_at_once && !self->ended() && !self->producer_->full(); i++) {
      if (pace.due() > now || pace.due() >= until) break;
      const auto bytes = static_cast<double>(self->append(pace.due()));
      pace.spend(self->options_.rate_in_bytes ? std::max(bytes, 1.0) : 1.0);
    }
    self->send_if_idle();
    co_await asio::post(self->client_.loop().get_executor(), core::use);
    if (self->producer_->full()) co_await client::Producer::room(self->producer_);
  }
}

Task<void> Sender::send_unpaced(std::shared_ptr<Sender> self, Time until) {
  while (!self->ended()) {
    const Time now = Clock::now();
    if (now >= until) break;
    std::size_t bytes = 0;
    for (int i = 0; i < records_at_once && !self->ended() && !self->producer_->full(); i++) {
      bytes += self->append(now);
      if (bytes >= self->options_.producer.batch_bytes_max) break;
    }
    self->send_if_idle();
    co_await asio::post(self->client_.loop().get_executor(), core::use);
    if (self->producer_->full()) co_await client::Producer::room(self->producer_);
  }
}

// Progress is what counts: a slow broker may take its time, a dead one may not.
Task<void> Sender::flush(std::shared_ptr<Sender> self) {
  for (;;) {
    const std::uint64_t before = self->producer_->delivered_records() + self->producer_->failed_records();
    const Time deadline = Clock::now() + self->options_.drain;
    const bool flushed = co_await client::Producer::flush(self->producer_, deadline);
    const std::uint64_t after = self->producer_->delivered_records() + self->producer_->failed_records();
    if (flushed || after == before) break;
  }
  self->producer_->stop();
  for (const Lane& lane : self->lanes_) self->tally_->unanswered += lane.pending.unanswered();
}

void Sender::stop() {
  stopped_ = true;
  pause_.cancel();
}

std::vector<std::uint64_t> Sender::sent() const {
  std::vector<std::uint64_t> counts;
  for (const Lane& lane : lanes_) counts.push_back(lane.pending.next());
  return counts;
}

// One record. What it weighs, in bytes.
std::size_t Sender::append(Time due) {
  const auto key = payload_.key();
  const auto value = payload_.value();
  const std::size_t bytes = value.size() + (key ? key->size() : 0);
  const std::int32_t partition =
      key ? client::partition_of(*key, producer_->partitions()) : choose(bytes, due);
  Lane& lane = lanes_[static_cast<std::size_t>(partition)];
  const std::uint64_t sequence = lane.pending.next();
  const Stamp stamp{options_.run, number_, sequence, ns(due)};
  if (value.size() >= Stamp::size) stamp.write(value);
  if (due >= from_) measured_++;
  lane.pending.push(ns(due), static_cast<std::uint32_t>(bytes));
  producer_->append(partition, wall_clock_ms(), key, value, {}, sequence);
  return bytes;
}

// Without a key: the same partition for a batch, or as long as one may take to fill.
std::int32_t Sender::choose(std::size_t bytes, Time now) {
  const Duration longest = std::max<Duration>(options_.producer.linger, same_partition_max);
  if (current_bytes_ + bytes > options_.producer.batch_bytes_max || now - current_since_ > longest) {
    current_ = (current_ + 1) % producer_->partitions();
    current_bytes_ = 0;
    current_since_ = now;
  }
  current_bytes_ += bytes;
  return current_ % producer_->partitions();
}

void Sender::delivered(const client::Delivery& delivery) {
  const auto now = Clock::now();
  const auto count = static_cast<std::uint64_t>(delivery.batch.count);
  Lane& lane = lanes_[static_cast<std::size_t>(delivery.partition)];
  if (delivery.failure) tally_->error(*delivery.failure, count);
  lane.pending.answer(delivery.batch.numbers.at(0), count, [&](const Sent& sent) {
    if (delivery.failure) {
      tally_->failed++;
      return;
    }
    tally_->acknowledged++;
    if (sent.due_ns < ns(from_)) return;
    tally_->produced.records++;
    tally_->produced.bytes += sent.bytes;
    tally_->produced.last = now;
    tally_->ack.record(ns(now) - sent.due_ns);
    tally_->ack_lately.record(ns(now) - sent.due_ns);
  });
  if (options_.producer.linger > Duration{}) return;
  asio::post(client_.loop(), [weak = weak_from_this()] {  // the producer is not done with this answer yet
    if (const auto self = weak.lock()) self->send_if_idle();
  });
}

// Without linger records leave at once, or together as soon as those before them are answered.
void Sender::send_if_idle() {
  if (options_.producer.linger <= Duration{} && producer_->idle()) producer_->send_open();
}

}  // namespace mq::bench
