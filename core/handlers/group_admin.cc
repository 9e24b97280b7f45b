// SPDX-License-Identifier: Apache-2.0
// Groups seen from outside: listed, described, deleted.
#include <algorithm>
#include <set>

#include "core/handlers/group_answers.h"
#include "core/handlers/handlers.h"
#include "core/loop/run_on.h"
#include "net/kafka/messages/delete_groups.h"
#include "net/kafka/messages/describe_groups.h"
#include "net/kafka/messages/list_groups.h"

namespace mq::core {

using kafka::Error;
using kafka::number_of;

namespace {

// A group in a line: the consumer protocol knows no other protocol type than that of consumers.
kafka::ListGroupsResponse::ListedGroup listed(const std::string& id, const Group& group) {
  if (group.consumer) return {id, "consumer", std::string(name_of(group.consumer->state())), "consumer"};
  return {id, group.classic.protocol_type().value_or(""), std::string(name_of(group.classic.state())),
          "classic"};
}

bool same_word(std::string_view a, std::string_view b) {
  const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char one, char other) { return small(one) == small(other); });
}

bool passes(const std::vector<std::string>& filter, std::string_view word) {
  return filter.empty() || std::any_of(filter.begin(), filter.end(),
                                       [&](const std::string& wanted) { return same_word(wanted, word); });
}

using Described = kafka::DescribeGroupsResponse::DescribedGroup;

// Members are shown with what they said and got only while the group is not rebalancing.
void describe(const ClassicGroup& group, Described& answer) {
  answer.group_state = name_of(group.state());
  answer.protocol_type = group.protocol_type().value_or("");
  const bool stable = group.state() == GroupState::stable;
  if (stable) answer.protocol_data = *group.protocol();
  for (const auto& [id, member] : group.members().all()) {
    auto& shown = answer.members.emplace_back();
    shown.member_id = id;
    shown.group_instance_id = member.instance_id;
    shown.client_id = member.client_id;
    shown.client_host = member.client_host;
    if (!stable) continue;
    shown.member_metadata = member.metadata_for(*group.protocol());
    shown.member_assignment = member.assignment;
  }
}

}  // namespace

Task<kafka::ListGroupsResponse> list_groups(Context& context, kafka::ListGroupsRequest& request) {
  kafka::ListGroupsResponse response;
  if (context.broker.groups.log().is_loading()) {
    response.error_code = number_of(Error::coordinator_load_in_progress);
    co_return response;
  }
  for (const auto& [id, group] : context.broker.groups.registry().all()) {
    auto line = listed(id, *group);
    if (passes(request.states_filter, line.group_state) && passes(request.types_filter, line.group_type))
      response.groups.push_back(std::move(line));
  }
  std::sort(response.groups.begin(), response.groups.end(),
            [](const auto& a, const auto& b) { return a.group_id < b.group_id; });
  co_await context.broker.groups.log().flushed();
  co_return response;
}

Task<kafka::DescribeGroupsResponse> describe_groups(Context& context, kafka::DescribeGroupsRequest& request) {
  kafka::DescribeGroupsResponse response;
  response.groups.reserve(request.groups.size());
  for (const std::string& id : request.groups) {
    if (context.pace.due()) co_await context.pace.give_way();
    Described& answer = response.groups.emplace_back();
    answer.group_id = id;
    if (request.include_authorized_operations) answer.authorized_operations = group_operations;
    const Error unserved = context.broker.groups.log().serves(id);
    const GroupPtr group = context.broker.groups.registry().find(id);
    if (unserved != Error::none) {
      answer.error_code = number_of(unserved);
    } else if (group && !group->consumer) {
      describe(group->classic, answer);
    } else {
      answer.group_state = "Dead";
      if (context.version >= 6) {
        answer.error_code = number_of(Error::group_id_not_found);
        answer.error_message = "there is no classic group \"" + id + "\"";
      }
    }
    co_await context.broker.groups.registry().flushed(id);
  }
  co_return response;
}

Task<kafka::DeleteGroupsResponse> delete_groups(Context& context, kafka::DeleteGroupsRequest& request) {
  kafka::DeleteGroupsResponse response;
  std::set<std::string> seen;
  response.results.reserve(request.groups_names.size());
  for (const std::string& id : request.groups_names) {
    if (context.pace.due()) co_await context.pace.give_way();
    if (!seen.insert(id).second) continue;
    auto& answer = response.results.emplace_back();
    answer.group_id = id;
    const Error error = co_await context.broker.groups.registry().remove(id);
    answer.error_code = number_of(error);
  }
  discard(context.broker.workers, std::move(seen));
  co_return response;
}

}  // namespace mq::core
