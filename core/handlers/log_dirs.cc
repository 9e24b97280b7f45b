// SPDX-License-Identifier: Apache-2.0
#include <sys/statvfs.h>

#include "core/handlers/handlers.h"
#include "net/kafka/messages/describe_log_dirs.h"

namespace mq::core {

namespace {

using Dir = kafka::DescribeLogDirsResponse::DescribeLogDirsResult;

void add(Dir& dir, const Topic& topic, const std::vector<std::int32_t>* only) {
  auto& answer = dir.topics.emplace_back();
  answer.name = topic.name;
  const auto row = [&](std::int32_t index) {
    if (const auto partition = topic.partition(index))
      answer.partitions.push_back({index, static_cast<std::int64_t>(partition->bytes()), 0, false});
  };
  if (only) {
    for (const std::int32_t index : *only) row(index);
    return;
  }
  for (std::size_t i = 0; i < topic.partitions.size(); i++) row(static_cast<std::int32_t>(i));
}

}  // namespace

Task<kafka::DescribeLogDirsResponse> describe_log_dirs(Context& context,
                                                       kafka::DescribeLogDirsRequest request) {
  kafka::DescribeLogDirsResponse response;
  Dir& dir = response.results.emplace_back();
  dir.log_dir = context.broker.config.data.string();
  const storage::JournalStats stats = context.broker.journal.stats();
  const bool takes_writes = !stats.refusing && stats.stalled.count() == 0;
  if (!takes_writes) dir.error_code = static_cast<std::int16_t>(kafka::Error::kafka_storage_error);
  struct statvfs disk {};
  if (::statvfs(dir.log_dir.c_str(), &disk) == 0) {
    dir.total_bytes = static_cast<std::int64_t>(disk.f_blocks * disk.f_frsize);
    dir.usable_bytes = static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize);
  }
  if (!request.topics) {
    for (const auto& [name, topic] : context.broker.topics.all()) add(dir, *topic, nullptr);
    co_return response;
  }
  for (const auto& asked : *request.topics)
    if (const TopicPtr topic = context.broker.topics.find(asked.topic)) add(dir, *topic, &asked.partitions);
  co_return response;
}

}  // namespace mq::core
