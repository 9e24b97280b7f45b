// SPDX-License-Identifier: Apache-2.0
// Being a member of a classic group.
#include "core/handlers/group_answers.h"
#include "core/handlers/handlers.h"
#include "core/metadata/entries.h"
#include "net/kafka/messages/heartbeat.h"
#include "net/kafka/messages/join_group.h"
#include "net/kafka/messages/leave_group.h"
#include "net/kafka/messages/sync_group.h"
#include "net/kafka/uuid.h"

namespace mq::core {

using kafka::Error;
using kafka::number_of;

namespace {

ClassicGroup::Join read(const Context& context, kafka::JoinGroupRequest&& request) {
  ClassicGroup::Join join;
  const std::string& name = request.group_instance_id ? *request.group_instance_id : context.client_id;
  constexpr std::size_t name_in_id_max = 249;
  if (request.member_id.empty())
    join.new_member_id =
        name.substr(0, name_in_id_max) + "-" + kafka::text_of(random_uuid(context.broker.clock));
  join.member_id = std::move(request.member_id);
  join.instance_id = std::move(request.group_instance_id);
  join.client_id = context.client_id;
  join.client_host = host_of(*context.peer);
  join.session_timeout = std::chrono::milliseconds(request.session_timeout_ms);
  const bool given = context.version >= 1 && request.rebalance_timeout_ms >= 0;
  join.rebalance_timeout =
      std::chrono::milliseconds(given ? request.rebalance_timeout_ms : request.session_timeout_ms);
  join.protocol_type = std::move(request.protocol_type);
  for (auto& protocol : request.protocols)
    join.protocols.push_back({std::move(protocol.name), std::move(protocol.metadata)});
  join.id_first = context.version >= 4;
  join.may_skip_assignment = context.version >= 9;
  return join;
}

}  // namespace

Task<kafka::JoinGroupResponse> join_group(Context& context, kafka::JoinGroupRequest& request) {
  std::string group = std::move(request.group_id);
  ClassicGroup::Join join = read(context, std::move(request));
  auto answer = co_await context.broker.groups.classic().join(std::move(group), std::move(join));
  kafka::JoinGroupResponse response;
  response.error_code = number_of(answer.error);
  response.generation_id = answer.generation;
  response.protocol_type = std::move(answer.protocol_type);
  response.protocol_name = std::move(answer.protocol);
  response.leader = std::move(answer.leader);
  response.skip_assignment = answer.skip_assignment;
  response.member_id = std::move(answer.member_id);
  for (auto& member : answer.members)
    response.members.push_back(
        {std::move(member.id), std::move(member.instance_id), std::move(member.metadata)});
  co_return response;
}

Task<kafka::SyncGroupResponse> sync_group(Context& context, kafka::SyncGroupRequest& request) {
  kafka::SyncGroupResponse response;
  const bool agreed = context.version < 5 || (request.protocol_type && request.protocol_name);
  if (!agreed) {
    response.error_code = number_of(Error::inconsistent_group_protocol);
    co_return response;
  }
  ClassicGroup::Sync sync;
  sync.member_id = std::move(request.member_id);
  sync.instance_id = std::move(request.group_instance_id);
  sync.generation = request.generation_id;
  sync.protocol_type = std::move(request.protocol_type);
  sync.protocol = std::move(request.protocol_name);
  for (auto& one : request.assignments)
    sync.assignments.emplace_back(std::move(one.member_id), std::move(one.assignment));
  auto answer = co_await context.broker.groups.classic().sync(std::move(request.group_id), std::move(sync));
  response.error_code = number_of(answer.error);
  response.protocol_type = std::move(answer.protocol_type);
  response.protocol_name = std::move(answer.protocol);
  response.assignment = std::move(answer.assignment);
  co_return response;
}

Task<kafka::HeartbeatResponse> heartbeat(Context& context, kafka::HeartbeatRequest& request) {
  kafka::HeartbeatResponse response;
  response.error_code = number_of(co_await context.broker.groups.classic().heartbeat(
      std::move(request.group_id), std::move(request.member_id), std::move(request.group_instance_id),
      request.generation_id));
  co_return response;
}

Task<kafka::LeaveGroupResponse> leave_group(Context& context, kafka::LeaveGroupRequest& request) {
  const bool one = context.version < 3;
  std::vector<ClassicGroup::Leaving> leaving;
  if (one) leaving.push_back({request.member_id, std::nullopt});
  for (const auto& member : request.members) leaving.push_back({member.member_id, member.group_instance_id});

  kafka::LeaveGroupResponse response;
  const auto answers = co_await context.broker.groups.classic().leave(std::move(request.group_id), leaving);
  if (!answers) {
    response.error_code = static_cast<std::int16_t>(answers.error().value());
    co_return response;
  }
  if (one) response.error_code = number_of(answers->front());
  for (std::size_t i = 0; i < request.members.size() && !one; i++)
    response.members.push_back({leaving[i].member_id, leaving[i].instance_id, number_of((*answers)[i])});
  co_return response;
}

}  // namespace mq::core
