// SPDX-License-Identifier: Apache-2.0
#include "cli/records/read_range.h"

#include <gmock/gmock.h>

namespace mq::cli {
namespace {

admin::TopicState with_partitions(const std::string& name, std::int32_t count) {
  admin::TopicState topic;
  topic.name = name;
  topic.partition_count = count;
  for (std::int32_t i = 0; i < count; i++) topic.partitions.emplace_back().number = i;
  return topic;
}

TEST(ChosenPartitions, AreAllOrThoseNamed) {
  const std::vector<admin::TopicState> topics{with_partitions("a", 1), with_partitions("b", 3)};
  EXPECT_EQ(chosen_partitions(topics, {}).size(), 4u);
  admin::ReadRange range;
  range.partitions = {0, 2};
  const std::vector<core::TopicPartition> wanted{{"a", 0}, {"b", 0}, {"b", 2}};
  EXPECT_EQ(chosen_partitions(topics, range), wanted);
}

TEST(ChosenPartitions, MustBeThereToBeNamed) {
  const std::vector<admin::TopicState> topics{with_partitions("a", 1), with_partitions("b", 3)};
  admin::ReadRange partitions, starts;
  partitions.partitions = {0, 9};
  starts.start_at[9] = 5;
  for (const admin::ReadRange& range : {partitions, starts}) {
    EXPECT_THROW(chosen_partitions(topics, range), FailureError);
    try {
      chosen_partitions({topics.back()}, range);
      ADD_FAILURE() << "b has no partition 9";
    } catch (const FailureError& error) {
      EXPECT_EQ(error.failure.exit, Exit::not_found);
      EXPECT_THAT(error.failure.message, testing::HasSubstr("topic \"b\" has no partition 9"));
    }
  }
}

TEST(ChosenPartitions, AreThoseOfBothSelections) {
  admin::TopicState topic = with_partitions("b", 3);
  topic.partitions.pop_back();  // b:0,1
  admin::ReadRange range;
  range.partitions = {1, 2};
  EXPECT_EQ(chosen_partitions({topic}, range), (std::vector<core::TopicPartition>{{"b", 1}}));
  range.start_at[0] = 5;
  EXPECT_THROW(chosen_partitions({topic}, range), UsageError) << "b:0 is not read";
  range.start_at.clear();
  range.partitions = {2};
  EXPECT_THROW(chosen_partitions({topic}, range), UsageError) << "nothing is left";
}

}  // namespace
}  // namespace mq::cli
