// SPDX-License-Identifier: Apache-2.0
#include "cli/records/group_reader.h"

#include <algorithm>
#include <set>

#include "core/admin/partition_names.h"

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;
using client::Answer;
using client::Nothing;
using client::Task;

constexpr auto commit_interval = std::chrono::seconds(1);
constexpr auto patience_at_end = std::chrono::seconds(3);
constexpr std::string_view about_group = "As a member of a group";
constexpr std::string_view broker_assignors[] = {"uniform", "range"};  // of the consumer protocol

// Which of the two protocols, and who deals out in it. What --assignor names is known to one of them, or
// both.
void read_protocol(const Arguments& arguments, GroupOptions& options) {
  const std::string protocol = arguments.text("protocol");
  if (protocol == "classic") options.protocol = client::GroupProtocol::classic;
  if (protocol == "consumer") options.protocol = client::GroupProtocol::consumer;
  const std::string assignor = arguments.text("assignor");
  options.assignor = client::find_assignor(assignor);
  const bool in_classic = options.assignor != nullptr;
  const bool in_consumer = std::ranges::count(broker_assignors, assignor) > 0;
  if (!arguments.given("assignor")) return;
  if (in_consumer) options.server_assignor = assignor;
  if (!options.protocol && in_classic != in_consumer)
    options.protocol = in_classic ? client::GroupProtocol::classic : client::GroupProtocol::consumer;
  if (!options.protocol) return;
  const bool consumer = options.protocol == client::GroupProtocol::consumer;
  if (consumer && !in_consumer)
    throw UsageError("--assignor " + assignor + " is of the classic protocol",
                     "with --protocol consumer the broker deals out: uniform or range");
  if (!consumer && !in_classic)
    throw UsageError("--assignor " + assignor + " is the broker's: the classic protocol does not have it",
                     "add --protocol consumer");
}

Task<client::GroupProtocol> best_protocol_of(client::Client& client) {
  const auto versions = co_await client.api_versions(client::any_broker);
  const auto is_there = [](const auto& feature) {
    return feature.name == "group.version" && feature.max_version_level >= 1;
  };
  const bool consumer = versions && std::ranges::any_of(versions->finalized_features, is_there);
  co_return consumer ? client::GroupProtocol::consumer : client::GroupProtocol::classic;
}

std::vector<std::string> names_of(const TopicWatch::Partitions& partitions) {
  std::vector<std::string> names;
  for (const core::TopicPartition& partition : partitions)
    if (names.empty() || names.back() != partition.topic) names.push_back(partition.topic);
  return names;
}

struct Advice {
  kafka::Error error;
  std::string_view hint;
};
constexpr Advice advice[] = {
    {kafka::Error::unreleased_instance_id,
     "another member has this --static-id; one that died keeps it until its session ends (45 s)"},
    {kafka::Error::fenced_instance_id, "another member has come with this --static-id"},
    {kafka::Error::unsupported_assignor, "the broker does not have this --assignor"},
};

}  // namespace

std::optional<GroupOptions> GroupOptions::from(const Arguments& arguments) {
  const auto group = arguments.maybe("group");
  for (const char* flag : {"assignor", "static-id", "commit", "protocol"})
    if (!group && arguments.given(flag))
      throw UsageError("--" + std::string(flag) + " is for groups", "add -g GROUP");
  if (!group) return std::nullopt;
  if (group->empty()) throw UsageError("--group: a name is needed");
  for (const char* flag : {"partition", "start-at", "last", "ordered"})
    if (arguments.given(flag))
      throw UsageError("--" + std::string(flag) + " does not go with --group",
                       "where a group goes on is changed by: mq group seek " + *group);
  GroupOptions options;
  options.group = *group;
  options.static_id = arguments.maybe("static-id");
  read_protocol(arguments, options);
  const std::string commit = arguments.text("commit");
  options.commit = commit == "each" ? Commit::each : commit == "none" ? Commit::none : Commit::written;
  return options;
}

