// SPDX-License-Identifier: Apache-2.0
#include "core/admin/risk.h"

#include <gtest/gtest.h>

namespace mq::admin {
namespace {

TEST(Risk, DeletingByPatternOrMuchIsSevere) {
  EXPECT_EQ(risk_of_deletion(false, 0), Risk::guarded);
  EXPECT_EQ(risk_of_deletion(false, 1 << 30), Risk::guarded);
  EXPECT_EQ(risk_of_deletion(false, (1 << 30) + 1), Risk::severe);
  EXPECT_EQ(risk_of_deletion(true, 0), Risk::severe);
}

}  // namespace
}  // namespace mq::admin
