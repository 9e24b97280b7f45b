// SPDX-License-Identifier: Apache-2.0
// Which partitions of an internal topic are coordinated here: those that this broker leads, once what they
// remember has been read. Lives on the loop.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "core/types.h"
#include "net/kafka/error.h"

namespace mq::core {

class CoordinatorShards {
 public:
  static constexpr std::size_t loads_max = 8;  // at a time: each has a piece of its partition in memory

  // Reads a partition. When it returns the partition may be led in another epoch, or by somebody else:
  // is_current() tells while it reads, and then nothing it found counts.
  using Load = std::function<Task<error_code>(std::int32_t partition, Epoch epoch)>;
  // Forgets all that was read of a partition, and sends away who waits.
  using Drop = std::function<void(std::int32_t partition)>;
  CoordinatorShards(asio::io_context& loop, Load load, Drop drop);
  ~CoordinatorShards() { stop(); }

  // Led here in this epoch: read, and then served; at once when it is empty. Of many calls while one is being
  // read the last counts.
  void lead(std::int32_t partition, Epoch epoch, bool empty);
  void resign(std::int32_t partition);
  void stop();  // serves nothing any more, and drops nothing
  bool is_stopped() const { return state_->stopped; }

  // coordinator_load_in_progress: it is led, and not read yet, or cannot be.
  kafka::Error serves(std::int32_t partition) const;
  std::optional<Epoch> epoch(std::int32_t partition) const;  // in which it is led here
  bool is_current(std::int32_t partition, Epoch epoch) const { return this->epoch(partition) == epoch; }
  bool is_loading(std::int32_t partition) const;
  std::size_t loading() const;  // how many; but not those that cannot be read

 private:
  enum class Progress { waits, loading, served, failed };
  struct Led {
    Epoch epoch = 0;
    Progress progress = Progress::waits;
  };
  struct State {
    Load load;
    Drop drop;
    std::map<std::int32_t, Led> led;
    std::set<std::int32_t> in_load;  // partitions that are being read, in whatever epoch
    std::deque<std::int32_t> queue;  // those that wait to be
    bool stopped = false;
  };

  static void start_next(const std::shared_ptr<State>& state, asio::io_context& loop);
  static Task<void> read(std::shared_ptr<State> state, asio::io_context& loop, std::int32_t partition);
  const Led* find(std::int32_t partition) const;

  asio::io_context& loop_;
  const std::shared_ptr<State> state_;
};

}  // namespace mq::core
