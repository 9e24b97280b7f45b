// SPDX-License-Identifier: Apache-2.0
// Brokers and partitions while a plan is made: what one more step would do, and the step. Brokers and
// partitions are counted from 0, by id and by name. Pure.
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/admin/balance.h"

namespace mq::admin {

class BalanceState {
 public:
  using Index = int;
  struct Broker {
    BalanceBroker is;
    int rack = 0;
    std::int64_t bytes = 0, used = 0;
    std::int64_t count = 0;
    int led = 0;                                       // preferred as leader for so many
    std::set<std::pair<std::int64_t, Index>> movable;  // bytes, partition
    bool takes = false;                                // runs, and is not excluded
    int version = 0;                                   // another one when any of it is
  };
  struct Partition {
    BalancePartition is;
    std::vector<Index> replicas, original;
    int topic = 0;
    bool changed = false;
  };

  BalanceState(std::vector<BalanceBroker> brokers, std::vector<BalancePartition> partitions,
               const BalanceGoals& goals);

  const std::vector<Broker>& brokers() const { return brokers_; }
  const std::vector<Partition>& partitions() const { return partitions_; }
  std::vector<Index> takers() const;
  int topics() const { return topics_; }

  // Whether this step breaks nothing, and if it does, what.
  enum class Verdict { fine, not_there, racks, disks };
  Verdict judge(Index partition, Index from, Index to) const;
  bool may_move(Index partition, Index from, Index to) const {
    return may_change(partition) && judge(partition, from, to) == Verdict::fine;
  }
  bool may_change(Index partition) const;
  std::size_t changes_left() const { return goals_.partitions_max - changed_; }
  int racks_missing(Index partition) const;
  int racks_missing(Index partition, Index from, Index to) const;  // after that step
  bool has(Index partition, Index broker) const;
  std::int64_t over_limit(Index broker) const;  // bytes of its disk
  // Who has least of those that may take it.
  std::optional<Index> best_target(Index partition, Index from) const;

  // Within which `bytes` and `count` of a broker are as they should be.
  struct Band {
    std::int64_t low = 0, high = 0;
    std::int64_t over(std::int64_t n) const { return n > high ? n - high : 0; }
    std::int64_t under(std::int64_t n) const { return n < low ? low - n : 0; }
  };
  const Band& bytes_band() const { return bytes_band_; }
  const Band& count_band() const { return count_band_; }
  std::int64_t bytes_mean() const { return bytes_mean_; }

  // At its place among the replicas; where that was the first, who leads least is preferred now.
  void move(Index partition, Index from, Index to);
  void prefer(Index partition, Index leader);  // one of its replicas

  int distinct_racks(const std::vector<Index>& replicas) const;

 private:
  void add(Index partition, Index broker);
  void remove(Index partition, Index broker);
  void note_change(Index partition);

  std::vector<Broker> brokers_;
  std::vector<Partition> partitions_;
  BalanceGoals goals_;
  int racks_ = 0, topics_ = 0;  // racks of those that take
  Band bytes_band_, count_band_;
  std::int64_t bytes_mean_ = 0;
  std::size_t changed_ = 0;  // partitions
};

// The goals, each by itself: true when a step was made.
bool spread_over_racks(BalanceState& state);
bool relieve_disks(BalanceState& state);
bool empty_excluded(BalanceState& state);
bool even_bytes(BalanceState& state);
bool even_counts(BalanceState& state);
bool even_leaders(BalanceState& state);

}  // namespace mq::admin
