// SPDX-License-Identifier: Apache-2.0
#include "core/bench/load.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/bench/receiver.h"
#include "core/bench/sender.h"
#include "core/client/cluster.h"

namespace mq::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto tick = std::chrono::milliseconds(100);

Time later(Time from, Duration by) {
  return by >= Time::max() - from ? Time::max() : from + by;
}

Flow difference(const Flow& now, const Flow& before) {
  return {now.records - before.records, now.bytes - before.bytes, now.last};
}

}  // namespace

std::shared_ptr<Load> Load::create(asio::io_context& loop, Options options) {
  return std::shared_ptr<Load>(new Load(loop, std::move(options)));
}

Load::Load(asio::io_context& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      tally_(std::make_shared<Tally>(options_.run)),
      waiter_(loop.get_executor()),
      reporter_(loop.get_executor()) {
  clients_.push_back(std::make_unique<client::Client>(loop_, options_.client));  // for questions
}

Load::~Load() = default;

Task<Answer<Nothing>> Load::run(std::shared_ptr<Load> self) {
  auto ready = co_await self->learn_topic();
  if (ready && self->options_.sends) ready = co_await self->prepare_senders();
  if (ready && self->options_.receives) ready = co_await self->prepare_receivers();
  if (!ready) co_return ready;
  self->begin();
  co_await self->finish();
  co_return Nothing{};
}

Task<Answer<Nothing>> Load::learn_topic() {
  client::Client& client = *clients_.front();
  client::Backoff backoff(loop_, Clock::now() + client.options().timeout);
  for (;;) {
    std::vector<std::string> names{options_.topic};
    auto answer = co_await client.refresh(std::move(names));
    if (!answer) co_return answer.error();
    const auto code = answer->topics.empty() ? std::int16_t{3} : answer->topics[0].error_code;
    bool led = code == 0;
    if (code == 0)
      for (const auto& partition : answer->topics[0].partitions) led = led && partition.leader_id >= 0;
    if (led) partitions_ = static_cast<std::int32_t>(answer->topics[0].partitions.size());
    if (led) break;
    const bool waited = co_await backoff.wait();
    if (waited) continue;
    co_return code != 0 ? client::refused(code, {}, options_.topic)
                        : client::refused(kafka::Error::leader_not_available, {}, options_.topic);
  }
  auto ends = co_await offsets(client::latest);
  if (!ends) co_return ends.error();
  ends_ = std::move(*ends);
  co_return Nothing{};
}

Task<Answer<std::vector<Offset>>> Load::offsets(client::Milliseconds which) {
  std::vector<client::OffsetQuery> queries(static_cast<std::size_t>(partitions_));
  for (std::int32_t i = 0; i < partitions_; i++) {
    queries[static_cast<std::size_t>(i)].partition = {options_.topic, i};
    queries[static_cast<std::size_t>(i)].timestamp = which;
  }
  client::Client& client = *clients_.front();
  const Time deadline = Clock::now() + client.options().timeout;
  auto answers = co_await client::list_offsets(client, std::move(queries), deadline);
  if (!answers) co_return answers.error();
  std::vector<Offset> found;
  for (const client::OffsetAnswer& answer : *answers) {
    if (!answer.status) co_return answer.status.error();
    found.push_back(answer.offset);
  }
  co_return found;
}

Task<Answer<Nothing>> Load::prepare_senders() {
  for (std::size_t i = 0; i < options_.clients; i++) {
    const std::uint64_t share = options_.count / options_.clients + (i < options_.count % options_.clients);
    if (options_.count > 0 && share == 0) break;
    client::Client& client = *clients_.emplace_back(std::make_unique<client::Client>(loop_, options_.client));
    auto sender = std::make_shared<Sender>(client, options_, static_cast<std::uint32_t>(i), share, tally_);
    auto started = co_await Sender::start(sender);
    if (!started) co_return started;
    senders_.push_back(std::move(sender));
  }
  co_return Nothing{};
}

// Partitions are dealt out to the consumers; more consumers than partitions would have nothing to do.
Task<Answer<Nothing>> Load::prepare_receivers() {
  std::vector<Offset> from = options_.sends ? ends_ : options_.from;
  if (from.empty()) {
    auto starts = co_await offsets(client::earliest);
    if (!starts) co_return starts.error();
    from = std::move(*starts);
  }
  const auto readers = std::min<std::size_t>(options_.clients, static_cast<std::size_t>(partitions_));
  std::vector<std::vector<client::Assignment>> shares(readers);
  for (std::size_t i = 0; i < from.size() && i < ends_.size(); i++) {
    client::Assignment assignment;
    assignment.partition = {options_.topic, static_cast<std::int32_t>(i)};
    assignment.from = from[i];
    assignment.until = options_.sends ? client::no_end : ends_[i];
    shares[i % readers].push_back(std::move(assignment));
  }
  for (auto& share : shares) {
    client::Client& client = *clients_.emplace_back(std::make_unique<client::Client>(loop_, options_.client));
    receivers_.push_back(std::make_shared<Receiver>(client, options_, std::move(share), tally_));
  }
  co_return Nothing{};
}

void Load::begin() {
  started_ = last_report_ = Clock::now();
  tally_->measured_from = later(started_, options_.warmup);
  until_ = later(tally_->measured_from, options_.time);
  for (const auto& receiver : receivers_)
    asio::co_spawn(loop_, run_receiver(shared_from_this(), receiver), asio::detached);
  for (const auto& sender : senders_)
    asio::co_spawn(loop_, run_sender(shared_from_this(), sender), asio::detached);
  receivers_running_ = receivers_.size();
  senders_running_ = senders_.size();
  if (options_.report && options_.report_interval > Duration{})
    asio::co_spawn(loop_, report(shared_from_this()), asio::detached);
  if (stopping_) stop();
}

// The producers end by themselves; then what was acknowledged must arrive, as long as something does.
Task<void> Load::finish() {
  co_await until_finished(senders_running_);
  std::uint64_t before = tally_->arrived;
  Time progress = Clock::now();
  while (options_.sends && receivers_running_ > 0 && tally_->arrived < tally_->acknowledged) {
    const Time now = Clock::now();
    if (tally_->arrived != before) progress = now;
    before = tally_->arrived;
    if (now - progress >= options_.drain) break;
    waiter_.expires_at(now + tick);
    co_await waiter_.async_wait(core::use_result);
  }
  if (options_.sends)
    for (const auto& receiver : receivers_) receiver->stop();
  co_await until_finished(receivers_running_);
  over_ = true;
  reporter_.cancel();
  const std::uint64_t missing_by_right = tally_->failed + tally_->unanswered + options_.failed_before;
  const bool all_read = options_.sends || (!stopping_ && Clock::now() < until_ && options_.count == 0);
  if (options_.verifies && options_.receives && all_read)
    tally_->checker.finish(options_.sends ? sent() : options_.expected, missing_by_right);
}

Task<void> Load::until_finished(const std::size_t& running) {
  while (running > 0) {
    waiter_.expires_at(Time::max());
    co_await waiter_.async_wait(core::use_result);
  }
}

Task<void> Load::run_sender(std::shared_ptr<Load> self, std::shared_ptr<Sender> sender) {
  co_await Sender::run(sender, self->started_, self->tally_->measured_from, self->until_);
  self->senders_running_--;
  self->waiter_.cancel();
}

Task<void> Load::run_receiver(std::shared_ptr<Load> self, std::shared_ptr<Receiver> receiver) {
  const Time until = self->options_.sends ? Time::max() : self->until_;
  co_await Receiver::run(receiver, until);
  self->receivers_running_--;
  self->waiter_.cancel();
}

void Load::stop() {
  stopping_ = true;
  for (const auto& sender : senders_) sender->stop();
  if (options_.sends) return;  // then the consumers end when they have what was sent
  for (const auto& receiver : receivers_) receiver->stop();
}

Task<void> Load::report(std::shared_ptr<Load> self) {
  while (!self->over_) {
    self->reporter_.expires_at(self->last_report_ + self->options_.report_interval);
    const auto [cancelled] = co_await self->reporter_.async_wait(core::use_result);
    if (!cancelled && !self->over_) self->report_now(Clock::now());
  }
}

void Load::report_now(Time now) {
  const Lately lately{.at = now - started_,
                      .warming_up = now < tally_->measured_from,
                      .over = now - last_report_,
                      .produced = difference(tally_->produced, produced_before_),
                      .consumed = difference(tally_->consumed, consumed_before_),
                      .ack = tally_->ack_lately,
                      .e2e = tally_->e2e_lately};
  options_.report(lately);
  last_report_ = now;
  produced_before_ = tally_->produced;
  consumed_before_ = tally_->consumed;
  tally_->ack_lately.clear();
  tally_->e2e_lately.clear();
}

double Load::seconds(const Flow& flow) const {
  if (flow.records == 0) return 0;
  return std::max(std::chrono::duration<double>(flow.last - tally_->measured_from).count(), 1e-9);
}

Sequences Load::sent() const {
  Sequences all;
  for (const auto& sender : senders_) all.push_back(sender->sent());
  return all;
}

bool Load::fell_behind() const {
  return std::ranges::any_of(senders_, [](const auto& sender) { return sender->fell_behind(); });
}

}  // namespace mq::bench
