// SPDX-License-Identifier: Apache-2.0
#include "core/admin/topic.h"

#include <gtest/gtest.h>

#include "core/config/topic_config.h"

namespace mq::admin {
namespace {

TEST(Settings, OfABrokerThatCountInAnotherUnitAreConverted) {
  EXPECT_EQ(as_setting("retention.ms", "log.retention.hours", "168"), "604800000");
  EXPECT_EQ(as_setting("retention.ms", "log.retention.minutes", "90"), "5400000");
  EXPECT_EQ(as_setting("retention.ms", "log.retention.ms", "168"), "168");
  EXPECT_EQ(as_setting("retention.ms", "log.retention.hours", "-1"), "-1");
  EXPECT_EQ(as_setting("retention.ms", "log.retention.hours", "many"), "many");
  EXPECT_EQ(as_setting("max.message.bytes", "message.max.bytes", "5"), "5");
}

TEST(Settings, DefaultsAsTheBrokerTellsThemAreThoseOfTheTopic) {
  for (const core::TopicConfigKey& key : core::topic_config_keys()) {
    const core::ConfigEntry entry = core::describe_topic_config(key, {}, {});
    if (entry.synonyms.empty()) continue;
    const core::ConfigSynonym& told = entry.synonyms.back();
    EXPECT_EQ(as_setting(key.name, told.name, told.value), key.default_value) << key.name;
  }
}

}  // namespace
}  // namespace mq::admin
