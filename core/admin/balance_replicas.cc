// SPDX-License-Identifier: Apache-2.0
// Where replicas are: the goals that copy bytes.
#include <algorithm>

#include "core/admin/balance_state.h"

namespace mq::admin {

using Index = BalanceState::Index;

bool spread_over_racks(BalanceState& state) {
  bool changed = false;
  for (Index p = 0; p < static_cast<Index>(state.partitions().size()); p++) {
    bool again = state.racks_missing(p) > 0 && state.may_change(p);
    while (std::exchange(again, false)) {
      const std::vector<Index> replicas = state.partitions()[p].replicas;
      for (auto from = replicas.rbegin(); from != replicas.rend() && !again; ++from) {
        const auto to = state.best_target(p, *from);
        if (!to || state.racks_missing(p, *from, *to) >= state.racks_missing(p)) continue;
        state.move(p, *from, *to);
        again = changed = true;
      }
    }
  }
  return changed;
}

namespace {

// The largest that is not more than what is too much; else the smallest that is.
std::vector<Index> by_relief(const BalanceState::Broker& broker, std::int64_t over) {
  const auto& movable = broker.movable;
  const auto middle = movable.upper_bound({over, std::numeric_limits<Index>::max()});
  std::vector<Index> order;
  for (auto one = middle; one != movable.begin();) order.push_back((--one)->second);
  for (auto one = middle; one != movable.end(); ++one) order.push_back(one->second);
  return order;
}

bool relieve(BalanceState& state, Index broker) {
  for (const Index p : by_relief(state.brokers()[broker], state.over_limit(broker))) {
    if (state.partitions()[p].is.bytes == 0) continue;
    const auto to = state.best_target(p, broker);
    if (!to) continue;
    state.move(p, broker, *to);
    return true;
  }
  return false;
}

}  // namespace

bool relieve_disks(BalanceState& state) {
  bool changed = false;
  for (const Index broker : state.takers())
    while (state.over_limit(broker) > 0 && relieve(state, broker)) changed = true;
  return changed;
}

// The largest first: those find room least easily.
bool empty_excluded(BalanceState& state) {
  bool changed = false;
  for (Index broker = 0; broker < static_cast<Index>(state.brokers().size()); broker++) {
    if (!state.brokers()[broker].is.excluded) continue;
    const auto movable = state.brokers()[broker].movable;
    for (auto one = movable.rbegin(); one != movable.rend(); ++one) {
      const auto to = state.best_target(one->second, broker);
      if (to) state.move(one->second, broker, *to);
      changed |= to.has_value();
    }
  }
  return changed;
}

namespace {

// From one broker to another: how many bytes bring at least as many into the band, and take none out of it.
struct Transfer {
  std::int64_t over, under;  // what is too much there, too little here
  std::int64_t most;         // that takes none out
  std::int64_t gain(std::int64_t bytes) const { return std::min(bytes, over) + std::min(bytes, under); }
};

Transfer transfer(const BalanceState& state, Index from, Index to) {
  const BalanceState::Band& band = state.bytes_band();
  const std::int64_t here = state.brokers()[from].bytes, there = state.brokers()[to].bytes;
  return {band.over(here), band.under(there), std::min(here - band.low, band.high - there)};
}

bool move_one(BalanceState& state, Index from, Index to, const Transfer& wanted, int tries) {
  constexpr Index last = std::numeric_limits<Index>::max();
  const std::int64_t best = std::min(wanted.over, wanted.under);
  const std::int64_t most = std::min(wanted.over + wanted.under, wanted.most);
  const auto& movable = state.brokers()[from].movable;
  const auto try_move = [&](const std::pair<std::int64_t, Index>& one) {
    if (one.first <= 0 || one.first > most || !state.may_move(one.second, from, to)) return false;
    state.move(one.second, from, to);
    return true;
  };
  const auto middle = movable.upper_bound({std::min(best, most), last});
  for (auto one = middle; one != movable.begin();) {
    if ((--one)->first <= 0 || tries-- == 0) break;
    if (try_move(*one)) return true;
  }
  for (auto one = middle; one != movable.end() && one->first <= most && tries-- > 0; ++one)
    if (try_move(*one)) return true;
  return false;
}

// One that is too large, and a small one back.
bool swap_two(BalanceState& state, Index from, Index to, const Transfer& wanted) {
  constexpr int tries_max = 64;  // for each
  constexpr Index last = std::numeric_limits<Index>::max();
  const auto& here = state.brokers()[from].movable;
  const auto& there = state.brokers()[to].movable;
  for (auto one = here.upper_bound({wanted.most, last}); one != here.end(); ++one) {
    const auto [bytes, partition] = *one;
    if (bytes > wanted.over + wanted.under) break;
    if (!state.may_move(partition, from, to)) continue;
    int tries = 0;
    for (auto back = there.lower_bound({bytes - wanted.most, 0}); back != there.end() && tries < tries_max;
         ++back, ++tries) {
      const std::int64_t moved = bytes - back->first;
      if (moved <= 0 || wanted.gain(moved) < bytes + back->first) break;
      if (back->second == partition || !state.may_move(back->second, to, from)) continue;
      const Index other = back->second;
      state.move(partition, from, to);
      if (!state.may_change(other)) {  // it was the last one that may
        state.move(partition, to, from);
        return false;
      }
      state.move(other, to, from);
      return true;
    }
  }
  return false;
}

std::vector<Index> takers_by(const BalanceState& state,
                             std::int64_t (*measure)(const BalanceState::Broker&)) {
  std::vector<Index> order = state.takers();
  std::ranges::stable_sort(order, std::greater<>(), [&](Index i) { return measure(state.brokers()[i]); });
  return order;
}

// Between which brokers nothing was found, as long as they stay as they are.
class Fruitless {
 public:
  bool has(const BalanceState& state, Index from, Index to) const {
    const auto found = pairs_.find({from, to});
    return found != pairs_.end() && found->second == versions(state, from, to);
  }
  void add(const BalanceState& state, Index from, Index to) {
    pairs_[{from, to}] = versions(state, from, to);
  }
  void clear() { pairs_.clear(); }

