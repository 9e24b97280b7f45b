// SPDX-License-Identifier: Apache-2.0
#include "core/admin/partition_names.h"

#include <gtest/gtest.h>

namespace mq::admin {
namespace {

TEST(Spans, AreShort) {
  const std::vector<core::TopicPartition> all{{"a", 0}, {"a", 1}, {"a", 2}, {"a", 5}, {"b", 7}};
  EXPECT_EQ(spans(all), "a[0-2,5] b[7]");
  EXPECT_EQ(spans({}), "");
}

}  // namespace
}  // namespace mq::admin
