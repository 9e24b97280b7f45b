// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/coordinator_shards.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace mq::core {

using kafka::Error;

CoordinatorShards::CoordinatorShards(asio::io_context& loop, Load load, Drop drop)
    : loop_(loop), state_(std::make_shared<State>()) {
  state_->load = std::move(load);
  state_->drop = std::move(drop);
}

const CoordinatorShards::Led* CoordinatorShards::find(std::int32_t partition) const {
  const auto found = state_->led.find(partition);
  return found == state_->led.end() ? nullptr : &found->second;
}

void CoordinatorShards::lead(std::int32_t partition, Epoch epoch, bool empty) {
  if (state_->stopped || is_current(partition, epoch)) return;
  resign(partition);
  state_->led[partition] = {epoch, empty ? Progress::served : Progress::waits};
  if (empty) return;
  state_->queue.push_back(partition);
  start_next(state_, loop_);
}

void CoordinatorShards::resign(std::int32_t partition) {
  if (state_->stopped || state_->led.erase(partition) == 0) return;
  std::erase(state_->queue, partition);
  state_->drop(partition);
}

void CoordinatorShards::stop() {
  state_->stopped = true;
  state_->queue.clear();
}

Error CoordinatorShards::serves(std::int32_t partition) const {
  const Led* led = find(partition);
  if (state_->stopped || !led) return Error::not_coordinator;
  return led->progress == Progress::served ? Error::none : Error::coordinator_load_in_progress;
}

std::optional<Epoch> CoordinatorShards::epoch(std::int32_t partition) const {
  const Led* led = find(partition);
  return led ? std::optional(led->epoch) : std::nullopt;
}

bool CoordinatorShards::is_loading(std::int32_t partition) const {
  const Led* led = find(partition);
  return led && led->progress != Progress::served;
}

std::size_t CoordinatorShards::loading() const {
  return static_cast<std::size_t>(std::count_if(state_->led.begin(), state_->led.end(), [](const auto& led) {
    return led.second.progress == Progress::waits || led.second.progress == Progress::loading;
  }));
}

// One that is being read in an epoch before waits for that to end.
void CoordinatorShards::start_next(const std::shared_ptr<State>& state, asio::io_context& loop) {
  for (auto next = state->queue.begin(); next != state->queue.end() && state->in_load.size() < loads_max;) {
    const std::int32_t partition = *next;
    if (state->in_load.contains(partition)) {
      ++next;
      continue;
    }
    next = state->queue.erase(next);
    state->in_load.insert(partition);
    asio::co_spawn(loop, read(state, loop, partition), asio::detached);
  }
}

Task<void> CoordinatorShards::read(std::shared_ptr<State> state, asio::io_context& loop,
                                   std::int32_t partition) {
  if (const auto led = state->led.find(partition); led != state->led.end()) {
    const Epoch epoch = led->second.epoch;
    led->second.progress = Progress::loading;
    const error_code error = co_await state->load(partition, epoch);
    const auto now = state->led.find(partition);
    if (now != state->led.end() && now->second.epoch == epoch)
      now->second.progress = error ? Progress::failed : Progress::served;
  }
  state->in_load.erase(partition);
  if (!state->stopped) start_next(state, loop);
}

}  // namespace mq::core
