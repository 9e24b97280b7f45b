// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/placement.h"

#include <algorithm>
#include <map>
#include <set>

namespace mq::core {

namespace {

// One of each rack in turn: neighbours are of different racks as long as there are any.
std::vector<PlacementTarget> by_rack_in_turn(std::vector<PlacementTarget> targets) {
  std::sort(targets.begin(), targets.end(), [](const auto& a, const auto& b) { return a.broker < b.broker; });
  std::map<std::string, std::vector<PlacementTarget>> racks;
  for (PlacementTarget& target : targets) racks[target.rack].push_back(target);
  std::vector<PlacementTarget> in_turn;
  for (std::size_t round = 0; in_turn.size() < targets.size(); round++)
    for (const auto& [rack, members] : racks)
      if (round < members.size()) in_turn.push_back(members[round]);
  return in_turn;
}

}  // namespace

std::vector<std::vector<BrokerId>> place(std::vector<PlacementTarget> targets, std::int32_t partitions,
                                         std::int32_t replication_factor, std::uint64_t start) {
  const auto order = by_rack_in_turn(std::move(targets));
  const std::size_t count = order.size();
  const auto wanted = static_cast<std::size_t>(replication_factor);
  std::vector<std::vector<BrokerId>> placed;
  if (wanted == 0 || wanted > count) return placed;
  for (std::size_t partition = 0; partition < static_cast<std::size_t>(partitions); partition++) {
    const std::size_t leader = (start + partition) % count;
    // Every round of leaders begins its followers one further, so that they are spread, too.
    const std::size_t shift = 1 + (start + partition / count) % std::max<std::size_t>(count - 1, 1);
    std::vector<const PlacementTarget*> chosen{&order[leader]};
    std::set<std::string> racks{order[leader].rack};
    for (const bool any_rack : {false, true})
      for (std::size_t i = 0; i + 1 < count && chosen.size() < wanted; i++) {
        const PlacementTarget& next = order[(leader + 1 + (shift - 1 + i) % (count - 1)) % count];
        if (std::find(chosen.begin(), chosen.end(), &next) != chosen.end()) continue;
        if (!any_rack && racks.contains(next.rack)) continue;
        racks.insert(next.rack);
        chosen.push_back(&next);
      }
    auto& replicas = placed.emplace_back();
    for (const PlacementTarget* target : chosen) replicas.push_back(target->broker);
  }
  return placed;
}

}  // namespace mq::core
