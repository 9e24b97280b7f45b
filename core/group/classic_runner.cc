// SPDX-License-Identifier: Apache-2.0
#include "core/group/classic_runner.h"

#include <algorithm>

namespace mq::core {

using kafka::Error;

namespace {

// Whether the group could be written down with this member.
bool fits(const ClassicGroup::Join& request) {
  constexpr std::size_t most = GroupLog::name_bytes_max;
  std::size_t metadata = 0;
  for (const Protocol& protocol : request.protocols)
    metadata += protocol.name.size() + protocol.metadata.size();
  return metadata <= ClassicRunner::metadata_bytes_max && request.instance_id.value_or("").size() <= most &&
         request.member_id.size() <= most && request.protocol_type.size() <= most &&
         std::all_of(request.protocols.begin(), request.protocols.end(),
                     [](const Protocol& protocol) { return protocol.name.size() <= most; });
}

}  // namespace

ClassicRunner::ClassicRunner(const Clock& clock, const Config& config, GroupLog& log, GroupRegistry& registry,
                             GroupDeadlines& deadlines, ClassicSteps& steps, ConsumerRunner& consumers)
    : clock_(clock),
      config_(config),
      log_(log),
      registry_(registry),
      deadlines_(deadlines),
      steps_(steps),
      consumers_(consumers) {}

Task<ClassicGroup::JoinAnswer> ClassicRunner::join(std::string id, ClassicGroup::Join request) {
  ClassicGroup::JoinAnswer refused;
  refused.member_id = request.member_id;
  if (id.empty())
    refused.error = Error::invalid_group_id;
  else if (request.session_timeout < config_.group_session_timeout_min ||
           request.session_timeout > config_.group_session_timeout_max)
    refused.error = Error::invalid_session_timeout;
  else if (!fits(request))
    refused.error = Error::invalid_request;
  else
    refused.error = co_await log_.ready(id);
  if (refused.error != Error::none) co_return refused;
  GroupPtr group = registry_.find(id);
  if (!group && !request.member_id.empty()) {
    co_await registry_.flushed(std::move(id));
    refused.error = Error::unknown_member_id;
    co_return refused;
  }
  if (!group) group = registry_.find_or_make(id);
  if (!group) refused.error = Error::coordinator_not_available;
  if (!group) co_return refused;
  if (group->consumer && !group->is_empty())
    co_return co_await consumers_.join(std::move(group), std::move(request));
  if (group->consumer) consumers_.become_classic(group);

  auto waiting = steps_.new_join();
  ClassicGroup::Step step;
  group->classic.join(std::move(request), waiting.ticket, now_of(clock_), step);
  steps_.act(group, step);
  auto joined = co_await Promise<ClassicGroup::JoinAnswer>::get(std::move(waiting.answer));
  refused.error = co_await GroupLog::flushed(std::move(group));
  refused.member_id = joined.member_id;
  if (joined.error == Error::none && refused.error != Error::none) co_return refused;
  co_return joined;
}

Task<ClassicGroup::SyncAnswer> ClassicRunner::sync(std::string id, ClassicGroup::Sync request) {
  ClassicGroup::SyncAnswer refused;
  const GroupPtr group = registry_.find(id);
  refused.error = id.empty() ? Error::invalid_group_id : log_.serves(id);
  if (refused.error != Error::none) co_return refused;
  if (!group) {
    co_await registry_.flushed(std::move(id));
    refused.error = Error::unknown_member_id;
    co_return refused;
  }
  ClassicGroup::SyncAnswer synced = co_await sync(group, std::move(request));
  refused.error = co_await GroupLog::flushed(group);
  if (synced.error == Error::none && refused.error != Error::none) co_return refused;
  co_return synced;
}

Task<ClassicGroup::SyncAnswer> ClassicRunner::sync(GroupPtr group, ClassicGroup::Sync request) {
  if (group->consumer) co_return consumers_.sync(group, request);
  auto waiting = steps_.new_sync();
  ClassicGroup::Step step;
  group->classic.sync(std::move(request), waiting.ticket, now_of(clock_), step);
  steps_.act(group, step);
  co_return co_await Promise<ClassicGroup::SyncAnswer>::get(std::move(waiting.answer));
}

Task<Error> ClassicRunner::heartbeat(std::string id, std::string member_id,
                                     std::optional<std::string> instance_id, Generation generation) {
  if (id.empty()) co_return Error::invalid_group_id;
  const Error unserved = log_.serves(id);
  if (unserved == Error::coordinator_load_in_progress) co_return Error::none;  // it will still be there
  if (unserved != Error::none) co_return unserved;
  const GroupPtr group = registry_.find(id);
  if (!group) {
    co_await registry_.flushed(std::move(id));
    co_return Error::unknown_member_id;
  }
  Error answer = Error::none;
  if (group->consumer) {
    answer = consumers_.heartbeat(group, member_id, instance_id, generation);
  } else {
    answer = group->classic.heartbeat(member_id, instance_id, generation, now_of(clock_));
    deadlines_.arm(group);
  }
  if (group->is_flushed()) co_return answer;
  const Error failed = co_await GroupLog::flushed(group);
  co_return answer == Error::none ? failed : answer;
}

Task<ClassicRunner::Left> ClassicRunner::leave(std::string id, std::vector<ClassicGroup::Leaving> leaving) {
  if (id.empty()) co_return error_code(Error::invalid_group_id);
  const Error unserved = log_.serves(id);
  if (unserved != Error::none) co_return error_code(unserved);
  GroupPtr group = registry_.find(id);
  if (!group) {
    co_await registry_.flushed(std::move(id));
    co_return std::vector<Error>(leaving.size(), Error::unknown_member_id);
  }
  if (group->consumer) co_return co_await consumers_.leave(std::move(group), std::move(leaving));
  ClassicGroup::Step step;
  auto answers = group->classic.leave(leaving, now_of(clock_), step);
  steps_.act(group, step);
  const Error failed = co_await GroupLog::flushed(std::move(group));
  if (failed != Error::none) co_return error_code(failed);
  co_return answers;
}

}  // namespace mq::core
