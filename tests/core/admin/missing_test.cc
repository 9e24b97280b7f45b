// SPDX-License-Identifier: Apache-2.0
#include "core/admin/missing.h"

#include <gtest/gtest.h>

namespace mq::admin {
namespace {

TEST(Missing, IsSaidInOneSentence) {
  using What = Missing::What;
  Missing topic{.what = What::topic, .name = "t"};
  topic.why = client::refused(kafka::Error::unknown_topic_or_partition, {}, "t");
  EXPECT_EQ(topic.text(), "topic \"t\" does not exist");
  topic.why = client::refused(kafka::Error::topic_authorization_failed, {}, "t");
  EXPECT_EQ(topic.text(), topic.why.text());
  EXPECT_EQ(missing_partition("t", 7).text(), "topic \"t\" has no partition 7");
  EXPECT_EQ((Missing{.what = What::group, .name = "g"}.text()), "group \"g\" does not exist");
  EXPECT_EQ((Missing{.what = What::topics, .name = "a*"}.text()), "no topic matches \"a*\"");
  EXPECT_EQ((Missing{.what = What::groups, .name = "a*"}.text()), "no group matches \"a*\"");
}

}  // namespace
}  // namespace mq::admin
