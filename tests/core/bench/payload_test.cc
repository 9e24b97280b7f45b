// SPDX-License-Identifier: Apache-2.0
#include "core/bench/payload.h"

#include <gtest/gtest.h>

#include <set>

#include "core/bench/pace.h"
#include "core/bench/pending.h"

namespace mq::bench {
namespace {

std::string text(net::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Payload, TheSameSeedMakesTheSameRecords) {
  Payload one(5, {10, 500}, 100), same(5, {10, 500}, 100), other(6, {10, 500}, 100);
  bool differs = false;
  for (int i = 0; i < 50; i++) {
    EXPECT_EQ(text(*one.key()), text(*same.key()));
    other.key();
    const std::string value = text(one.value());
    EXPECT_EQ(value, text(same.value()));
    differs |= value != text(other.value());
  }
  EXPECT_TRUE(differs);
}

TEST(Payload, SizesAreBetweenTheirLimitsAndReachThem) {
  Payload payload(1, {3, 6}, 0);
  std::set<std::size_t> sizes;
  for (int i = 0; i < 500; i++) sizes.insert(payload.value().size());
  EXPECT_EQ(sizes, (std::set<std::size_t>{3, 4, 5, 6}));
}

TEST(Payload, ThereAreAsManyKeysAsWereAskedFor) {
  Payload payload(1, {}, 4), none(1, {}, 0);
  std::set<std::string> keys;
  for (int i = 0; i < 500; i++) keys.insert(text(*payload.key()));
  EXPECT_EQ(keys.size(), 4u);
  EXPECT_FALSE(none.key());
}

TEST(Payload, EmptyValuesAreFine) {
  Payload payload(1, {0, 0}, 0);
  EXPECT_TRUE(payload.value().empty());
}

TEST(Pace, DueTimesDoNotDependOnWhenRecordsWereSent) {
  const Pace::Time start{};
  Pace pace(start, 1000, 0.5);
  EXPECT_EQ(pace.due(), start + std::chrono::microseconds(500));
  for (int i = 0; i < 1000; i++) pace.spend(1);
  EXPECT_EQ(pace.due(), start + std::chrono::microseconds(1'000'500));
}

std::vector<std::int64_t> answered(Pending& pending, std::uint64_t from, std::uint64_t count) {
  std::vector<std::int64_t> times;
  pending.answer(from, count, [&](const Sent& sent) { times.push_back(sent.due_ns); });
  return times;
}

TEST(Pending, TellsWhenEachWasDueWhateverTheOrderOfTheAnswers) {
  Pending pending;
  for (const int due : {10, 11, 12, 13}) pending.push(due, 1);
  EXPECT_EQ(answered(pending, 2, 2), (std::vector<std::int64_t>{12, 13}));
  EXPECT_EQ(pending.unanswered(), 2u);
  EXPECT_EQ(answered(pending, 0, 2), (std::vector<std::int64_t>{10, 11}));
  EXPECT_EQ(pending.unanswered(), 0u);
  EXPECT_EQ(pending.next(), 4u);
}

TEST(Pending, AnAnswerCountsOnce) {
  Pending pending;
  for (const int due : {10, 11}) pending.push(due, 1);
  answered(pending, 0, 1);
  EXPECT_EQ(answered(pending, 0, 2), (std::vector<std::int64_t>{11}));
  EXPECT_TRUE(answered(pending, 5, 3).empty());
}

}  // namespace
}  // namespace mq::bench
