// SPDX-License-Identifier: Apache-2.0
// Who is preferred as leader: even for each topic, then in all, along chains of brokers.
#include <algorithm>
#include <deque>

#include "core/admin/balance_state.h"

namespace mq::admin {

using Index = BalanceState::Index;

namespace {

class LeaderBalance {
 public:
  explicit LeaderBalance(BalanceState& state) : state_(state) {
    const std::size_t brokers = state.brokers().size();
    led_.resize(brokers);
    led_of_topic_.assign(static_cast<std::size_t>(state.topics()), std::vector<int>(brokers));
    for (Index p = 0; p < static_cast<Index>(state.partitions().size()); p++) {
      const auto& one = state.partitions()[p];
      if (one.replicas.empty()) continue;
      leave_excluded(p);
      led_[one.replicas.front()]++;
      led_of_topic_[one.topic][one.replicas.front()]++;
      if (!one.is.stays && may_lead(one.replicas.front())) add_ways(p);
    }
  }

  bool even_topic(int topic) {
    const auto& led = led_of_topic_[topic];
    return even(
        led,
        [&](Index from, Index to) {
          return ways_[{from, to}].contains(topic);
        },
        [&](Index, Index) { return topic; });
  }

  // None makes a topic worse.
  bool even_all() {
    const auto topic_for = [&](Index from, Index to) {
      const auto& topics = ways_[{from, to}];
      const auto found = std::ranges::find_if(topics, [&](const auto& topic) {
        return led_of_topic_[topic.first][from] > led_of_topic_[topic.first][to];
      });
      return found == topics.end() ? -1 : found->first;
    };
    return even(
        led_, [&](Index from, Index to) { return topic_for(from, to) >= 0; }, topic_for);
  }

  bool changed() const { return changed_; }

 private:
  bool may_lead(Index broker) const {
    return state_.brokers()[broker].takes && state_.brokers()[broker].is.leads;
  }

  // Who cannot be left is not to lead either.
  void leave_excluded(Index p) {
    const auto replicas = state_.partitions()[p].replicas;
    if (!state_.brokers()[replicas.front()].is.excluded || !state_.may_change(p)) return;
    for (const Index replica : replicas) {
      if (!may_lead(replica)) continue;
      state_.prefer(p, replica);
      changed_ = true;
      return;
    }
  }

  void add_ways(Index p) {
    const auto& one = state_.partitions()[p];
    for (const Index to : one.replicas)
      if (to != one.replicas.front() && may_lead(to)) ways_[{one.replicas.front(), to}][one.topic].insert(p);
  }
  void remove_ways(Index p) {
    const auto& one = state_.partitions()[p];
    for (const Index to : one.replicas) {
      const auto way = ways_.find({one.replicas.front(), to});
      if (way == ways_.end()) continue;
      const auto topic = way->second.find(one.topic);
      if (topic == way->second.end()) continue;
      topic->second.erase(p);
      if (topic->second.empty()) way->second.erase(topic);
    }
  }

  void hand_over(Index from, Index to, int topic) {
    const Index p = *ways_[{from, to}].at(topic).begin();
    remove_ways(p);
    state_.prefer(p, to);
    add_ways(p);
    led_[from]--, led_[to]++;
    led_of_topic_[topic][from]--, led_of_topic_[topic][to]++;
  }

  // From who leads most, by way of others, to who leads two less or still fewer. False: there is no such way.
  template <class IsWay, class TopicFor>
  bool even(const std::vector<int>& led, IsWay is_way, TopicFor topic_for) {
    std::vector<Index> order;
    for (Index i = 0; i < static_cast<Index>(led.size()); i++)
      if (may_lead(i)) order.push_back(i);
    std::ranges::stable_sort(order, std::greater<>(), [&](Index i) { return led[i]; });
    for (const Index first : order) {
      std::vector<Index> before(led.size(), -1);
      before[first] = first;
      std::deque<Index> open{first};
      for (; !open.empty(); open.pop_front())
        for (auto next = order.rbegin(); next != order.rend(); ++next) {
          if (before[*next] >= 0 || !is_way(open.front(), *next)) continue;
          before[*next] = open.front();
          if (led[first] - led[*next] >= 2) return walk(first, *next, before, topic_for);
          open.push_back(*next);
        }
    }
    return false;
  }

  template <class TopicFor>
  bool walk(Index first, Index last, const std::vector<Index>& before, TopicFor topic_for) {
    std::vector<Index> path{last};
    while (path.back() != first) path.push_back(before[path.back()]);
    if (path.size() - 1 > state_.changes_left()) return false;
    std::ranges::reverse(path);
    for (std::size_t i = 0; i + 1 < path.size(); i++)
      hand_over(path[i], path[i + 1], topic_for(path[i], path[i + 1]));
    return changed_ = true;
  }

  BalanceState& state_;
  std::vector<int> led_;
  std::vector<std::vector<int>> led_of_topic_;  // topic → broker
  // From a preferred leader to another replica: by topic, which partitions.
  std::map<std::pair<Index, Index>, std::map<int, std::set<Index>>> ways_;
  bool changed_ = false;
};

}  // namespace

bool even_leaders(BalanceState& state) {
  LeaderBalance leaders(state);
  bool again = true;
  while (std::exchange(again, false)) {
    for (int topic = 0; topic < state.topics(); topic++)
      while (leaders.even_topic(topic)) again = true;
    while (leaders.even_all()) again = true;
  }
  return leaders.changed();
}

}  // namespace mq::admin
