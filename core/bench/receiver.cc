// SPDX-License-Identifier: Apache-2.0
#include "core/bench/receiver.h"

#include <boost/asio/post.hpp>

namespace mq::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto look_interval = std::chrono::milliseconds(100);

}  // namespace

Receiver::Receiver(client::Client& client, const Options& options, std::vector<client::Assignment> partitions,
                   std::shared_ptr<Tally> tally)
    : client_(client), options_(options), partitions_(std::move(partitions)), tally_(std::move(tally)) {}

Task<void> Receiver::run(std::shared_ptr<Receiver> self, Time until) {
  client::ConsumerOptions options = self->options_.consumer;
  options.trouble = [tally = self->tally_, trouble = self->options_.trouble](const client::Failure& failure) {
    tally->retries++;
    if (trouble) trouble(failure);
  };
  self->consumer_ = client::Consumer::create(self->client_, std::move(options), self->partitions_);
  while (!self->stopped_ && !self->enough() && !self->consumer_->done()) {
    const Time now = Clock::now();
    if (now >= until) break;
    auto next = co_await client::Consumer::next(self->consumer_, std::min<Time>(until, now + look_interval));
    if (!next) {
      if (next.error().what != client::Failure::What::stopped) self->tally_->error(next.error(), 1);
      break;
    }
    if (!*next) continue;
    self->take(**next);
    co_await asio::post(self->client_.loop().get_executor(), core::use);
  }
  self->consumer_->stop();
}

void Receiver::stop() {
  stopped_ = true;
  if (consumer_) consumer_->stop();
}

void Receiver::take(const client::Fetched& fetched) {
  const Time now = Clock::now();
  Tally& tally = *tally_;
  client::FetchedRecords records(fetched);
  while (const kafka::Record* record = records.next()) {
    const net::Bytes value = record->value.value_or(net::Bytes{});
    if (options_.verifies) tally.checker.received(partitions_[fetched.which].partition.partition, value);
    const auto stamp = Stamp::read(value);
    const bool ours = stamp && stamp->run == options_.run;
    if (options_.sends && !ours) continue;  // somebody else writes there, too
    if (ours) tally.arrived++;
    if (options_.sends ? stamp->sent_ns < ns(tally.measured_from) : now < tally.measured_from) continue;
    tally.consumed.records++;
    tally.consumed.bytes += value.size() + (record->key ? record->key->size() : 0);
    tally.consumed.last = now;
    if (!options_.sends) continue;  // how long it lay there says nothing
    tally.e2e.record(ns(now) - stamp->sent_ns);
    tally.e2e_lately.record(ns(now) - stamp->sent_ns);
  }
  if (records.error() == kafka::Error::none) return;
  const auto& partition = partitions_[fetched.which].partition;
  tally.error(client::refused(records.error(), {}, partition.topic,
                              "a batch at offset " + std::to_string(records.at()) + " of partition " +
                                  std::to_string(partition.partition) + " is damaged"),
              1);
}

}  // namespace mq::bench