std::vector<Flag> group_flags() {
  return {
      {.name = "group",
       .letter = 'g',
       .kind = Kind::group,
       .value = "GROUP",
       .help = "share the partitions with the others in it, and go on where it was",
       .section = about_group},
      {.name = "commit",
       .kind = Kind::choice,
       .value = "WHEN",
       .initial = "written",
       .help = "written: what stdout has taken, every second; each record; none",
       .choices = "written|each|none",
       .section = about_group},
      {.name = "assignor",
       .kind = Kind::choice,
       .value = "HOW",
       .initial = "cooperative-sticky",
       .help = "how partitions are dealt out; with --protocol consumer: uniform or range",
       .choices = "cooperative-sticky|range|roundrobin|uniform",
       .section = about_group},
      {.name = "protocol",
       .kind = Kind::choice,
       .value = "WHICH",
       .initial = "classic",
       .help = "classic: the members deal out, every broker knows it; consumer: the broker does; auto: "
               "consumer if it can",
       .choices = "classic|consumer|auto",
       .section = about_group},
      {.name = "static-id",
       .kind = Kind::text,
       .value = "ID",
       .help = "a name that keeps its partitions over a restart",
       .section = about_group},
  };
}

GroupReader::GroupReader(Context& context, client::Cluster& cluster, GroupOptions options,
                         std::vector<admin::Selector> topics, admin::ReadRange range, bool committed_only,
                         client::Duration refresh)
    : context_(context),
      cluster_(cluster),
      options_(std::move(options)),
      topics_(std::move(topics)),
      range_(std::move(range)),
      committed_only_(committed_only),
      share_since_(Clock::now()),
      committed_at_(share_since_),
      refresh_(refresh),
      waiter_(cluster.client().loop().get_executor()) {}

GroupReader::~GroupReader() {
  if (watch_) watch_->stop();
}

Task<void> GroupReader::start(const std::vector<admin::TopicState>& topics, Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  if (!options_.protocol) options_.protocol = co_await best_protocol_of(cluster_.client());
  for (const admin::TopicState& topic : topics)
    for (const admin::PartitionState& partition : topic.partitions)
      first_.push_back({topic.name, partition.number});
  std::ranges::sort(first_);
  client::MemberOptions options;
  options.membership.group = options_.group;
  options.membership.instance = options_.static_id;
  options.membership.topics = names_of(first_);
  options.protocol = *options_.protocol;
  if (options_.assignor) options.membership.assignor = options_.assignor;
  options.membership.server_assignor = options_.server_assignor;
  options.trouble = callbacks_.trouble;
  options.changed = [this] {
    callbacks_.changed();
    wake();
  };
  client::Client& client = cluster_.client();
  member_ = client::Member::create(client.loop(), client.options(), std::move(options));
  joins_ = !first_.empty();
  if (joins_) member_->start();
  watch_ = std::make_shared<TopicWatch>(client, topics_, first_, refresh_,
                                        [this](auto now) { return subscribe(std::move(now)); });
  watch_->start();
}

Task<bool> GroupReader::subscribe(TopicWatch::Partitions partitions) {
  if (partitions.empty()) co_return true;
  member_->subscribe(names_of(partitions));
  if (!std::exchange(joins_, true)) member_->start();
  co_return true;
}

// What is added while we read is read from its start, though we began at the end of what there was.
client::Offset GroupReader::begin_of(const client::Assignment& planned, const admin::Ends& ends) const {
  const bool was_there = std::ranges::binary_search(first_, planned.partition);
  return was_there || range_.added().from == range_.from ? planned.from : ends.start;
}

Failure GroupReader::failure() const {
  const client::Failure& failure = *member_->failure();
  Failure told = failure_from(failure, "group");
  const bool classic = options_.protocol == client::GroupProtocol::classic;
  for (const auto& [error, hint] : advice)
    if (failure.error == error) told.hint = hint;
  if (failure.error == kafka::Error::inconsistent_group_protocol)
    told.hint = classic ? "its members may have another --assignor, or use --protocol consumer"
                        : "while it has members join them with --protocol classic";
  const bool unknown = failure.what == client::Failure::What::unsupported ||
                       failure.error == kafka::Error::unsupported_version;
  if (unknown && !classic) told.hint = "every broker knows --protocol classic";
  return told;
}

