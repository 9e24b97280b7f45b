// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/named_set.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/support/seed.h"

namespace mq::core {
namespace {

using namespace std::chrono_literals;
using Counters = NamedSet::Counters;

// Topics that count, and what all of them counted.
struct Counted {
  std::map<std::string, Counters> topics;
  Counters total{};
  Time now{1h};

  void count(const std::string& topic, std::uint64_t n = 1) {
    for (Counters* counters : {&topics[topic], &total}) (*counters)[0] += n, (*counters)[1] += n * 100;
  }
  NamedSet::Candidate candidate(const std::string& topic) const {
    const Counters& counted = topics.at(topic);
    return {topics.find(topic)->first, counted, counted[1]};
  }
  void choose(NamedSet& set) const {
    std::vector<NamedSet::Candidate> all;
    for (const auto& [topic, counters] : topics) all.push_back(candidate(topic));
    set.choose(all, now);
  }
  void create(NamedSet& set, const std::string& topic) {
    topics[topic] = {};
    set.created(candidate(topic), topics.size(), now);
  }
  void remove(NamedSet& set, const std::string& topic) {
    set.removed(topic);
    topics.erase(topic);
  }
  NamedSet::Series collect(NamedSet& set) const {
    return set.collect(
        [&](std::string_view topic) {
          const auto found = topics.find(std::string(topic));
          return found == topics.end() ? Counters{} : found->second;
        },
        total);
  }
};

// As "a=1 b=2 _other=3".
std::string first_counter(const NamedSet::Series& series) {
  std::string text;
  for (const auto& named : series.named)
    text += std::string(named.name) + "=" + std::to_string(named.counted[0]) + " ";
  return text + "_other=" + std::to_string(series.other[0]);
}

TEST(NamedSet, ATopicThatIsCreatedIsCountedFromItsFirstRecord) {
  NamedSet set(2);
  Counted counted;
  counted.create(set, "a");
  counted.count("a", 5);
  EXPECT_EQ(first_counter(counted.collect(set)), "a=5 _other=0");
}

TEST(NamedSet, ASeriesStartsAtZeroWhenItsNameIsPromoted) {
  NamedSet set(2);
  Counted counted;
  counted.count("a", 7);
  EXPECT_EQ(first_counter(counted.collect(set)), "_other=7");
  counted.choose(set);
  EXPECT_EQ(first_counter(counted.collect(set)), "a=0 _other=7");
  counted.count("a", 2);
  EXPECT_EQ(first_counter(counted.collect(set)), "a=2 _other=7");
}

TEST(NamedSet, NamesWithMostTrafficSinceTheLastChoiceArePromoted) {
  NamedSet set(2);
  Counted counted;
  counted.count("was-large", 1000);
  counted.count("small", 1), counted.count("b", 2), counted.count("a", 2);
  counted.choose(set);
  EXPECT_TRUE(set.contains("was-large"));
  EXPECT_TRUE(set.contains("a")) << "the first by name of equals";
  counted.remove(set, "was-large"), counted.remove(set, "a");
  counted.count("c", 500);
  counted.now += 10min;
  counted.choose(set);
  EXPECT_TRUE(set.contains("c"));
  EXPECT_FALSE(set.contains("small") || set.contains("b")) << "no traffic since the last choice";
}

TEST(NamedSet, ChoosesAtMostEveryTenMinutes) {
  NamedSet set(1);
  Counted counted;
  EXPECT_TRUE(set.choice_due(counted.now));
  counted.choose(set);
  counted.count("a"), counted.count("b");
  counted.now += 10min - 1ns;
  EXPECT_FALSE(set.choice_due(counted.now));
  counted.choose(set);
  EXPECT_EQ(set.size(), 0u);
  counted.now += 1ns;
  EXPECT_TRUE(set.choice_due(counted.now));
  counted.choose(set);
  EXPECT_EQ(set.size(), 1u);
}

TEST(NamedSet, KeepsANameThatOthersOvertake) {
  NamedSet set(1);
  Counted counted;
  counted.count("a"), counted.count("b", 0);
  counted.choose(set);
  for (int choice = 0; choice < 500; choice++) {  // more than three days
    counted.count("b", 1000);
    if (choice % 100 == 0) counted.count("a");
    counted.now += 10min;
    counted.choose(set);
    ASSERT_TRUE(set.contains("a") && !set.contains("b"));
  }
}

TEST(NamedSet, ANameThatIsIdleForADayGivesItsPlaceUp) {
  NamedSet set(1);
  Counted counted;
  counted.count("a", 3), counted.count("b", 0);
  counted.choose(set);
  counted.count("a", 4);
  EXPECT_EQ(first_counter(counted.collect(set)), "a=4 _other=3");
  counted.now += 10min;
  counted.choose(set);  // sees traffic for the last time
  counted.now += 24h - 1ns;
  counted.choose(set);
  EXPECT_TRUE(set.contains("a"));
  counted.count("b", 10);
  counted.now += 10min;
  counted.choose(set);
  EXPECT_EQ(first_counter(counted.collect(set)), "b=0 _other=17");
}

TEST(NamedSet, WhenAllFitAllHaveASeriesAndAnIdleOneStillLosesIt) {
  NamedSet set(3);
  Counted counted;
  counted.count("a", 0), counted.count("b", 0);
  counted.choose(set);
  EXPECT_EQ(set.size(), 2u);
  counted.now += 24h;
  counted.choose(set);
  EXPECT_EQ(set.size(), 0u);
  counted.count("b");
  counted.now += 10min;
  counted.choose(set);
  EXPECT_TRUE(set.contains("b") && !set.contains("a"));
}

TEST(NamedSet, WhenNotAllFitANewNameWaitsForAChoice) {
  NamedSet set(2);
  Counted counted;
  for (const char* topic : {"a", "b", "c"}) counted.count(topic);
  counted.choose(set);
  counted.remove(set, "a");
  counted.create(set, "d");
  EXPECT_FALSE(set.contains("d")) << "b, c and d are three";
}

TEST(NamedSet, WhatADeletedTopicCountedIsInOther) {
  NamedSet set(2);
  Counted counted;
  counted.create(set, "a"), counted.create(set, "b");
  counted.count("a", 5), counted.count("b", 1);
  EXPECT_EQ(first_counter(counted.collect(set)), "a=5 b=1 _other=0");
  counted.count("a", 2);  // nobody collected this
  counted.remove(set, "a");
  const auto series = counted.collect(set);
  EXPECT_EQ(first_counter(series), "b=1 _other=7");
  EXPECT_EQ(series.ended[0], 5u) << "the rest was never exported under another name";
  counted.create(set, "a");
  counted.count("a", 1);
  EXPECT_EQ(first_counter(counted.collect(set)), "a=1 b=1 _other=7");
}

TEST(NamedSet, ATopicThatCountsAnewUnannouncedGoesOnFromWhereItWas) {
  NamedSet set(2);
  Counted counted;
  counted.create(set, "a");
  counted.count("a", 5);
  counted.collect(set);
  counted.topics["a"] = {};
  counted.count("a", 2);
  EXPECT_EQ(first_counter(counted.collect(set)), "a=5 _other=2");
  counted.count("a", 3);
  EXPECT_EQ(first_counter(counted.collect(set)), "a=8 _other=2");
}

TEST(NamedSet, NamesThatAreNoLabelsStayInOther) {
  NamedSet set(10);
  Counted counted;
  for (const std::string& name : {std::string("_other"), std::string("g\xff"), std::string("g\xfe"),
                                  std::string(257, 'g'), std::string("a \"good\"\none")}) {
    counted.create(set, name);
    counted.count(name);
  }
  counted.choose(set);
  EXPECT_EQ(first_counter(counted.collect(set)), "a \"good\"\none=1 _other=4");
}

TEST(NamedSet, OtherDoesNotFallWhenTheTotalLagsBehind) {
  NamedSet set(2);
  Counted counted;
  counted.create(set, "a");
  counted.count("b", 4);
  counted.collect(set);
  counted.count("a", 5);
  counted.total[0] -= 3;
  EXPECT_EQ(first_counter(counted.collect(set)), "a=5 _other=4");
}

void expect_no_less(const Counters& now, const Counters& before, std::string_view of) {
  for (std::size_t i = 0; i < now.size(); i++) EXPECT_GE(now[i], before[i]) << of;
}

// What differs from name to name is that some have much more traffic.
TEST(NamedSet, EverySeriesOnlyGrowsAndTogetherTheyAreAll) {
  const auto seed = test::some_seed();
  SCOPED_TRACE("MQ_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto chance = [&](std::uint64_t of) { return random() % of; };
  std::size_t began = 0, ended_idle = 0;
  for (int run = 0; run < 20; run++) {
    NamedSet set(1 + chance(8));
    Counted counted;
    std::map<std::string, Counters> before;
    Counters other{}, other_but_ended{};
    for (int step = 0; step < 3000; step++) {
      const std::string topic = "t" + std::to_string(chance(4 + chance(12)));
      const bool exists = counted.topics.contains(topic);
      std::string removed;
      bool scraped = chance(3) > 0;  // several steps between two
      switch (chance(40)) {
        case 0:
          if (exists) counted.remove(set, removed = topic);
          break;
        case 1:
          if (exists) counted.remove(set, removed = topic);
          counted.create(set, topic);
          break;
        case 2:
          counted.now += std::chrono::minutes(chance(11));
          break;
        case 3:
          if (chance(5) == 0) counted.now += 25h, counted.choose(set), scraped = true;
          break;
        case 4:
          counted.choose(set), scraped = true;
          break;
        default:
          counted.count(topic, 1 + chance(1 << chance(12)));
      }
      if (!scraped && removed.empty()) continue;
      if (!removed.empty()) before.erase(removed);

      const auto series = counted.collect(set);
      Counters sum = series.other, but_ended = series.other;
      std::map<std::string, Counters> after;
      for (const auto& [name, shown] : series.named) {
        const auto old = before.find(std::string(name));
        if (old != before.end()) expect_no_less(shown, old->second, name);
        for (std::size_t i = 0; i < sum.size(); i++) sum[i] += shown[i];
        after.emplace(name, shown);
      }
      for (std::size_t i = 0; i < sum.size(); i++) but_ended[i] -= series.ended[i];
      EXPECT_EQ(sum, counted.total);
      expect_no_less(series.other, other, "_other");
      expect_no_less(but_ended, other_but_ended, "_other without what ended");
      for (const auto& [name, shown] : after) began += !before.contains(name);
      for (const auto& [name, shown] : before) ended_idle += !after.contains(name);
      before = std::move(after);
      other = series.other;
      other_but_ended = but_ended;
      if (testing::Test::HasFailure()) FAIL() << "run " << run << ", step " << step;
    }
  }
  EXPECT_GT(began, 100u);
  EXPECT_GT(ended_idle, 20u);
}

// The same topics at each scrape: what a rate() of `_other` would take for traffic.
TEST(NamedSet, WithoutWhatEndedOtherGrowsByNothingButItsOwnTraffic) {
  NamedSet set(1);
  Counted counted;
  counted.create(set, "a");
  counted.count("a", 1'000'000);
  counted.collect(set);
  counted.remove(set, "a");
  const auto series = counted.collect(set);
  EXPECT_EQ(series.other[0], 1'000'000u);
  EXPECT_EQ(series.other[0] - series.ended[0], 0u);
}

}  // namespace
}  // namespace mq::core
