// SPDX-License-Identifier: Apache-2.0
// Taking away: whole groups, some of their offsets, or their members.
#include <algorithm>

#include "cli/frame/plan.h"
#include "cli/group/group.h"
#include "core/admin/partition_names.h"

namespace mq::cli {

namespace {

const Table result_table{.columns = {{"group", "GROUP"}, {"action", "ACTION"}, {"status", "STATUS"}},
                         .name = "group"};
const Table offsets_table{.columns = {{"group", "GROUP"},
                                      {"topic", "TOPIC"},
                                      {"partition", "PART"},
                                      {"committed_offset", "COMMITTED"},
                                      {"status", "STATUS"}},
                          .name = "topic"};
const Table members_table{.columns = {{"group", "GROUP"},
                                      {"member", "MEMBER"},
                                      {"host", "HOST"},
                                      {"assigned", "PARTITIONS"},
                                      {"status", "STATUS"}},
                          .name = "member"};

Outcome group_outcome(const std::string& group, std::string_view action, std::string_view status) {
  return {json::object{{"group", group}, {"action", action}, {"status", status}}, std::nullopt};
}

Outcome group_failed(const std::string& group, std::string_view action, Failure failure) {
  Outcome outcome = group_outcome(group, action, "error");
  outcome.row["error"] = failure.kafka.empty() ? std::string(name_of(failure.exit)) : failure.kafka;
  outcome.row["message"] = failure.message;
  outcome.failure = std::move(failure);
  return outcome;
}

// ---- groups ----

Plan plan_for(const admin::GroupSelection& selection, const std::vector<admin::GroupProgress>& groups) {
  Plan plan{.risk = selection.by_pattern ? Risk::severe : Risk::guarded,
            .table = {.columns = {{"group", "GROUP"},
                                  {"state", "STATE"},
                                  {"members", "MEMBERS"},
                                  {"topics", "TOPICS"},
                                  {"lag", "LAG", Unit::count}},
                      .name = "group"}};
  for (const admin::GroupProgress& group : groups) {
    json::object row{{"group", group.group.name},
                     {"action", "delete"},
                     {"state", group.group.state},
                     {"members", group.group.members.size()},
                     {"topics", group.topics()}};
    if (const auto lag = group.lag()) row["lag"] = *lag;
    plan.rows.push_back(std::move(row));
  }
  const std::size_t count = groups.size();
  plan.summary = (count == 1 ? "group " + in_quotes(groups.front().group.name)
                             : counted(static_cast<std::int64_t>(count), "group")) +
                 (count == 1 ? " and where it is" : " and where they are") + "; this cannot be undone";
  plan.word = count == 1 ? groups.front().group.name : std::to_string(count);
  plan.word_is = count == 1 ? "the name of the group" : "the number of groups";
  return plan;
}

Exit run_group_delete(Context& context, const Arguments& arguments) {
  const bool may_be_absent = arguments.on("if-exists");
  client::Cluster cluster(client_options(context));
  const admin::GroupSelection selection =
      must(cluster.run(admin::select_groups,
                       admin::group_selectors(arguments.positional(), arguments.on("literal"))),
           "group");
  std::vector<Outcome> outcomes;
  for (const admin::Missing& missing : selection.missing)
    outcomes.push_back(may_be_absent ? group_outcome(missing.name, "delete", "absent")
                                     : group_failed(missing.name, "delete", failure_from(missing)));
  if (selection.groups.empty()) return conclude(context, arguments, result_table, std::move(outcomes));
  const std::vector<admin::GroupProgress> groups =
      must(cluster.run(admin::progress_of, selection.names()), "group");
  if (const auto end = go_ahead(context, arguments, plan_for(selection, groups))) return *end;
  for (const admin::GroupProgress& group : groups) {
    const std::string& name = group.group.name;
    const auto done = cluster.run(client::delete_group, name);
    if (done) {
      outcomes.push_back(group_outcome(name, "delete", "ok"));
      continue;
    }
    const bool busy = done.error().error == kafka::Error::non_empty_group;
    Failure failure = busy ? has_members(must(cluster.run(admin::describe_group, name), "group"), "deleting")
                           : failure_from(done.error(), "group");
    if (busy) failure.hint = "stop them first, or disconnect them with: mq group evict " + name;
    outcomes.push_back(group_failed(name, "delete", std::move(failure)));
  }
  return conclude(context, arguments, result_table, std::move(outcomes));
}

// ---- offsets ----

json::object offset_row(const std::string& group, const client::Committed& offset) {
  return {{"group", group},
          {"action", "forget"},
          {"topic", offset.partition.topic},
          {"partition", offset.partition.partition},
          {"committed_offset", offset.offset}};
}

std::vector<client::Committed> meant(const std::vector<client::Committed>& offsets,
                                     const std::vector<admin::Selector>& topics) {
  std::vector<client::Committed> found;
  for (const client::Committed& offset : offsets) {
    const auto names = [&](const admin::Selector& selector) {
      return selector.matches(offset.partition.topic) && selector.has(offset.partition.partition);
    };
    if (offset.offset >= 0 && std::ranges::any_of(topics, names)) found.push_back(offset);
  }
  return found;
}

Exit run_forget(Context& context, const Arguments& arguments) {
  if (!arguments.given("topic"))
    throw UsageError("--topic is missing",
                     "which offsets?  -t TOPIC[:PARTITIONS]; all of them: mq group delete");
  const std::string& name = arguments.positional()[0];
  const auto topics = admin::selectors(arguments.all("topic"));
  client::Cluster cluster(client_options(context));
  const auto offsets =
      meant(must(cluster.run(client::fetch_offsets, name, std::nullopt, false), "group"), topics);
  if (offsets.empty()) {
    if (arguments.on("if-exists")) return conclude(context, arguments, offsets_table, {});
    return report(context, {.exit = Exit::not_found,
                            .message = "group " + in_quotes(name) + " has no offset there",
                            .target = name,
                            .hint = "where it has some: mq group describe " + name});
  }
  Plan plan{.risk = Risk::guarded, .table = offsets_table};
  plan.table.columns.pop_back();
  std::vector<core::TopicPartition> partitions;
  for (const client::Committed& offset : offsets) {
    plan.rows.push_back(offset_row(name, offset));
    partitions.push_back(offset.partition);
  }
  plan.summary = "group " + name + " forgets " + admin::spans(partitions) + "; this cannot be undone";
  if (const auto end = go_ahead(context, arguments, plan)) return *end;
  const auto done = must(cluster.run(client::delete_offsets, name, partitions), "group");
  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < offsets.size(); i++) {
    Outcome& outcome = outcomes.emplace_back(Outcome{offset_row(name, offsets[i]), std::nullopt});
    const auto result = std::ranges::find(done, offsets[i].partition, &client::Committed::partition);
    const bool good = result != done.end() && result->status;
    outcome.row["status"] = good ? "ok" : "error";
    if (good) continue;
    outcome.failure = result == done.end() ? Failure{.message = "no answer for it", .target = name}
                                           : failure_from(result->status.error());
    if (outcome.failure->kafka == "GROUP_SUBSCRIBED_TO_TOPIC")
      outcome.failure->message =
          "group " + in_quotes(name) + " is reading " + in_quotes(offsets[i].partition.topic);
  }
  return conclude(context, arguments, offsets_table, std::move(outcomes));
}

// ---- members ----

json::object member_row(const std::string& group, const client::GroupMember& member) {
  return {{"group", group},
          {"action", "evict"},
          {"member", member.id},
          {"host", member.host},
          {"assigned", admin::spans(member.assigned)}};
}

Exit run_evict(Context& context, const Arguments& arguments) {
  const std::string& name = arguments.positional()[0];
  const std::vector<std::string> wanted(arguments.positional().begin() + 1, arguments.positional().end());
  client::Cluster cluster(client_options(context));
  const client::DescribedGroup group = must(cluster.run(admin::describe_group, name), "group");
  std::vector<client::GroupMember> members;
  for (const client::GroupMember& member : group.members) {
    const auto is = [&](const std::string& word) { return word == member.id || word == member.instance; };
    if (wanted.empty() || std::ranges::any_of(wanted, is)) members.push_back(member);
  }
  if (members.empty())
    return report(context, {.exit = Exit::not_found,
                            .message = "group " + in_quotes(name) +
                                       (wanted.empty() ? " has no members" : " has no such member"),
                            .target = name,
                            .hint = "who is in it: mq group describe " + name + " --members"});
  Plan plan{.risk = Risk::guarded, .table = members_table};
  plan.table.columns.pop_back();
  for (const client::GroupMember& member : members) plan.rows.push_back(member_row(name, member));
  plan.summary =
      counted(static_cast<std::int64_t>(members.size()), "member") + " of group " + name + " must join again";
  if (const auto end = go_ahead(context, arguments, plan)) return *end;
  must(cluster.run(client::remove_members, name, members), "group");
  std::vector<Outcome> outcomes;
  for (const client::GroupMember& member : members) {
    outcomes.push_back({member_row(name, member), std::nullopt});
    outcomes.back().row["status"] = "ok";
  }
  return conclude(context, arguments, members_table, std::move(outcomes));
}

}  // namespace