Task<Answer<admin::ReadPlan>> GroupReader::next_share() {
  round_ = member_->round();
  const std::vector<core::TopicPartition> share = member_->share();
  if (member_->wants_back()) {
    if (!member_->lost()) co_await commit(patience_at_end);  // if that fails, others read it once more
    if (member_->lost()) context_.notice("group " + options_.group + " went on without us; joining again");
    member_->handed_back();
  }
  anew_ = false;
  const auto gone = [&](const auto& known) { return !std::ranges::binary_search(share, known.first); };
  for (Offsets* offsets : {&read_, &written_, &committed_}) std::erase_if(*offsets, gone);
  disown(gone);
  std::erase_if(ids_, [&](const auto& known) {
    return std::ranges::count(share, known.first, &core::TopicPartition::topic) == 0;
  });
  std::vector<core::TopicPartition> added;
  for (const auto& partition : share)
    if (!written_.contains(partition)) added.push_back(partition);
  auto known = co_await stored(added);
  if (!known) co_return known.error();
  say_what_from_means(*known, added.size());
  committed_.insert(known->begin(), known->end());
  known->insert(read_.begin(), read_.end());
  const Offsets begun = *known;
  auto planned = co_await admin::plan(cluster_.client(), share, range_, std::move(*known), committed_only_);
  if (!planned) co_return planned.error();
  for (std::size_t i = 0; i < planned->assignments.size(); i++) {
    client::Assignment& assignment = planned->assignments[i];
    if (!begun.contains(assignment.partition)) assignment.from = begin_of(assignment, planned->ends[i]);
    assignment.topic_id = ids_.try_emplace(assignment.partition.topic, assignment.topic_id).first->second;
    read_.try_emplace(assignment.partition, assignment.from);
    written_.try_emplace(assignment.partition, assignment.from);
    if (!range_.at_end) continue;
    const auto end = ends_.try_emplace(assignment.partition, assignment.until).first;
    assignment.until = std::min(assignment.until, end->second);
  }
  share_since_ = Clock::now();
  context_.detail(
      1, "group " + options_.group + ": our share is " + (share.empty() ? "nothing" : admin::spans(share)));
  co_return planned;
}

bool GroupReader::expects_more() const {
  return round_ == 0 || (written_.empty() && Clock::now() - share_since_ < member_->settling_time());
}

Task<Answer<GroupReader::Offsets>> GroupReader::stored(const std::vector<core::TopicPartition>& partitions) {
  Offsets found;
  if (partitions.empty()) co_return found;
  const auto deadline = Clock::now() + cluster_.client().options().timeout;
  auto offsets = co_await client::Member::committed(member_, partitions, deadline);
  if (!offsets) co_return offsets.error();
  for (const client::Committed& one : *offsets) {
    if (!one.status) co_return one.status.error();
    if (one.offset >= 0) found[one.partition] = one.offset;
  }
  co_return found;
}

void GroupReader::say_what_from_means(const Offsets& stored, std::size_t asked) {
  if (!range_.from || stored.empty() || std::exchange(from_said_, true)) return;
  context_.notice("group " + options_.group + " has an offset for " + std::to_string(stored.size()) + " of " +
                  counted(static_cast<std::int64_t>(asked), "partition") +
                  " and goes on there; to move it: mq group seek " + options_.group);
}

Output::Source GroupReader::source(const core::TopicPartition& partition) {
  const auto [known, fresh] =
      sources_.try_emplace(partition, static_cast<Output::Source>(partitions_.size()));
  if (fresh) partitions_.emplace_back(partition);
  return known->second;
}

bool GroupReader::is_taken_away(Output::Source source) const {
  const auto& partition = partitions_[source];
  return partition && !std::ranges::binary_search(member_->share(), *partition);
}

// What is still on its way to stdout counts for nobody.
void GroupReader::disown(const std::function<bool(const SourceOf&)>& which) {
  std::erase_if(sources_, [&](const SourceOf& known) {
    const bool gone = which(known);
    if (gone) partitions_[known.second].reset();
    return gone;
  });
}

