// SPDX-License-Identifier: Apache-2.0
#include "core/group/deadlines.h"

#include <gmock/gmock.h>

#include "tests/support/virtual_clock.h"

namespace mq::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class GroupDeadlinesTest : public testing::Test {
 protected:
  GroupPtr group(std::uint64_t number, Time::duration after) {
    auto made = std::make_shared<Group>(ClassicLimits{});
    made->number = number;
    made->look_at = clock.now() + after;
    return made;
  }
  void pass(Time::duration time) {
    const Time until = clock.now() + time;
    while (clock.advance(until)) continue;
  }

  asio::io_context loop{1};
  test::VirtualClock clock;
  std::vector<std::uint64_t> due;
  GroupDeadlines deadlines{loop, clock, [this](const GroupPtr& group, Now) { due.push_back(group->number); }};
};

TEST_F(GroupDeadlinesTest, GroupsAreLookedAtInTheOrderOfTheirTimesAndThenOfTheirNumbers) {
  for (const auto& one : {group(1, 2s), group(3, 1s), group(2, 1s), group(4, 9s)}) deadlines.arm(one);
  EXPECT_EQ(clock.alarms(), 1u);
  pass(5s);
  EXPECT_THAT(due, ElementsAre(2, 3, 1));
}

TEST_F(GroupDeadlinesTest, ADeadlineThatMovesAwayKeepsItsPlaceAndOneThatComesNearerGetsAnother) {
  const auto later = group(1, 2s), sooner = group(2, 4s);
  deadlines.arm(later);
  deadlines.arm(sooner);
  *later->look_at += 10s;
  deadlines.arm(later);
  *sooner->look_at -= 3s;
  deadlines.arm(sooner);
  pass(1s);
  EXPECT_THAT(due, ElementsAre(2));
  pass(1s);
  EXPECT_THAT(due, ElementsAre(2, 1)) << "for nothing: who is called looks at the time";
  pass(60s);
  EXPECT_THAT(due, ElementsAre(2, 1)) << "until it is armed again";
}

TEST_F(GroupDeadlinesTest, WhatIsRemovedOrDroppedOrHasNothingToWaitForIsNotLookedAt) {
  const auto removed = group(1, 1s), dropped = group(2, 1s), idle = group(3, 1s);
  idle->look_at.reset();
  deadlines.arm(removed);
  deadlines.remove(*removed);
  dropped->dropped = true;
  deadlines.arm(dropped);
  deadlines.arm(idle);
  pass(60s);
  EXPECT_THAT(due, IsEmpty());
}

TEST_F(GroupDeadlinesTest, NobodyIsLookedAtAfterTheStop) {
  const auto before = group(1, 1s), after = group(2, 1s);
  deadlines.arm(before);
  deadlines.stop();
  deadlines.arm(after);
  EXPECT_EQ(clock.alarms(), 0u);
  deadlines.wake();
  pass(60s);
  EXPECT_THAT(due, IsEmpty());
}

}  // namespace
}  // namespace mq::core