extern const Command group_delete{
    .name = "group delete",
    .summary = "Delete groups and where they are.",
    .arguments = {{"GROUP", Kind::group, 1, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq group delete billing", "asks first"},
                 {"mq group delete a b -y --if-exists", "in scripts"},
                 {"mq group delete 'tmp-*' --confirm 17", "a pattern needs the number of groups"}},
    .flags = {{.name = "if-exists", .help = "no error for groups that are not there"},
              {.name = "literal", .help = "names are names, whatever characters they hold"}},
    .more = "A group with members cannot be deleted. To keep a copy of where it is: mq group export.",
    .see = "mq group forget, man mq-group",
    .run = run_group_delete};

extern const Command group_forget{
    .name = "group forget",
    .summary = "Delete a group's offsets in some topics.",
    .arguments = {{"GROUP", Kind::group}},
    .uses = connects | rows | changes,
    .examples = {{"mq group forget billing -t orders", "as if it had never read this topic"},
                 {"mq group forget billing -t orders:0,2 -y", "two partitions, without a question"}},
    .flags = {{.name = "topic",
               .letter = 't',
               .kind = Kind::topic,
               .value = "TOPIC[:PARTS]",
               .help = "of this topic, or these partitions (required)",
               .repeatable = true},
              {.name = "if-exists", .help = "no error when there are none"}},
    .more = "Offsets of a topic that a member reads stay.",
    .see = "mq group delete, man mq-group",
    .run = run_forget};

extern const Command group_evict{
    .name = "group evict",
    .summary = "Make members of a group leave it.",
    .arguments = {{"GROUP", Kind::group}, {"MEMBER", Kind::text, 0, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq group evict billing consumer-7", "one of them"},
                 {"mq group evict billing -y", "all; those that still run join again"}},
    .see = "mq group describe --members, man mq-group",
    .run = run_evict};

}  // namespace mq::cli
