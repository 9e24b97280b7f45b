// SPDX-License-Identifier: Apache-2.0
#include "core/admin/group_move.h"

#include <gtest/gtest.h>

namespace mq::admin {
namespace {

TEST(Moves, LeaveOutWhatIsThereAlready) {
  const Positions current{{{"t", 0}, 5}, {{"t", 1}, 7}}, target{{{"t", 0}, 5}, {{"t", 1}, 0}, {{"t", 2}, 1}};
  const auto all = moves(current, target);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].partition.partition, 1);
  EXPECT_EQ(all[0].current, 7);
  EXPECT_FALSE(all[1].current);
}

TEST(Moves, OfMoreThanOneTopicAreAskedAbout) {
  const std::vector<Move> one{{{"t", 0}, 5, 0}, {{"t", 1}, 5, 0}};
  EXPECT_EQ(risk_of_moves(one, false), Risk::plain);
  EXPECT_EQ(risk_of_moves(one, true), Risk::guarded) << "members are disconnected";
  std::vector<Move> two = one;
  two.push_back({{"u", 0}, 5, 0});
  EXPECT_EQ(risk_of_moves(two, false), Risk::guarded);
}

}  // namespace
}  // namespace mq::admin
