// SPDX-License-Identifier: Apache-2.0
#include "core/group/assignor.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>
#include <random>

namespace mq::core {
namespace {

Uuid topic(int number) {
  Uuid id{};
  id.back() = static_cast<std::byte>(number);
  id.front() = std::byte{1};
  return id;
}

std::set<std::int32_t> range(std::int32_t from, std::int32_t to) {
  std::set<std::int32_t> out;
  for (; from < to; from++) out.insert(from);
  return out;
}

AssignorMember reader(std::string id, std::set<Uuid> topics, Assignment owned = {}) {
  return {std::move(id), std::nullopt, std::move(topics), std::move(owned)};
}

const Uuid a = topic(1), b = topic(2);

TEST(Assignment, IsASetOfPartitions) {
  const Assignment all{{a, {0, 1, 2}}, {b, {0}}}, some{{a, {1, 2}}};
  EXPECT_EQ(size_of(all), 4u);
  EXPECT_TRUE(is_within(some, all));
  EXPECT_FALSE(is_within(all, some));
  EXPECT_TRUE(have_common(some, all));
  EXPECT_EQ(common(all, some), some);
  EXPECT_EQ(without(all, some), (Assignment{{a, {0}}, {b, {0}}}));
  EXPECT_FALSE(have_common(without(all, some), some));
}

TEST(Uniform, EverybodyGetsAsMuchAsOthersWithinOne) {
  const AssignorInput input{{reader("m1", {a}), reader("m2", {a}), reader("m3", {a})}, {{a, 7}}};
  std::multiset<std::size_t> sizes;
  for (const auto& one : assign_uniform(input)) sizes.insert(size_of(one));
  EXPECT_EQ(sizes, (std::multiset<std::size_t>{2, 2, 3}));
}

TEST(Uniform, ANewMemberTakesOnlyItsShare) {
  const AssignorInput input{
      {reader("m1", {a}, {{a, range(0, 3)}}), reader("m2", {a}, {{a, range(3, 6)}}), reader("m3", {a})},
      {{a, 6}}};
  const auto out = assign_uniform(input);
  EXPECT_EQ(size_of(common(out[0], input.members[0].owned)), 2u);
  EXPECT_EQ(size_of(common(out[1], input.members[1].owned)), 2u);
  EXPECT_EQ(size_of(out[2]), 2u);
}

TEST(Uniform, ATopicGoesOnlyToThoseWhoReadIt) {
  const AssignorInput input{{reader("m1", {a, b}), reader("m2", {b})}, {{a, 3}, {b, 3}}};
  const auto out = assign_uniform(input);
  EXPECT_EQ(out[0], (Assignment{{a, range(0, 3)}}));
  EXPECT_EQ(out[1], (Assignment{{b, range(0, 3)}}));
}

TEST(Range, TopicsWithTheSameReadersAndPartitionsAreCutAlike) {
  const AssignorInput input{{reader("m1", {a, b}), reader("m2", {a, b})}, {{a, 5}, {b, 5}}};
  const auto out = assign_range(input);
  EXPECT_EQ(out[0], (Assignment{{a, range(0, 3)}, {b, range(0, 3)}}));
  EXPECT_EQ(out[1], (Assignment{{a, range(3, 5)}, {b, range(3, 5)}}));
}

TEST(Range, StaticMembersComeInTheOrderOfTheirInstanceIds) {
  AssignorInput input{{reader("m1", {a}), reader("m2", {a})}, {{a, 2}}};
  input.members[0].instance_id = "second";
  input.members[1].instance_id = "first";
  EXPECT_EQ(assign_range(input)[1], (Assignment{{a, {0}}}));
}

TEST(Range, WhoHasMostOfARangeKeepsIt) {
  const AssignorInput input{
      {reader("m0", {a}), reader("m1", {a}, {{a, range(0, 3)}}), reader("m2", {a}, {{a, range(3, 6)}})},
      {{a, 6}}};
  const auto out = assign_range(input);
  EXPECT_EQ(out[1], (Assignment{{a, range(0, 2)}}));
  EXPECT_EQ(out[2], (Assignment{{a, range(4, 6)}}));
  EXPECT_EQ(out[0], (Assignment{{a, range(2, 4)}}));
}

TEST(Range, MoreReadersThanPartitionsLeaveSomeWithNothing) {
  const AssignorInput input{{reader("m1", {a}), reader("m2", {a}), reader("m3", {a})}, {{a, 2}}};
  const auto out = assign_range(input);
  EXPECT_EQ(size_of(out[0]) + size_of(out[1]) + size_of(out[2]), 2u);
}

TEST(Assignors, AreFoundByNameAndUniformIsTheDefault) {
  EXPECT_EQ(assignors().front().name, "uniform");
  EXPECT_EQ(find_assignor("range")->assign, &assign_range);
  EXPECT_EQ(find_assignor("sticky"), nullptr);
}

// ---- random groups

class RandomAssignor : public testing::TestWithParam<Assignor> {
 protected:
  void SetUp() override {
    const char* given = std::getenv("MQ_SEED");
    const unsigned seed = given ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
    std::cout << "seed " << seed << "\n";
    random_.seed(seed);
  }
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  AssignorInput group(bool alike) {
    AssignorInput input;
    const int topics = 1 + below(6);
    for (int t = 0; t < topics; t++) input.partitions[topic(t)] = 1 + below(12);
    const int members = 1 + below(8);
    for (int m = 0; m < members; m++) {
      input.members.push_back(reader("m" + std::to_string(m), {}));
      for (int t = 0; t < topics; t++)
        if (alike || below(2)) input.members.back().topics.insert(topic(t));
    }
    return input;
  }
  Assignments assign(const AssignorInput& input) { return GetParam().assign(input); }
  static void own(AssignorInput& input, const Assignments& assignments) {
    for (std::size_t i = 0; i < assignments.size(); i++) input.members[i].owned = assignments[i];
  }

