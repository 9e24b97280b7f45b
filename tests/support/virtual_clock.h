// SPDX-License-Identifier: Apache-2.0
// A clock that a test moves, with its alarms, and chance from a seed: the same test runs the same way each
// time. One thread.
#pragma once

#include <map>
#include <random>
#include <vector>

#include "core/loop/clock.h"

namespace mq::test {

class VirtualClock final : public core::Clock {
 public:
  explicit VirtualClock(std::uint64_t seed = 1) : state_(std::make_shared<State>(seed)) {}
  ~VirtualClock() override {
    const auto pending = std::exchange(state_->pending, {});  // what they hold may have alarms of its own
  }

  core::Time now() const override { return state_->now; }
  core::Timestamp wall_ms() const override {
    constexpr core::Timestamp start_ms = 1'700'000'000'000;
    return start_ms +
           std::chrono::duration_cast<std::chrono::milliseconds>(state_->now.time_since_epoch()).count();
  }
  core::Time::duration since_boot() const override { return state_->now.time_since_epoch(); }
  std::uint64_t random() const override { return state_->random(); }
  std::unique_ptr<core::Alarm> alarm(boost::asio::io_context& loop) const override {
    return std::make_unique<VirtualAlarm>(loop, state_);
  }

  // Lets the time of the next alarm come, and rings it. False: none is set before `until`, and it is `until`
  // now.
  bool advance(core::Time until) {
    auto& pending = state_->pending;
    if (pending.empty() || pending.begin()->first.first > until) {
      if (until != core::Time::max()) state_->now = std::max(state_->now, until);
      return false;
    }
    auto next = pending.extract(pending.begin());
    state_->now = std::max(state_->now, next.key().first);
    next.mapped().alarm->rings();
    next.mapped().ring();
    return true;
  }

  std::size_t alarms() const { return state_->pending.size(); }  // that are set

  // As when a loop is destroyed, which must not have happened yet: its alarms ring no more.
  void forget(const boost::asio::io_context& loop) {
    std::vector<Pending> gone;  // destroyed when the clock is whole again
    for (auto at = state_->pending.begin(); at != state_->pending.end();) {
      if (at->second.loop != &loop) {
        ++at;
        continue;
      }
      gone.push_back(std::move(at->second));
      at = state_->pending.erase(at);
    }
  }

 private:
  class VirtualAlarm;
  struct Pending {
    VirtualAlarm* alarm = nullptr;
    boost::asio::io_context* loop = nullptr;
    core::Alarm::Ring ring;
  };
  struct State {
    explicit State(std::uint64_t seed) : random(seed) {}
    core::Time now{};
    std::uint64_t set = 0;  // alarms, ever: of two for one time the one that was set first rings first
    std::map<std::pair<core::Time, std::uint64_t>, Pending> pending;
    std::mt19937_64 random;
  };

  class VirtualAlarm final : public core::Alarm {
   public:
    VirtualAlarm(boost::asio::io_context& loop, std::shared_ptr<State> state)
        : loop_(loop), state_(std::move(state)) {}
    ~VirtualAlarm() override { unset(); }
    void rings() {
      key_ = {};
      ringing();
    }

   private:
    void set(core::Time at, Ring ring) override {
      unset();
      key_ = {at, ++state_->set};
      state_->pending[key_] = {this, &loop_, std::move(ring)};
    }
    void unset() override {
      const auto gone = state_->pending.extract(key_);  // destroyed when the alarm is out of it
      key_ = {};
    }

    boost::asio::io_context& loop_;
    const std::shared_ptr<State> state_;
    std::pair<core::Time, std::uint64_t> key_{};
  };

  const std::shared_ptr<State> state_;
};

}  // namespace mq::test
