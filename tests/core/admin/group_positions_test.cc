// SPDX-License-Identifier: Apache-2.0
#include "core/admin/group_positions.h"

#include <gtest/gtest.h>

#include "core/admin/usage_error.h"

namespace mq::admin {
namespace {

TEST(Positions, AreReadFromJsonAndFromWhatKafkasToolWrites) {
  std::string group;
  const Positions wanted{{{"orders", 0}, 12}, {{"orders", 1}, 0}};
  EXPECT_EQ(parse_positions(R"({"group":"g","offsets":[{"topic":"orders","partition":0,"offset":12},
                               {"topic":"orders","partition":1,"offset":0}]})",
                            group),
            wanted);
  EXPECT_EQ(group, "g");
  EXPECT_EQ(parse_positions("orders,0,12\norders,1,0\n", group), wanted);
  EXPECT_EQ(parse_positions("\"h\",\"orders\",0,12\n\"h\",\"orders\",1,0", group), wanted);
  EXPECT_EQ(group, "h");
  EXPECT_EQ(parse_positions("\xef\xbb\xbforders,0,12\norders,1,0\n", group), wanted);
  for (const char* bad : {"", "{}", "[1]", "orders,0", "orders,x,1", "orders,0,-1", "[{\"topic\":\"t\"}]",
                          "{", "t,0,1\nt,0,2", "g,t,0,1\nh,t,1,2"})
    EXPECT_THROW(parse_positions(bad, group), UsageError) << bad;
}

}  // namespace
}  // namespace mq::admin
