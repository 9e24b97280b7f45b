// SPDX-License-Identifier: Apache-2.0
// What the two requests that commit offsets do alike; their messages differ in name only.
#pragma once

#include <algorithm>
#include <vector>

#include "core/context.h"
#include "core/group/records.h"

namespace mq::core {

// The commits that can be handed on. For each partition asked about, `answers` says what is wrong with it, or
// nothing yet. `expires`: -1: as all do.
template <class AskedTopic, class AnsweredTopic>
std::vector<PartitionCommit> take_commits(const Context& context, std::vector<AskedTopic>& topics, bool by_id,
                                          Timestamp now, Timestamp expires,
                                          std::vector<AnsweredTopic>& answers) {
  std::vector<PartitionCommit> commits;
  for (auto& asked : topics) {
    const TopicPtr topic =
        by_id ? context.broker.topics.find(asked.topic_id) : context.broker.topics.find(asked.name);
    auto& answer = answers.emplace_back();
    answer.name = asked.name;
    answer.topic_id = asked.topic_id;
    for (auto& one : asked.partitions) {
      std::string metadata = std::move(one.committed_metadata).value_or("");
      kafka::Error wrong = kafka::Error::none;
      if (!topic && by_id)
        wrong = kafka::Error::unknown_topic_id;
      else if (!topic || !topic->partition(one.partition_index))
        wrong = kafka::Error::unknown_topic_or_partition;
      else if (metadata.size() > context.broker.config.offset_metadata_bytes_max)
        wrong = kafka::Error::offset_metadata_too_large;
      answer.partitions.push_back({one.partition_index, static_cast<std::int16_t>(wrong)});
      if (wrong != kafka::Error::none) continue;
      Commit commit{one.committed_offset, one.committed_leader_epoch, std::move(metadata), now, expires};
      commits.push_back({topic->name, one.partition_index, std::move(commit), topic->id});
    }
  }
  return commits;
}

// What became of those, in their order, in the words of the request's version.
template <class AnsweredTopic, class InWords>
void answer_commits(std::vector<AnsweredTopic>& answers, const std::vector<kafka::Error>& errors,
                    const InWords& in_words) {
  auto next = errors.begin();
  for (auto& topic : answers)
    for (auto& partition : topic.partitions)
      if (partition.error_code == 0) partition.error_code = static_cast<std::int16_t>(in_words(*next++));
}

}  // namespace mq::core
