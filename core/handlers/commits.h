// SPDX-License-Identifier: Apache-2.0
// What the two requests that commit offsets do alike; their messages differ in name only.
#pragma once

#include <algorithm>
#include <vector>

#include "core/group/records.h"
#include "core/handlers/context.h"

namespace mq::core {

// Only one of the two knows ids of topics.
template <class Asked>
constexpr bool has_topic_id = requires(Asked asked) {
  asked.topic_id;
};

template <class Asked>
TopicPtr topic_of(const Catalog& topics, const Asked& asked, bool by_id) {
  if constexpr (has_topic_id<Asked>)
    if (by_id) return topics.find(asked.topic_id);
  return topics.find(asked.name);
}

// The commits that can be handed on. For each partition asked about, `answers` says what is wrong with it, or
// nothing yet. `expires`: -1: as all do.
template <class AskedTopic, class AnsweredTopic>
Task<std::vector<PartitionCommit>> take_commits(Context& context, std::vector<AskedTopic>& topics, bool by_id,
                                                Timestamp now, Timestamp expires,
                                                std::vector<AnsweredTopic>& answers) {
  std::vector<PartitionCommit> commits;
  answers.reserve(topics.size());
  for (auto& asked : topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    const TopicPtr topic = topic_of(context.broker.catalog, asked, by_id);
    auto& answer = answers.emplace_back();
    answer.name = asked.name;
    if constexpr (has_topic_id<AskedTopic>) answer.topic_id = asked.topic_id;
    answer.partitions.reserve(asked.partitions.size());
    for (auto& one : asked.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      std::string metadata = std::move(one.committed_metadata).value_or("");
      kafka::Error wrong = kafka::Error::none;
      if (!topic && by_id)
        wrong = kafka::Error::unknown_topic_id;
      else if (!topic || !topic->has(one.partition_index))
        wrong = kafka::Error::unknown_topic_or_partition;
      else if (metadata.size() > context.broker.config.offset_metadata_bytes_max)
        wrong = kafka::Error::offset_metadata_too_large;
      answer.partitions.push_back({one.partition_index, kafka::number_of(wrong)});
      if (wrong != kafka::Error::none) continue;
      Commit commit{one.committed_offset, one.committed_leader_epoch, std::move(metadata), now, expires};
      commits.push_back({topic->name, one.partition_index, std::move(commit), topic->id});
    }
  }
  co_return commits;
}

// One batch in the log for so many at most: it is made, and applied, in one turn.
inline constexpr std::size_t commits_at_once = 1000;

inline Task<std::vector<kafka::Error>> commit_all(Context& context, Commits::Committer who,
                                                  std::vector<PartitionCommit> commits,
                                                  kafka::BatchProducer producer) {
  Commits& offsets = context.broker.groups.commits();
  if (commits.size() <= commits_at_once)
    co_return co_await offsets.commit(std::move(who), std::move(commits), producer);
  std::vector<kafka::Error> errors;
  for (auto at = commits.begin(); at != commits.end();) {
    const auto end = at + std::min<std::ptrdiff_t>(commits.end() - at, commits_at_once);
    std::vector<PartitionCommit> some{std::make_move_iterator(at), std::make_move_iterator(end)};
    const auto answers = co_await offsets.commit(who, std::move(some), producer);
    errors.insert(errors.end(), answers.begin(), answers.end());
    at = end;
  }
  co_return errors;
}

// What became of those, in their order, as the request's version says it.
template <class AnsweredTopic, class ErrorForVersion>
Task<void> answer_commits(Context& context, std::vector<AnsweredTopic>& answers,
                          const std::vector<kafka::Error>& errors, const ErrorForVersion& error_for_version) {
  auto next = errors.begin();
  for (auto& topic : answers)
    for (auto& partition : topic.partitions) {
      if (context.pace.due()) co_await context.pace.give_way();
      if (partition.error_code == 0) partition.error_code = kafka::number_of(error_for_version(*next++));
    }
}

}  // namespace mq::core
