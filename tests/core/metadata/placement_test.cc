// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace mq::core {
namespace {

using Targets = std::vector<PlacementTarget>;

std::map<BrokerId, int> leaders_of(const std::vector<std::vector<BrokerId>>& placed) {
  std::map<BrokerId, int> count;
  for (const auto& replicas : placed) count[replicas.front()]++;
  return count;
}
std::map<BrokerId, int> replicas_of(const std::vector<std::vector<BrokerId>>& placed) {
  std::map<BrokerId, int> count;
  for (const auto& replicas : placed)
    for (const BrokerId broker : replicas) count[broker]++;
  return count;
}

TEST(Placement, LeadersAndReplicasAreEvenOverTheBrokers) {
  const auto placed = place(Targets{{1, ""}, {2, ""}, {3, ""}, {4, ""}}, 12, 3, 7);
  for (const auto& [broker, count] : leaders_of(placed)) EXPECT_EQ(count, 3) << broker;
  for (const auto& [broker, count] : replicas_of(placed)) EXPECT_NEAR(count, 9, 1) << broker;
}

TEST(Placement, NoTwoReplicasAreOnOneBroker) {
  for (std::uint64_t start = 0; start < 20; start++)
    for (const auto& replicas : place(Targets{{1, "a"}, {2, "a"}, {3, "b"}, {4, ""}, {5, ""}}, 20, 3, start))
      EXPECT_EQ(std::set<BrokerId>(replicas.begin(), replicas.end()).size(), 3u);
}

TEST(Placement, ReplicasAreOnAsManyRacksAsThereAre) {
  const std::map<BrokerId, char> rack{{1, 'a'}, {2, 'a'}, {3, 'a'}, {4, 'b'}, {5, 'b'}, {6, 'c'}};
  Targets targets;
  for (const auto& [broker, name] : rack) targets.push_back({broker, std::string(1, name)});
  for (std::uint64_t start = 0; start < 20; start++) {
    for (const auto& replicas : place(targets, 18, 3, start)) {
      std::set<char> racks;
      for (const BrokerId broker : replicas) racks.insert(rack.at(broker));
      EXPECT_EQ(racks.size(), 3u);
    }
    for (const auto& replicas : place(targets, 18, 5, start)) EXPECT_EQ(replicas.size(), 5u);
  }
}

TEST(Placement, NotEveryTopicBeginsWithTheSameBroker) {
  const Targets targets{{1, ""}, {2, ""}, {3, ""}};
  EXPECT_NE(place(targets, 1, 1, 0), place(targets, 1, 1, 1));
}

TEST(Placement, FewerBrokersThanReplicasIsNoPlace) {
  EXPECT_TRUE(place(Targets{{1, ""}, {2, ""}}, 1, 3, 0).empty());
  EXPECT_TRUE(place({}, 1, 1, 0).empty());
  EXPECT_EQ(place(Targets{{1, ""}}, 2, 1, 5), (std::vector<std::vector<BrokerId>>{{1}, {1}}));
}

}  // namespace
}  // namespace mq::core