void GroupReader::read(const admin::ReadPlan& plan, const std::vector<client::Offset>& reached) {
  for (std::size_t i = 0; i < reached.size(); i++) {
    const auto known = read_.find(plan.assignments[i].partition);
    if (known != read_.end()) known->second = std::max(known->second, reached[i]);
  }
}

void GroupReader::written(Output::Source source, client::Offset next) {
  if (!partitions_[source]) return;
  const auto known = written_.find(*partitions_[source]);
  if (known != written_.end()) known->second = std::max(known->second, next);
}

// Also where a partition is begun, when the group has nothing for it: then it counts from there, and not from
// wherever the log begins later.
Task<Answer<Nothing>> GroupReader::commit(client::Duration within) {
  if (options_.commit == GroupOptions::Commit::none) co_return Nothing{};
  std::vector<client::Committed> offsets;
  for (const auto& [partition, offset] : written_) {
    const auto known = committed_.find(partition);
    if (known != committed_.end() && known->second == offset) continue;
    client::Committed& one = offsets.emplace_back();
    one.partition = partition;
    one.offset = offset;
    one.topic_id = ids_[partition.topic];
  }
  if (offsets.empty()) co_return Nothing{};
  auto done = co_await client::Member::commit(member_, std::move(offsets), Clock::now() + within);
  if (!done) co_return done.error();
  Answer<Nothing> outcome = Nothing{};
  std::set<std::string> unknown;
  for (const client::Committed& one : *done) {
    if (one.status)
      committed_[one.partition] = one.offset;
    else if (one.status.error().error == kafka::Error::unknown_topic_id)
      unknown.insert(one.partition.topic);
    else if (outcome)
      outcome = one.status;
  }
  for (const std::string& topic : unknown) {
    const bool found = co_await look_for_topic(topic);
    if (!found && outcome) outcome = client::refused(kafka::Error::unknown_topic_id, {}, topic);
  }
  co_return outcome;
}

// The coordinator does not know the topic that we have read: it was deleted, unless a broker is behind.
Task<bool> GroupReader::look_for_topic(std::string topic) {
  client::Client& client = cluster_.client();
  std::vector<std::string> asked{topic};
  auto metadata = co_await client.refresh(std::move(asked));
  if (!metadata || client.topic_id(topic) == ids_[topic]) co_return false;
  if (client.topic_id(topic) != kafka::Uuid{}) {
    begin_anew(topic);
    co_return true;
  }
  context_.notice("topic " + topic + " was deleted; there is nothing to commit for it");
  forget(topic);
  co_return true;
}

void GroupReader::begin_anew(const std::string& topic) {
  anew_ = true;
  if (!ids_.contains(topic)) return;  // said already
  context_.notice("topic " + topic + " was deleted and created anew; the group begins it anew, too");
  forget(topic);
}

void GroupReader::forget(const std::string& topic) {
  const auto is_of_it = [&](const auto& known) { return known.first.topic == topic; };
  for (Offsets* offsets : {&read_, &written_, &committed_, &ends_}) std::erase_if(*offsets, is_of_it);
  disown(is_of_it);
  ids_.erase(topic);
}

Task<void> GroupReader::commit_if_due() {
  if (Clock::now() - committed_at_ < commit_interval) co_return;
  auto done = co_await commit(cluster_.client().options().timeout);
  committed_at_ = Clock::now();
  if (!done) callbacks_.trouble(done.error());
}

Task<void> GroupReader::rest(client::Time until) {
  waiter_.expires_at(until);
  co_await waiter_.async_wait(core::use_result);
}

Task<Answer<Nothing>> GroupReader::leave() {
  watch_->stop();
  const auto deadline = Clock::now() + patience_at_end;
  Answer<Nothing> done = Nothing{};
  if (!member_->lost()) done = co_await commit(patience_at_end);
  co_await client::Member::leave(member_, deadline);
  co_return done;
}

}  // namespace mq::cli
