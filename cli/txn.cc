// SPDX-License-Identifier: Apache-2.0
// Transactions as their coordinators and their partitions see them; and what to do when these two disagree.
#include <algorithm>
#include <map>
#include <set>

#include "cli/frame/plan.h"
#include "cli/group/group.h"
#include "core/admin/partition_names.h"
#include "core/admin/position.h"
#include "core/client/transaction_admin.h"
#include "core/config/scalars.h"

namespace mq::cli {

namespace {

const Table transactions_table{.columns = {{"transactional_id", "TRANSACTIONAL ID"},
                                           {"state", "STATE"},
                                           {"producer_id", "PRODUCER"},
                                           {"coordinator", "COORDINATOR"}},
                               .name = "transactional_id"};
const Table describe_table{.columns = {{"transactional_id", "TRANSACTIONAL ID"},
                                       {"state", "STATE"},
                                       {"producer_id", "PRODUCER"},
                                       {"producer_epoch", "EPOCH"},
                                       {"open_ms", "OPEN FOR", Unit::milliseconds},
                                       {"timeout_ms", "TIMEOUT", Unit::milliseconds},
                                       {"partitions", "PARTITIONS"}},
                           .name = "transactional_id"};
const Table open_table{.columns = {{"topic", "TOPIC"},
                                   {"partition", "PART"},
                                   {"start_offset", "START OFFSET"},
                                   {"producer_id", "PRODUCER"},
                                   {"producer_epoch", "EPOCH"},
                                   {"last_written_ms", "LAST WRITTEN", Unit::milliseconds},
                                   {"why", "WHY"}},
                       .name = "topic"};

// ---- list, describe ----

Exit run_txn_list(Context& context, const Arguments& arguments) {
  const std::vector<std::string> states = arguments.chosen("state");
  client::Cluster cluster(client_options(context));
  const auto all = must(cluster.run(client::list_transactions, states), "transaction");
  std::vector<json::object> rows;
  for (const client::ListedTransaction& one : all)
    rows.push_back({{"transactional_id", one.id},
                    {"state", one.state},
                    {"producer_id", one.producer_id},
                    {"coordinator", one.coordinator}});
  return print(context, arguments, transactions_table, std::move(rows));
}

json::object row_of(const client::DescribedTransaction& one) {
  json::object row{{"transactional_id", one.id},
                   {"state", one.state},
                   {"producer_id", one.producer_id},
                   {"producer_epoch", one.producer_epoch},
                   {"timeout_ms", std::chrono::duration_cast<std::chrono::milliseconds>(one.timeout).count()},
                   {"coordinator", one.coordinator},
                   {"partitions", admin::spans(one.partitions)}};
  const bool is_open = one.state == "Ongoing" || one.state.starts_with("Prepare");
  if (is_open && one.started >= 0) row["open_ms"] = std::max<std::int64_t>(0, admin::now_ms() - one.started);
  return row;
}

Exit run_txn_describe(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  std::vector<json::object> rows;
  std::vector<Failure> missing;
  for (const std::string& id : arguments.positional()) {
    const auto one = cluster.run(client::describe_transaction, id);
    if (one) rows.push_back(row_of(*one));
    if (one) continue;
    missing.push_back(failure_from(one.error(), "transactional id"));
    if (missing.back().exit == Exit::not_found) missing.back().hint = "list them with: mq txn list";
  }
  const bool any_row = !rows.empty();
  if (any_row) print(context, arguments, describe_table, std::move(rows), Shape::single);
  for (const Failure& failure : missing) report(context, failure);
  if (missing.empty()) return Exit::ok;
  return any_row ? Exit::partial : missing.front().exit;
}

// ---- hanging, abort ----

std::vector<core::TopicPartition> partitions_of(client::Cluster& cluster,
                                                const std::vector<std::string>& words) {
  const admin::Selection selection = must(cluster.run(admin::select, admin::selectors(words), true));
  if (!selection.missing.empty()) throw FailureError(failure_from(selection.missing.front()));
  std::vector<core::TopicPartition> partitions;
  for (const admin::TopicState& topic : selection.topics)
    for (const admin::PartitionState& partition : topic.partitions)
      partitions.push_back({topic.name, partition.number});
  return partitions;
}

std::vector<client::OpenTransaction> open_in(client::Cluster& cluster,
                                             std::vector<core::TopicPartition> partitions) {
  return must(cluster.run(client::open_transactions, std::move(partitions)), "topic");
}

// What the coordinators know of a producer's transaction.
using Known = std::map<std::int64_t, client::DescribedTransaction>;

Known known_of(client::Cluster& cluster, const std::vector<client::OpenTransaction>& open) {
  std::set<std::int64_t> producers;
  for (const client::OpenTransaction& one : open) producers.insert(one.producer_id);
  Known known;
  if (open.empty()) return known;
  for (const auto& one :
       must(cluster.run(client::list_transactions, std::vector<std::string>{}), "transaction")) {
    if (!producers.contains(one.producer_id)) continue;
    const auto described = cluster.run(client::describe_transaction, one.id);
    if (described) known[one.producer_id] = *described;
  }
  return known;
}

// Why nobody is going to end it; empty: somebody will.
std::string why_hanging(const client::OpenTransaction& open, const Known& known) {
  const auto found = known.find(open.producer_id);
  if (found == known.end()) return "no coordinator knows the producer";
  const client::DescribedTransaction& one = found->second;
  if (std::ranges::binary_search(one.partitions, open.partition)) return "";
  if (open.producer_epoch > one.producer_epoch) return "";  // the coordinator is about to hear of it
  return one.id + " does not count it in (" + one.state + ")";
}

json::object row_of(const client::OpenTransaction& open, const std::string& why) {
  json::object row{{"topic", open.partition.topic},
                   {"partition", open.partition.partition},
                   {"start_offset", open.first_offset},
                   {"producer_id", open.producer_id},
                   {"producer_epoch", open.producer_epoch}};
  if (open.last_written >= 0)
    row["last_written_ms"] = std::max<std::int64_t>(0, admin::now_ms() - open.last_written);
  if (!why.empty()) row["why"] = why;
  return row;
}

Exit run_hanging(Context& context, const Arguments& arguments) {
  client::Cluster cluster(client_options(context));
  // What is just beginning or ending looks as if it hung: only what was so before and is so now counts.
  const auto partitions = partitions_of(cluster, arguments.positional());
  const auto before = open_in(cluster, partitions);
  const Known known = known_of(cluster, before);
  const auto now = before.empty() ? before : open_in(cluster, partitions);
  std::vector<json::object> rows;
  for (const client::OpenTransaction& open : now) {
    const auto same = [&](const client::OpenTransaction& other) {
      return other.partition == open.partition && other.first_offset == open.first_offset;
    };
    const std::string why = why_hanging(open, known);
    if (!why.empty() && std::ranges::any_of(before, same)) rows.push_back(row_of(open, why));
  }
  const Exit exit = rows.empty() ? Exit::ok : Exit::condition;
  return print(context, arguments, open_table, std::move(rows), Shape::list, exit);
}

Exit run_abort(Context& context, const Arguments& arguments) {
  if (!arguments.given("start-offset"))
    throw UsageError("--start-offset is missing", "which one?  mq txn hanging shows them");
  client::Cluster cluster(client_options(context));
  const auto partitions = partitions_of(cluster, arguments.positional());
  if (partitions.size() != 1) throw UsageError("one partition is needed, like orders:3");
  const auto open = open_in(cluster, partitions);
  const auto found =
      std::ranges::find(open, arguments.number("start-offset"), &client::OpenTransaction::first_offset);
  if (found == open.end())
    return report(context, {.exit = Exit::not_found,
                            .message = "no open transaction begins there",
                            .target = arguments.positional()[0],
                            .hint = "which are open: mq txn hanging " + partitions[0].topic});
  const std::string why = why_hanging(*found, known_of(cluster, open));
  Plan plan{.risk = why.empty() ? Risk::severe : Risk::guarded, .table = open_table};
  plan.rows.push_back(row_of(*found, why.empty() ? "its coordinator knows of it, and will end it" : why));
  plan.summary = "what the transaction has written to " + admin::spans(partitions) +
                 " is given up; this cannot be undone";
  plan.word = arguments.positional()[0];
  plan.word_is = "the partition";
  if (const auto end = go_ahead(context, arguments, plan)) return *end;
  must(cluster.run(client::abort_transaction, *found), "topic");
  json::object row = row_of(*found, "");
  row["action"] = "abort";
  row["status"] = "ok";
  Table table = open_table;
  table.columns.back() = {"status", "STATUS"};
  return print(context, arguments, table, {std::move(row)});
}

}  // namespace

extern const Command txn_list{
    .name = "txn list",
    .summary = "List transactional ids and the state of their transactions.",
    .uses = connects | rows,
    .examples = {{"mq txn list", "all of them"}, {"mq txn list --state Ongoing", "those that are open"}},
    .flags = {{.name = "state",
               .kind = Kind::text,
               .value = "S,…",
               .help = "only those in one of these states",
               .choices = "Empty|Ongoing|PrepareCommit|PrepareAbort|CompleteCommit|CompleteAbort|Dead",
               .repeatable = true}},
    .see = "mq txn describe, man mq-txn",
    .run = run_txn_list};

extern const Command txn_describe{
    .name = "txn describe",
    .summary = "Show a transactional id: its producer, and what is open.",
    .arguments = {{"ID", Kind::text, 1, any}},
    .uses = connects | rows,
    .examples = {{"mq txn describe payments-1", "state, producer, partitions"},
                 {"mq txn describe payments-1 -o json | jq .open_ms", "for programs"}},
    .see = "mq txn list, man mq-txn",
    .run = run_txn_describe};

extern const Command txn_hanging{
    .name = "txn hanging",
    .summary = "Find open transactions that nobody will end.",
    .arguments = {{"TOPIC", Kind::topic, 0, any}},
    .uses = connects | rows,
    .examples = {{"mq txn hanging", "in all topics; exit 9 when there are some"},
                 {"mq txn hanging orders:3", "in one partition"}},
    .more =
        "Readers of committed records come no further than where the first open transaction begins. One that "
        "its\ncoordinator does not know of stays open for ever; mq txn abort ends it.",
    .see = "mq txn abort, man mq-txn",
    .run = run_hanging};

extern const Command txn_abort{
    .name = "txn abort",
    .summary = "Abort a transaction in one partition, past its coordinator.",
    .arguments = {{"TOPIC:PARTITION", Kind::topic}},
    .uses = connects | rows | changes,
    .examples = {{"mq txn abort orders:3 --start-offset 1200 --dry-run", "what would be given up"},
                 {"mq txn abort orders:3 --start-offset 1200 -y", "in scripts"}},
    .flags =
        {{.name = "start-offset", .kind = Kind::number, .value = "N", .help = "where it begins (required)"}},
    .more =
        "For transactions that mq txn hanging has found. One that its coordinator still knows of is ended by "
        "that; to abort\nit all the same, the partition must be typed, or given with --confirm.",
    .see = "mq txn hanging, man mq-txn",
    .run = run_abort};

}  // namespace mq::cli