  static void expect_valid(const AssignorInput& input, const Assignments& out) {
    ASSERT_EQ(out.size(), input.members.size());
    Assignment all, read;
    for (std::size_t i = 0; i < out.size(); i++) {
      for (const auto& [id, partitions] : out[i]) {
        EXPECT_TRUE(input.members[i].topics.contains(id)) << "nobody gets what he does not read";
        EXPECT_FALSE(partitions.empty());
      }
      EXPECT_FALSE(have_common(all, out[i])) << "nobody gets what another has";
      add(all, out[i]);
      for (const Uuid& id : input.members[i].topics) read[id] = range(0, input.partitions.at(id));
    }
    EXPECT_EQ(all, read) << "all that is read is given";
  }

  std::mt19937 random_;
};

TEST_P(RandomAssignor, EveryPartitionThatIsReadGoesToOneReader) {
  for (int round = 0; round < 300; round++) {
    AssignorInput input = group(below(2));
    auto out = assign(input);
    expect_valid(input, out);
    own(input, out);
    if (below(2)) input.members.erase(input.members.begin() + below(static_cast<int>(input.members.size())));
    if (below(2)) input.members.push_back(reader("new", {topic(0)}));
    for (auto& [id, partitions] : input.partitions) partitions += below(3);
    expect_valid(input, assign(input));
  }
}

TEST_P(RandomAssignor, NothingMovesWhileNothingChanges) {
  for (int round = 0; round < 200; round++) {
    AssignorInput input = group(below(2));
    const auto out = assign(input);
    own(input, out);
    EXPECT_EQ(assign(input), out);
  }
}

TEST_P(RandomAssignor, OwnedByTwoIsGivenToOne) {
  for (int round = 0; round < 100; round++) {
    AssignorInput input = group(true);
    for (auto& member : input.members)
      for (const auto& [id, partitions] : input.partitions) member.owned[id] = range(0, partitions + 2);
    expect_valid(input, assign(input));
  }
}

TEST_P(RandomAssignor, TheOrderOfFairnessHolds) {
  for (int round = 0; round < 200; round++) {
    AssignorInput input = group(true);
    const auto out = assign(input);
    const bool by_topic = GetParam().name == "range";
    for (const auto& mine : out)
      for (const auto& theirs : out) {
        if (!by_topic) {
          EXPECT_LE(size_of(mine), size_of(theirs) + 1);
          continue;
        }
        for (const auto& [id, partitions] : mine) {
          const auto other = theirs.find(id);
          EXPECT_LE(partitions.size(), (other == theirs.end() ? 0 : other->second.size()) + 1);
        }
      }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RandomAssignor, testing::ValuesIn(assignors().begin(), assignors().end()),
                         [](const auto& one) { return std::string(one.param.name); });

class RandomUniform : public RandomAssignor {};

TEST_P(RandomUniform, NoSingleMoveWouldMakeItFairer) {
  for (int round = 0; round < 300; round++) {
    const AssignorInput input = group(false);
    const auto out = assign(input);
    for (std::size_t from = 0; from < out.size(); from++)
      for (std::size_t to = 0; to < out.size(); to++)
        for (const auto& [id, partitions] : out[from])
          if (input.members[to].topics.contains(id)) {
            EXPECT_LE(size_of(out[from]), size_of(out[to]) + 1);
          }
  }
}

TEST_P(RandomUniform, WhoeverGoesMovesOnlyWhatHeHad) {
  for (int round = 0; round < 300; round++) {
    AssignorInput input = group(true);
    if (input.members.size() < 2) continue;
    own(input, assign(input));
    const std::size_t gone = size_of(input.members.back().owned);
    input.members.pop_back();
    const auto out = assign(input);
    std::size_t kept = 0, all = 0;
    for (std::size_t i = 0; i < out.size(); i++) {
      kept += size_of(common(out[i], input.members[i].owned));
      all += size_of(out[i]);
    }
    EXPECT_EQ(all - kept, gone);
  }
}

INSTANTIATE_TEST_SUITE_P(All, RandomUniform, testing::Values(assignors().front()),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace mq::core