 private:
  static std::pair<int, int> versions(const BalanceState& state, Index from, Index to) {
    return {state.brokers()[from].version, state.brokers()[to].version};
  }
  std::map<std::pair<Index, Index>, std::pair<int, int>> pairs_;
};

// `tries`: how many partitions are looked at.
using Step = bool (*)(BalanceState&, Index from, Index to, int tries);
using Measure = std::int64_t (*)(const BalanceState::Broker&);

// From who has most to who has least. Only when a short look finds nothing any more, a long one is worth it.
bool take_steps(BalanceState& state, Step step, Measure measure) {
  constexpr int few = 50, all = std::numeric_limits<int>::max();
  Fruitless fruitless;
  const auto take_one = [&](int tries) {
    const auto order = takers_by(state, measure);
    for (const Index from : order)
      for (auto to = order.rbegin(); to != order.rend(); ++to) {
        if (*to == from || fruitless.has(state, from, *to)) continue;
        if (step(state, from, *to, tries)) return true;
        fruitless.add(state, from, *to);
      }
    fruitless.clear();
    return false;
  };
  bool changed = false;
  while (take_one(few) || take_one(all)) changed = true;
  return changed;
}

std::int64_t bytes_of(const BalanceState::Broker& broker) {
  return broker.bytes;
}
std::int64_t count_of(const BalanceState::Broker& broker) {
  return broker.count;
}

bool is_worth_while(const BalanceState& state, const Transfer& wanted) {
  constexpr std::int64_t part = 50;  // of the mean
  return wanted.most > 0 && std::max(wanted.over, wanted.under) > state.bytes_mean() / part;
}

bool step_bytes(BalanceState& state, Index from, Index to, int tries) {
  const Transfer wanted = transfer(state, from, to);
  return is_worth_while(state, wanted) && move_one(state, from, to, wanted, tries);
}
bool step_swap(BalanceState& state, Index from, Index to, int) {
  const Transfer wanted = transfer(state, from, to);
  return is_worth_while(state, wanted) && swap_two(state, from, to, wanted);
}

}  // namespace

bool even_bytes(BalanceState& state) {
  bool changed = false;
  while (take_steps(state, step_bytes, bytes_of) || take_steps(state, step_swap, bytes_of)) changed = true;
  return changed;
}

namespace {

// The smallest.
bool step_count(BalanceState& state, Index from, Index to, int tries) {
  const BalanceState::Band& band = state.count_band();
  const std::int64_t here = state.brokers()[from].count, there = state.brokers()[to].count;
  if (band.over(here) == 0 && band.under(there) == 0) return false;
  if (here - 1 < band.low || there + 1 > band.high || here - there < 2) return false;
  const std::int64_t most = std::max<std::int64_t>(transfer(state, from, to).most, 0);
  for (const auto& [bytes, partition] : state.brokers()[from].movable) {
    if (bytes > most || tries-- == 0) return false;
    if (!state.may_move(partition, from, to)) continue;
    state.move(partition, from, to);
    return true;
  }
  return false;
}

}  // namespace

bool even_counts(BalanceState& state) {
  return take_steps(state, step_count, count_of);
}

}  // namespace mq::admin
