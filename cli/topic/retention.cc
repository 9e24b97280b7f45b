// SPDX-License-Identifier: Apache-2.0
#include "cli/topic/retention.h"

#include "cli/frame/errors.h"
#include "cli/topic/topic.h"
#include "core/admin/position.h"
#include "core/client/cluster.h"

namespace mq::cli {
namespace {

std::string setting_in(const kafka::DescribeConfigsResponse& answer, std::string_view name) {
  for (const auto& result : answer.results)
    for (const auto& config : result.configs)
      if (config.name == name) return config.value.value_or("");
  return "";
}

}  // namespace

client::Task<std::string> Retention::look(std::int64_t time_ms, std::int64_t now_ms) {
  if (!learned_) co_await learn();
  if (!doubtful(time_ms, now_ms)) co_return "";
  said_ = true;
  co_return "a record of " + admin::format_time(time_ms) + " is older than topic " + in_quotes(topic_) +
      " keeps any (retention.ms is " + human_setting("retention.ms", std::to_string(kept_ms_)) +
      "): it will be removed";
}

// Whoever may not ask, or asks in vain, is told nothing: the records are written all the same.
client::Task<void> Retention::learn() {
  learned_ = said_ = true;
  kafka::DescribeConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = kafka::topic_resource;
  resource.resource_name = topic_;
  const auto answer = co_await client_.call<kafka::DescribeConfigsResponse>(
      client::any_broker, std::move(request), client_.options().timeout);
  if (!answer) co_return;
  const bool deletes = setting_in(*answer, "cleanup.policy").find("delete") != std::string::npos;
  const bool own_times = setting_in(*answer, "message.timestamp.type") == "CreateTime";
  const auto kept = core::parse_integer(setting_in(*answer, "retention.ms"), 0);
  if (!deletes || !own_times || !kept) co_return;
  kept_ms_ = *kept;
  said_ = false;
}

}  // namespace mq::cli
