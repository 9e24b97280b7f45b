// SPDX-License-Identifier: Apache-2.0
#include "core/client/assignors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace mq::client {
namespace {

Subscriber member(std::string name, std::vector<std::string> topics,
                  std::optional<std::string> instance = std::nullopt) {
  return {std::move(name), std::move(instance), std::move(topics)};
}
std::vector<TopicPartition> of(const std::string& topic, std::vector<std::int32_t> partitions) {
  std::vector<TopicPartition> all;
  for (const auto partition : partitions) all.push_back({topic, partition});
  return all;
}
Shares deal(std::string_view assignor, const std::vector<Subscriber>& subscribers, PartitionCounts topics) {
  return find_assignor(assignor)->deal(subscribers, topics);
}

TEST(RangeAssignor, GivesNeighboursAndTheFirstOnesTheExtra) {
  const Shares shares = deal("range", {member("b", {"t"}), member("a", {"t"})}, {{"t", 5}});
  EXPECT_EQ(shares.at("a"), of("t", {0, 1, 2}));
  EXPECT_EQ(shares.at("b"), of("t", {3, 4}));
}

TEST(RangeAssignor, DealsEqualTopicsAlike) {
  const Shares shares =
      deal("range", {member("a", {"t", "u"}), member("b", {"t", "u"})}, {{"t", 2}, {"u", 2}});
  EXPECT_EQ(shares.at("a"), (std::vector<TopicPartition>{{"t", 0}, {"u", 0}}));
}

TEST(RangeAssignor, PutsStaticMembersFirstByTheirLastingName) {
  const Shares shares =
      deal("range", {member("a", {"t"}), member("z", {"t"}, "2"), member("y", {"t"}, "1")}, {{"t", 3}});
  EXPECT_EQ(shares.at("y"), of("t", {0}));
  EXPECT_EQ(shares.at("z"), of("t", {1}));
  EXPECT_EQ(shares.at("a"), of("t", {2}));
}

TEST(RoundrobinAssignor, DealsAllTopicsInTurn) {
  const Shares shares =
      deal("roundrobin", {member("a", {"t", "u"}), member("b", {"t", "u"})}, {{"t", 3}, {"u", 1}});
  EXPECT_EQ(shares.at("a"), of("t", {0, 2}));
  EXPECT_EQ(shares.at("b"), (std::vector<TopicPartition>{{"t", 1}, {"u", 0}}));
}

TEST(Assignors, GiveNobodyWhatHeDoesNotWantAndEverybodyAShare) {
  for (const Assignor& assignor : assignors()) {
    const Shares shares = assignor.deal({member("a", {"t"}), member("b", {"u"}), member("c", {"none"})},
                                        {{"t", 2}, {"u", 1}, {"nobody's", 4}});
    EXPECT_EQ(shares.at("a"), of("t", {0, 1})) << assignor.name;
    EXPECT_EQ(shares.at("b"), of("u", {0})) << assignor.name;
    EXPECT_EQ(shares.at("c"), of("t", {})) << assignor.name;
  }
}

TEST(StickyAssignor, TakesNothingFromTheOldOnesThatNeedNotMoveAndNothingBeforeTheyLetGo) {
  Subscriber old = member("old", {"t"});
  old.owned = of("t", {0, 1, 2, 3});
  old.generation = 1;
  const Shares first = deal("cooperative-sticky", {old, member("new", {"t"})}, {{"t", 4}});
  EXPECT_EQ(first.at("old").size(), 2u);
  EXPECT_TRUE(first.at("new").empty()) << "what moves is still being read";

  old.owned = first.at("old");
  const Shares second = deal("cooperative-sticky", {old, member("new", {"t"})}, {{"t", 4}});
  EXPECT_EQ(second.at("old"), first.at("old"));
  EXPECT_EQ(second.at("new").size(), 2u);
}

TEST(StickyAssignor, BelievesTheLaterOfTwoClaims) {
  Subscriber stale = member("a", {"t"}), current = member("b", {"t"});
  stale.owned = of("t", {0}), stale.generation = 1;
  current.owned = of("t", {0}), current.generation = 2;
  EXPECT_EQ(deal("cooperative-sticky", {stale, current}, {{"t", 1}}).at("b"), of("t", {0}));
}

TEST(StickyAssignor, ForgetsWhatDoesNotExistAnyMore) {
  Subscriber one = member("a", {"t", "gone"});
  one.owned = {{"gone", 0}, {"t", 7}, {"t", 0}};
  one.generation = 1;
  EXPECT_EQ(deal("cooperative-sticky", {one}, {{"t", 2}}).at("a"), of("t", {0, 1}));
}

bool has(const auto& list, const auto& one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

// A group whose members follow every share they are given, as far as the test lets them.
struct Group {
  std::map<std::string, Subscriber> members;
  std::int32_t generation = 0;

  // One round of joining. False: somebody was given what another one still reads.
  bool rebalance(const PartitionCounts& topics) {
    generation++;
    std::vector<Subscriber> all;
    for (const auto& [name, one] : members) all.push_back(one);
    const Shares shares = deal("cooperative-sticky", all, topics);
    for (const auto& [name, share] : shares)
      for (const auto& [other, them] : members)
        for (const TopicPartition& partition : share)
          if (other != name && has(them.owned, partition)) return false;
    settled = true;
    for (auto& [name, one] : members) {
      settled = settled && one.owned == shares.at(name);
      one.owned = shares.at(name), one.generation = generation;
    }
    return true;
  }
  bool settled = false;

  bool wanted(const std::string& topic) const {
    return std::ranges::any_of(members, [&](const auto& m) { return has(m.second.topics, topic); });
  }
  bool level() const {
    for (const auto& [name, one] : members)
      for (const auto& [other, them] : members)
        for (const TopicPartition& partition : one.owned)
          if (has(them.topics, partition.topic) && one.owned.size() > them.owned.size() + 1) return false;
    return true;
  }
};

// Members come, go and change their minds. In the end everything is read by exactly one who wants it, nobody
// has two more than somebody who could take one, and on the way nothing is read by two.
TEST(StickyAssignor, SettlesWhateverHappens) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const PartitionCounts topics{{"t", 7}, {"u", 4}, {"v", 1}};
  Group group;
  for (int event = 0; event < 200; event++) {
    const std::string name(1, static_cast<char>('a' + random() % 6));
    if (random() % 3 == 0) {
      group.members.erase(name);
    } else {
      Subscriber& one = group.members[name];
      one.member = name;
      one.topics.clear();
      for (const char* topic : {"t", "u", "v"})
        if (random() % 3 > 0) one.topics.emplace_back(topic);
      std::erase_if(one.owned, [&](const auto& partition) { return !has(one.topics, partition.topic); });
    }
    group.settled = false;
    for (int round = 0; !group.settled; round++) {
      ASSERT_LT(round, 8);
      ASSERT_TRUE(group.rebalance(topics));
    }
    std::size_t given = 0, wanted = 0;
    for (const auto& [topic, partitions] : topics)
      if (group.wanted(topic)) wanted += static_cast<std::size_t>(partitions);
    for (const auto& [member, one] : group.members) given += one.owned.size();
    ASSERT_EQ(given, wanted);
    ASSERT_TRUE(group.level());
  }
}

}  // namespace
}  // namespace mq::client
