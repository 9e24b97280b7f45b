// SPDX-License-Identifier: Apache-2.0
#include "core/cleaning/compactor.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <map>

#include "core/loop/run_on.h"
#include "storage/error.h"

namespace mq::core {
namespace {

constexpr std::string_view key_prefix = "core/compacted/";
constexpr int rest_per_work = 4;  // while others append, compaction takes a fifth of the time

std::string key_of(PartitionNumber number) {
  return std::string(key_prefix) + std::to_string(number);
}

// From the first offset to the marker of each aborted transaction.
using Aborted = std::unordered_map<ProducerId, std::map<Offset, Offset>>;

Aborted by_producer(const std::vector<Transactions::Aborted>& all) {
  Aborted aborted;
  for (const auto& one : all) aborted[one.producer][one.first] = one.last;
  return aborted;
}

bool is_in(const Aborted& aborted, const kafka::BatchHead& head) {
  const auto producer = aborted.find(head.producer_id);
  if (!head.is_transactional() || producer == aborted.end()) return false;
  const auto next = producer->second.upper_bound(head.base_offset);
  return next != producer->second.begin() && head.base_offset <= std::prev(next)->second;
}

}  // namespace

Compactor::Compactor(asio::io_context& loop, const Clock& clock, storage::Journal& journal,
                     asio::any_io_executor disk, std::uint64_t memory_bytes)
    : loop_(loop), clock_(clock), journal_(journal), disk_(std::move(disk)), memory_bytes_(memory_bytes) {}

error_code Compactor::load() {
  return storage::for_each_row(journal_.meta(), key_prefix, [this](auto key, auto value) -> error_code {
    const auto number = std::strtoul(std::string(key).c_str(), nullptr, 10);
    clean_[static_cast<PartitionNumber>(number)] = std::strtoll(std::string(value).c_str(), nullptr, 10);
    return {};
  });
}

Offset Compactor::clean_until(PartitionNumber number) const {
  const auto found = clean_.find(number);
  return found == clean_.end() ? 0 : found->second;
}

void Compactor::compact(std::shared_ptr<Partition> partition, CompactionRules rules, Offset end,
                        std::function<void(PartitionNumber, error_code)> done) {
  if (stopped_ || !busy_.try_emplace(partition->number(), true).second) return;
  queue_.push_back(std::make_shared<const Job>(Job{std::move(partition), rules, end, std::move(done)}));
  if (!std::exchange(working_, true)) asio::co_spawn(loop_, work(shared_from_this()), asio::detached);
}

Task<error_code> Compactor::roll() {
  if (stopped_) co_return storage::Errc::stopped;
  const error_code error = co_await journal_.rewriter().roll();
  co_return error;
}

// In the background: lost, the partition is compacted once more, or from where it was noted before.
void Compactor::put(PartitionNumber number, std::optional<Offset> clean) {
  asio::post(disk_, [&meta = journal_.meta(), key = key_of(number), clean] {
    storage::Store::Change change;
    if (clean) change.puts[key] = std::to_string(*clean);
    if (!clean) change.erases.push_back(key);
    if (const error_code error = meta.commit(change))
      spdlog::warn("{} could not be changed: {}", key, error.message());
  });
}

void Compactor::forget(PartitionNumber number) {
  if (clean_.erase(number) > 0) put(number, std::nullopt);
}

void Compactor::truncated(PartitionNumber number, Offset end) {
  const auto known = clean_.find(number);
  if (known == clean_.end() || known->second <= end) return;
  known->second = end;
  put(number, end);
}

void Compactor::stop() {
  stopped_ = true;
  queue_.clear();
  if (resting_) resting_->wake();
}

Task<void> Compactor::work(std::shared_ptr<Compactor> self) {
  while (!self->queue_.empty()) {
    const auto job = self->queue_.front();
    self->queue_.pop_front();
    const PartitionNumber number = job->partition->number();
    const error_code error = co_await self->run(job);
    self->busy_.erase(number);
    if (self->stopped_) break;
    if (error && !job->partition->closed())
      spdlog::warn("partition {}: compaction failed, and is tried again: {}", number, error.message());
    job->done(number, error);
  }
  self->working_ = false;
}

Task<error_code> Compactor::run(std::shared_ptr<const Job> job) {
  const PartitionNumber number = job->partition->number();
  Offset clean = std::max(clean_until(number), job->partition->start());
  while (clean < job->end) {
    const Pass pass = new_pass(*job, clean);
    error_code error = co_await map(job, clean, pass);
    if (!error && stopped_) error = storage::Errc::stopped;
    if (!error) error = co_await rewrite(job, pass);
    if (!error && job->partition->closed()) error = storage::Errc::not_found;
    if (!error) error = co_await remember(number, pass->end);
    if (error) co_return error;
    if (stopped_) co_return storage::Errc::stopped;
    clean = pass->end;
    passes_++;
  }
  co_return error_code{};
}

// No more slots than there can be keys: every key needs an offset.
Compactor::Pass Compactor::new_pass(const Job& job, Offset clean) const {
  const std::uint64_t slots_max = std::max<std::uint64_t>(memory_bytes_ / NewestOffsets::slot_bytes, 16);
  const auto wanted = static_cast<std::uint64_t>(job.end - clean) / 3 * 4 + 16;
  const auto pass = std::make_shared<CompactionPass>(std::min(slots_max, wanted));
  pass->end = job.end;
  pass->newest_last = job.partition->end() - 1;
  pass->now = clock_.wall_ms();
  pass->delete_retention_ms = job.rules.delete_retention_ms;
  const Producers& producers = job.partition->producers();
  for (const auto& [id, producer] : producers.all())
    if (!producer.batches.empty()) pass->last_of_producer[id] = producer.batches.back().last;
  pass->is_aborted = [aborted =
                          by_producer(producers.transactions().aborted(job.partition->start(), job.end))](
                         const kafka::BatchHead& head) { return is_in(aborted, head); };
  return pass;
}

Task<error_code> Compactor::map(std::shared_ptr<const Job> job, Offset clean, Pass pass) {
  const auto first = std::make_shared<bool>(true);
  storage::Rewriter::Visit visit = [pass, first](storage::Bytes batch) {
    return map_keys(batch, *pass, std::exchange(*first, false));
  };
  co_return co_await journal_.rewriter().visit(job->partition->number(), clean, job->end, std::move(visit));
}

Task<error_code> Compactor::rewrite(std::shared_ptr<const Job> job, Pass pass) {
  const auto survivors = std::make_shared<Survivors>(pass);
  storage::Rewriter::Change change = [survivors](storage::Bytes batch) { return survivors->of(batch); };
  const std::uint64_t before = job->partition->bytes();
  for (Offset at = job->partition->start(); at < pass->end;) {
    const Time began = clock_.now();
    const std::uint64_t appended = journal_.stats().batch_bytes;
    const auto next = co_await journal_.rewriter().rewrite(job->partition->number(), at, pass->end, change);
    if (stopped_) co_return storage::Errc::stopped;
    if (!next) co_return next.error();
    if (job->partition->closed()) co_return storage::Errc::not_found;
    at = *next;
    if (at < pass->end) co_await rest(began, appended);
    if (stopped_) co_return storage::Errc::stopped;
  }
  spdlog::info("partition {}: compacted up to {}: {} records less, {} bytes before, {} after",
               job->partition->number(), pass->end, survivors->records_gone(), before,
               job->partition->bytes());
  co_return error_code{};
}

Task<error_code> Compactor::remember(PartitionNumber number, Offset clean) {
  storage::Store::Change change;
  change.puts[key_of(number)] = std::to_string(clean);
  auto work = [&meta = journal_.meta(), change = std::move(change)] { return meta.commit(change); };
  const error_code error = co_await run_on(disk_, std::move(work));
  if (!error) clean_[number] = clean;
  co_return error;
}

// The less the more others append.
Task<void> Compactor::rest(Time began, std::uint64_t appended) {
  const bool alone = journal_.stats().batch_bytes == appended;
  if (alone || stopped_) co_return;
  const Time now = clock_.now();
  resting_ = std::make_shared<Waiter>(loop_, clock_, now + rest_per_work * (now - began));
  co_await Waiter::wait(resting_);
}

}  // namespace mq::core
