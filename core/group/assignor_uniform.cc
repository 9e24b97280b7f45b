// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <queue>

#include "core/group/assignor.h"

namespace mq::core {

namespace {

class Dealing {
 public:
  explicit Dealing(const AssignorInput& input)
      : input_(input), dealt_(input.members.size()), load_(input.members.size()) {
    for (std::size_t i = 0; i < input.members.size(); i++)
      for (const Uuid& topic : input.members[i].topics) readers_[topic].push_back(i);
    for (const auto& [topic, readers] : readers_) topics_.push_back(topic);
    std::ranges::stable_sort(topics_, {}, [this](const Uuid& topic) { return readers_.at(topic).size(); });
  }

  Assignments deal() {
    for (std::size_t i = 0; i < dealt_.size(); i++) keep(i);
    for (const Uuid& topic : topics_) hand_out(topic);  // those with little choice of readers first
    even_out();
    return std::move(dealt_);
  }

 private:
  using Index = std::size_t;  // of a member

  void give(Index to, const Uuid& topic, std::int32_t partition) {
    add(dealt_[to], topic, partition);
    load_[to]++;
  }

  void keep(Index member) {
    for (const auto& [topic, partitions] : input_.members[member].owned) {
      if (!input_.members[member].topics.contains(topic)) continue;
      auto& taken = taken_[topic];
      for (const std::int32_t partition : partitions)
        if (partition < input_.partitions.at(topic) && taken.insert(partition).second)
          give(member, topic, partition);
    }
  }

  void hand_out(const Uuid& topic) {
    using Place = std::pair<std::size_t, Index>;
    std::priority_queue<Place, std::vector<Place>, std::greater<>> least_loaded;
    for (const Index reader : readers_.at(topic)) least_loaded.emplace(load_[reader], reader);
    const auto& taken = taken_[topic];
    for (std::int32_t partition = 0; partition < input_.partitions.at(topic); partition++) {
      if (taken.contains(partition)) continue;
      const Index to = least_loaded.top().second;
      least_loaded.pop();
      give(to, topic, partition);
      least_loaded.emplace(load_[to], to);
    }
  }

  // Every move makes the sum of squared loads smaller, so this ends.
  void even_out() {
    for (bool moved = true; moved;) {
      moved = false;
      for (const Uuid& topic : topics_)
        while (move_one(topic)) moved = true;
    }
  }

  bool move_one(const Uuid& topic) {
    const auto& readers = readers_.at(topic);
    const Index to = *std::ranges::min_element(readers, {}, [this](Index i) { return load_[i]; });
    std::optional<Index> from;
    for (const Index i : readers)
      if (load_[i] > load_[to] + 1 && dealt_[i].contains(topic) && (!from || load_[i] > load_[*from]))
        from = i;
    if (!from) return false;

    const auto at = dealt_[*from].find(topic);
    const std::int32_t partition = *at->second.rbegin();
    at->second.erase(partition);
    if (at->second.empty()) dealt_[*from].erase(at);
    load_[*from]--;
    give(to, topic, partition);
    return true;
  }

  const AssignorInput& input_;
  Assignments dealt_;
  std::vector<std::size_t> load_;  // partitions of each member
  std::map<Uuid, std::vector<Index>> readers_;
  std::vector<Uuid> topics_;  // those that somebody reads, by the number of readers
  std::map<Uuid, std::set<std::int32_t>> taken_;
};

constexpr Assignor assignors_known[] = {{"uniform", &assign_uniform}, {"range", &assign_range}};

}  // namespace

Assignments assign_uniform(const AssignorInput& input) {
  return Dealing(input).deal();
}

std::span<const Assignor> assignors() {
  return assignors_known;
}

const Assignor* find_assignor(std::string_view name) {
  const auto* found = std::ranges::find(assignors_known, name, &Assignor::name);
  return found == std::end(assignors_known) ? nullptr : found;
}

}  // namespace mq::core
