// SPDX-License-Identifier: Apache-2.0
// Consumer groups.
#include "core/admin/group.h"
#include "core/admin/rows.h"
#include "core/http/routes.h"

namespace mq::http {

namespace {

Task<std::vector<admin::GroupProgress>> progress_of_group(Request& request) {
  client::Client& client = request.backend.client;
  std::vector<std::string> names{request.path("group")};
  auto groups = must(co_await admin::progress_of(client, std::move(names)), "group");
  if (groups.empty() || groups[0].group.state == "Dead")
    throw Problem{.status = 404, .detail = "group \"" + request.path("group") + "\" does not exist"};
  co_return groups;
}

}  // namespace

Task<Answer> get_groups(Request& request) {
  client::Client& client = request.backend.client;
  const admin::GroupSelection selection = must(co_await admin::select_groups(client, {}), "group");
  auto groups = must(co_await admin::progress_of(client, selection.names()), "group");
  co_await admin::add_ages(client, groups);
  std::vector<json::object> rows;
  for (std::size_t i = 0; i < groups.size(); i++)
    rows.push_back(admin::row_of(groups[i], selection.groups[i]));
  co_return answer_json(list_of(request, page_of(request, std::move(rows), "group")));
}

Task<Answer> get_group(Request& request) {
  auto groups = co_await progress_of_group(request);
  co_await admin::add_ages(request.backend.client, groups);
  json::object row = admin::row_of(groups[0]);
  admin::add_details(row, groups[0], groups[0].partitions);
  co_return answer_json(row);
}

Task<Answer> delete_group(Request& request) {
  const auto groups = co_await progress_of_group(request);
  json::object row = admin::row_of(groups[0]);
  client::Client& client = request.backend.client;
  const bool is_trial = request.flag("dry_run");
  if (is_trial && !groups[0].group.members.empty())
    throw Problem{.status = 409, .detail = "group \"" + request.path("group") + "\" has members"};
  if (!is_trial)
    must(co_await client::delete_group(client, request.path("group"), client.deadline()), "group");
  row["status"] = is_trial ? "would be deleted" : "deleted";
  co_return answer_json(row);
}

}  // namespace mq::http
