// SPDX-License-Identifier: Apache-2.0
// What time it is, what happens when it has come, and chance: given to whoever needs it, so that tests can
// own them.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/types.h"

namespace mq::core {

// Calls a function on the loop when a time has come: one at once, once. Made by a Clock. Lives on the loop;
// destroyed it calls nothing.
class Alarm {
 public:
  using Ring = std::function<void()>;

  virtual ~Alarm() = default;

  // `ring` is called in a turn of the loop of its own; it may set the alarm again, or destroy it. The loop
  // keeps it, not the alarm: so it may own who owns the alarm, and goes with the loop.
  void ring_at(Time at, Ring ring);  // whatever it was set to
  void ring_by(Time at, Ring ring);  // at the latest: an earlier time stays, and its function
  void cancel();
  std::optional<Time> set_for() const { return at_; }  // nothing: it is not set

 protected:
  void ringing() { at_.reset(); }  // the time has come, the function is called next

 private:
  virtual void set(Time at, Ring ring) = 0;  // instead of what was set before
  virtual void unset() = 0;

  std::optional<Time> at_;
};

// Readings: any thread. Alarms: the loop's.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const;
  virtual Timestamp wall_ms() const;
  virtual Time::duration since_boot() const;  // goes on while the machine is suspended, unlike now()
  virtual std::uint64_t random() const;       // what differs from run to run beside the time
  virtual std::unique_ptr<Alarm> alarm(asio::io_context& loop) const;
};

const Clock& real_clock();

}  // namespace mq::core
