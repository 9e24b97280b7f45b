// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/frame/plan.h"
#include "cli/topic/topic.h"

namespace mq::cli {

namespace {

const Table plan_table{.columns = {{"topic", "TOPIC"},
                                   {"partitions", "PARTITIONS"},
                                   {"offsets", "OFFSETS", Unit::count},
                                   {"size_bytes", "SIZE", Unit::bytes}},
                       .name = "topic"};
const Table result_table{.columns = {{"topic", "TOPIC"}, {"action", "ACTION"}, {"status", "STATUS"}},
                         .name = "topic"};

Plan plan_for(const admin::Selection& selection) {
  Plan plan{.table = plan_table};
  std::int64_t bytes = 0;
  for (const admin::TopicState& topic : selection.topics) {
    json::object row{{"topic", topic.name}, {"action", "delete"}, {"partitions", topic.partitions.size()}};
    admin::add_count(row, topic.offsets());
    if (const auto size = topic.bytes()) row["size_bytes"] = *size;
    bytes += topic.bytes().value_or(0);
    plan.rows.push_back(std::move(row));
  }
  const std::size_t count = selection.topics.size();
  plan.risk = admin::risk_of_deletion(selection.by_pattern, bytes);
  plan.summary = (count == 1 ? "topic " + in_quotes(selection.topics.front().name)
                             : counted(static_cast<std::int64_t>(count), "topic")) +
                 ", " + human_bytes(bytes, false) + "; this cannot be undone";
  plan.word = count == 1 ? selection.topics.front().name : std::to_string(count);
  plan.word_is = count == 1 ? "the name of the topic" : "the number of topics";
  return plan;
}

Outcome outcome_of(const kafka::DeleteTopicsResponse::DeletableTopicResult& result,
                   const admin::Selection& selection, bool may_be_absent) {
  const std::string name = result.name.value_or("");
  if (result.error_code == 0) return outcome(name, "delete", "ok");
  if (result.error_code == 3 && may_be_absent) return outcome(name, "delete", "absent");
  Failure failure =
      failure_from(client::refused(result.error_code, {}, name, result.error_message.value_or("")));
  const auto topic = std::ranges::find(selection.topics, name, &admin::TopicState::name);
  const bool internal = topic != selection.topics.end() && topic->internal;
  if (internal && kafka::error_of(result.error_code) == kafka::Error::invalid_topic_exception)
    failure.message = "topic " + in_quotes(name) + " is internal and cannot be deleted";
  return failed(name, "delete", std::move(failure));
}

Exit run_topic_delete(Context& context, const Arguments& arguments) {
  const bool may_be_absent = arguments.on("if-exists");
  client::Cluster cluster(client_options(context));
  admin::Selection selection =
      must(cluster.run(admin::select, admin::selectors(arguments.positional()), arguments.on("internal")));
  for (const admin::Selector& selector : admin::selectors(arguments.positional()))
    if (!selector.partitions().empty())
      throw UsageError(in_quotes(selector.text()) + ": partitions cannot be deleted, only whole topics",
                       "to remove their records: mq topic purge " + selector.text());
  cluster.run(admin::add_offsets, selection.topics);
  cluster.run(admin::add_sizes, selection.topics);

  std::vector<Outcome> outcomes;
  for (const admin::Missing& missing : selection.missing) {
    const Failure failure = failure_from(missing);
    outcomes.push_back(may_be_absent && failure.exit == Exit::not_found
                           ? outcome(failure.target, "delete", "absent")
                           : failed(failure.target, "delete", failure));
  }
  if (selection.topics.empty()) return conclude(context, arguments, result_table, std::move(outcomes));
  if (const auto end = go_ahead(context, arguments, plan_for(selection))) return *end;

  kafka::DeleteTopicsRequest request;
  request.timeout_ms =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(context.timeout.count(), 1, 600'000));
  for (const admin::TopicState& topic : selection.topics) {
    request.topics.emplace_back().name = topic.name;  // version 6 and later; before that:
    request.topic_names.push_back(topic.name);
  }
  const auto answer = must(cluster.delete_topics(std::move(request)));
  for (const auto& result : answer.responses)
    outcomes.push_back(outcome_of(result, selection, may_be_absent));
  return conclude(context, arguments, result_table, std::move(outcomes));
}

}  // namespace

extern const Command topic_delete{
    .name = "topic delete",
    .summary = "Delete topics and all their records.",
    .arguments = {{"TOPIC", Kind::topic, 1, any}},
    .uses = connects | rows | changes,
    .examples = {{"mq topic delete orders", "asks first"},
                 {"mq topic delete a b -y --if-exists", "in scripts"},
                 {"mq topic delete 'tmp-*' --dry-run", "what would go"},
                 {"mq topic delete 'tmp-*' --confirm 17", "a pattern needs the number of topics"}},
    .flags = {{.name = "if-exists", .help = "no error for topics that are not there"},
              {.name = "internal", .help = "patterns match topics that begin with __, too"}},
    .more =
        "Deleting topics chosen by a pattern, or more than 1 GiB, wants the topic's name or the number of "
        "topics typed;\n"
        "scripts give it with --confirm.",
    .see = "mq help selectors, man mq-topic",
    .run = run_topic_delete};

}  // namespace mq::cli
