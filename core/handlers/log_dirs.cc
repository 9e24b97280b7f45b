// SPDX-License-Identifier: Apache-2.0
#include <sys/statvfs.h>

#include "core/handlers/handlers.h"
#include "net/kafka/messages/describe_log_dirs.h"

namespace mq::core {

namespace {

using Dir = kafka::DescribeLogDirsResponse::DescribeLogDirsResult;

Task<void> add(Context& context, Dir& dir, TopicPtr topic, const std::vector<std::int32_t>* only) {
  auto& answer = dir.topics.emplace_back();
  answer.name = topic->name;
  const std::size_t count = only ? only->size() : static_cast<std::size_t>(topic->partitions);
  answer.partitions.reserve(count);
  for (std::size_t i = 0; i < count; i++) {
    if (context.pace.due()) co_await context.pace.give_way();
    const std::int32_t index = only ? (*only)[i] : static_cast<std::int32_t>(i);
    if (const auto partition = context.broker.partitions.find(topic->id, index))
      answer.partitions.push_back({index, static_cast<std::int64_t>(partition->bytes()), 0, false});
  }
}

}  // namespace

Task<kafka::DescribeLogDirsResponse> describe_log_dirs(Context& context,
                                                       kafka::DescribeLogDirsRequest& request) {
  kafka::DescribeLogDirsResponse response;
  Dir& dir = response.results.emplace_back();
  dir.log_dir = context.broker.config.data.string();
  const storage::JournalStats stats = context.broker.journal.stats();
  const bool takes_writes = !stats.full && !stats.failed && stats.stalled.count() == 0;
  if (!takes_writes) dir.error_code = kafka::number_of(kafka::Error::kafka_storage_error);
  struct statvfs disk {};
  if (::statvfs(dir.log_dir.c_str(), &disk) == 0) {
    dir.total_bytes = static_cast<std::int64_t>(disk.f_blocks * disk.f_frsize);
    dir.usable_bytes = static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize);
  }
  if (!request.topics) {
    const Catalog& topics = context.broker.catalog;
    for (TopicPtr topic = topics.after(""); topic; topic = topics.after(topic->name))
      co_await add(context, dir, topic, nullptr);
    co_return response;
  }
  for (const auto& asked : *request.topics) {
    if (context.pace.due()) co_await context.pace.give_way();
    if (const TopicPtr topic = context.broker.catalog.find(asked.topic))
      co_await add(context, dir, topic, &asked.partitions);
  }
  co_return response;
}

}  // namespace mq::core
