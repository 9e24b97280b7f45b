// SPDX-License-Identifier: Apache-2.0
#include "core/loop/clock.h"

#include <time.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <random>

namespace mq::core {

void Alarm::ring_at(Time at, Ring ring) {
  at_ = at;
  set(at, std::move(ring));
}

void Alarm::ring_by(Time at, Ring ring) {
  if (!at_ || at < *at_) ring_at(at, std::move(ring));
}

void Alarm::cancel() {
  if (!at_) return;
  at_.reset();
  unset();
}

namespace {

constexpr std::chrono::hours longest_wait{24 * 365};

class LoopAlarm final : public Alarm {
 public:
  LoopAlarm(asio::io_context& loop, const Clock& clock) : clock_(clock), timer_(loop.get_executor()) {}

 private:
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;

  // A wait that was replaced may be over already, and not told yet: only the last one counts.
  void set(Time at, Ring ring) override {
    timer_.expires_after(std::clamp<Time::duration>(at - clock_.now(), Time::duration::zero(), longest_wait));
    wait_ = std::make_shared<LoopAlarm*>(this);
    timer_.async_wait([wait = std::weak_ptr(wait_), ring = std::move(ring)](error_code cancelled) {
      const auto alarm = wait.lock();
      if (!alarm || cancelled) return;
      (*alarm)->wait_.reset();
      (*alarm)->ringing();
      ring();
    });
  }
  void unset() override {
    wait_.reset();
    timer_.cancel();
  }

  const Clock& clock_;  // whose time may be another than the timer's
  Timer timer_;
  std::shared_ptr<LoopAlarm*> wait_;
};

}  // namespace

Time Clock::now() const {
  return std::chrono::steady_clock::now();
}

Timestamp Clock::wall_ms() const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Time::duration Clock::since_boot() const {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::uint64_t Clock::random() const {
  thread_local std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

std::unique_ptr<Alarm> Clock::alarm(asio::io_context& loop) const {
  return std::make_unique<LoopAlarm>(loop, *this);
}

const Clock& real_clock() {
  static const Clock clock;
  return clock;
}

}  // namespace mq::core
