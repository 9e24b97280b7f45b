// SPDX-License-Identifier: Apache-2.0
#include "cli/group/group.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <thread>

#include "core/admin/partition_names.h"
#include "core/admin/position.h"
#include "core/client/consumer.h"
#include "core/config/scalars.h"

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto age_patience = std::chrono::seconds(3);
constexpr std::size_t members_listed = 10;

// Every partition that anybody of the group is at, with what is committed.
std::vector<Progress> partitions_of(const client::DescribedGroup& group,
                                    const std::vector<client::Committed>& offsets) {
  std::map<core::TopicPartition, Progress> found;
  for (const client::Committed& offset : offsets)
    if (offset.offset >= 0) found[offset.partition].committed = offset.offset;
  for (const client::GroupMember& member : group.members)
    for (const core::TopicPartition& partition : member.assigned)
      found[partition].member = member.instance.value_or(member.id);
  std::vector<Progress> all;
  for (auto& [partition, progress] : found) {
    progress.partition = partition;
    all.push_back(std::move(progress));
  }
  return all;
}

using Offsets = std::map<core::TopicPartition, client::Offset>;

Offsets offsets_of(client::Cluster& cluster, const std::set<core::TopicPartition>& partitions,
                   client::Milliseconds which, bool committed = false) {
  std::vector<client::OffsetQuery> queries;
  for (const auto& partition : partitions) queries.push_back({partition, which});
  Offsets found;
  if (queries.empty()) return found;
  for (const auto& answer : must(cluster.run(
           client::list_offsets(cluster.client(), std::move(queries), deadline(cluster), committed))))
    if (answer.status) found[answer.partition] = answer.offset;
  return found;
}

// Offsets outlive their topics; of those that are gone nothing can be asked.
void keep_what_exists(client::Cluster& cluster, std::set<core::TopicPartition>& partitions) {
  std::set<std::string> names;
  for (const auto& partition : partitions) names.insert(partition.topic);
  if (names.empty()) return;
  const auto metadata = must(cluster.metadata(std::vector<std::string>(names.begin(), names.end())));
  std::map<std::string, std::size_t> counts;
  for (const auto& topic : metadata.topics) counts[topic.name.value_or("")] = topic.partitions.size();
  std::erase_if(partitions, [&](const core::TopicPartition& partition) {
    return static_cast<std::size_t>(partition.partition) >= counts[partition.topic];
  });
}

std::optional<client::Offset> offset_in(const Offsets& offsets, const core::TopicPartition& partition) {
  const auto found = offsets.find(partition);
  return found == offsets.end() ? std::optional<client::Offset>{} : found->second;
}

// The first record of each, as far as there is one and it comes soon.
client::Task<client::Answer<client::Nothing>> read_ages(client::Client& client,
                                                        std::vector<Progress*> lagging) {
  std::vector<client::Assignment> wanted;
  for (const Progress* progress : lagging) {
    client::Assignment& one = wanted.emplace_back();
    one.partition = progress->partition;
    one.from = *progress->at();
    one.until = std::max(one.from, progress->stable.value_or(*progress->end));
  }
  client::ConsumerOptions options;
  options.wait = std::chrono::milliseconds(1);
  options.partition_bytes_max = 64 << 10;
  auto consumer = client::Consumer::create(client, std::move(options), std::move(wanted));
  const auto is_found = [](const Progress* progress) { return progress->next_record.has_value(); };
  const auto until = Clock::now() + age_patience;
  const std::int64_t now = admin::now_ms();
  while (!std::ranges::all_of(lagging, is_found) && !consumer->done() && Clock::now() < until) {
    auto next = co_await client::Consumer::next(consumer, until);
    if (!next || !*next) break;
    Progress& progress = *lagging[(*next)->which];
    client::FetchedRecords records(**next);
    const kafka::Record* record = progress.next_record ? nullptr : records.next();
    if (!record) continue;
    progress.behind_ms = std::max<std::int64_t>(0, now - record->timestamp);
    progress.next_record = record->offset;
    consumer->pause((*next)->which, true);
  }
  for (std::size_t i = 0; i < lagging.size(); i++)
    if (!lagging[i]->next_record && consumer->delivered(i)) lagging[i]->next_record = lagging[i]->stable;
  consumer->stop();
  co_return client::Nothing{};
}

}  // namespace

// ---- which ----

GroupSelector::GroupSelector(std::string_view text, bool literal) : text_(text) {
  if (text.empty()) throw UsageError("a group's name cannot be empty");
  if (literal) return;
  glob_ = text.find_first_of("*?[") != text.npos;
  if (text.size() < 2 || text.front() != '/' || text.back() != '/') return;
  glob_ = false;
  try {
    regex_.emplace(text_.substr(1, text_.size() - 2), std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error&) {
    throw UsageError(in_quotes(text_) + " is no regular expression", "a name that looks like one: --literal");
  }
}

bool GroupSelector::matches(std::string_view group) const {
  if (regex_) return std::regex_search(group.begin(), group.end(), *regex_);
  return glob_ ? admin::matches_glob(text_, group) : group == text_;
}

std::vector<std::string> GroupSelection::names() const {
  std::vector<std::string> all;
  for (const client::ListedGroup& group : groups) all.push_back(group.name);
  return all;
}

Failure missing_group(const std::string& name, const std::vector<client::ListedGroup>& all) {
  std::vector<std::string_view> names;
  for (const client::ListedGroup& group : all) names.push_back(group.name);
  const std::string_view near = core::closest(name, names);
  return {.exit = Exit::not_found,
          .message = "group " + in_quotes(name) + " does not exist",
          .kafka = "GROUP_ID_NOT_FOUND",
          .target = name,
          .hint = near.empty() ? "list groups with: mq group list"
                               : "did you mean " + in_quotes(near) + "?  List groups with: mq group list"};
}

GroupSelection select_groups(client::Cluster& cluster, const std::vector<std::string>& words, bool literal) {
  std::vector<GroupSelector> selectors;
  for (const std::string& word : words) selectors.emplace_back(word, literal);
  const auto all = must(cluster.run(client::list_groups(cluster.client(), deadline(cluster))), "group");
  GroupSelection selection;
  for (const client::ListedGroup& group : all) {
    const auto meant = [&](const GroupSelector& selector) { return selector.matches(group.name); };
    if (selectors.empty() || std::ranges::any_of(selectors, meant)) selection.groups.push_back(group);
  }
  for (const GroupSelector& selector : selectors) {
    selection.by_pattern |= selector.is_pattern();
    const auto found = [&](const auto& group) { return selector.matches(group.name); };
    if (std::ranges::any_of(all, found)) continue;
    Failure missing = missing_group(selector.text(), all);
    if (selector.is_pattern()) missing.message = "no group matches " + in_quotes(selector.text());
    selection.missing.push_back(std::move(missing));
  }
  return selection;
}

client::Time deadline(client::Cluster& cluster) {
  return Clock::now() + cluster.client().options().timeout;
}

client::DescribedGroup describe_group(client::Cluster& cluster, const std::string& name) {
  auto groups =
      must(cluster.run(client::describe_groups(cluster.client(), {name}, deadline(cluster))), "group");
  if (!groups.at(0).status) throw FailureError(failure_from(groups[0].status.error(), "group"));
  return std::move(groups[0]);
}

// ---- how far ----

std::optional<client::Offset> Progress::at() const {
  if (!committed) return start;
  return start ? std::max(*committed, *start) : *committed;
}

std::optional<std::int64_t> Progress::lag() const {
  const auto next = at();
  if (!next || !end) return std::nullopt;
  return *end - std::max(*next, next_record.value_or(*next));
}

std::optional<std::int64_t> GroupProgress::lag() const {
  std::optional<std::int64_t> sum;
  for (const Progress& progress : partitions)
    if (const auto lag = progress.lag()) sum = sum.value_or(0) + std::max<std::int64_t>(0, *lag);
  return sum;
}

bool GroupProgress::is_beyond() const {
  return std::ranges::any_of(partitions,
                             [](const Progress& progress) { return progress.lag().value_or(0) < 0; });
}

std::optional<std::int64_t> GroupProgress::behind_ms() const {
  std::optional<std::int64_t> most;
  for (const Progress& progress : partitions)
    if (progress.behind_ms) most = std::max(most.value_or(0), *progress.behind_ms);
  return most;
}

std::size_t GroupProgress::topics() const {
  std::set<std::string_view> names;
  for (const Progress& progress : partitions) names.insert(progress.partition.topic);
  return names.size();
}

std::vector<GroupProgress> progress_of(client::Cluster& cluster, const std::vector<std::string>& groups) {
  client::Client& client = cluster.client();
  auto described = must(cluster.run(client::describe_groups(client, groups, deadline(cluster))), "group");
  std::vector<GroupProgress> all;
  std::set<core::TopicPartition> partitions;
  for (client::DescribedGroup& group : described) {
    GroupProgress& one = all.emplace_back();
    one.group = std::move(group);
    auto offsets = must(
        cluster.run(client::fetch_offsets(client, one.group.name, std::nullopt, false, deadline(cluster))),
        "group");
    one.partitions = partitions_of(one.group, offsets);
    for (const Progress& progress : one.partitions) partitions.insert(progress.partition);
  }
  keep_what_exists(cluster, partitions);
  const Offsets starts = offsets_of(cluster, partitions, client::earliest);
  const Offsets stable = offsets_of(cluster, partitions, client::latest, true);
  const Offsets ends = offsets_of(cluster, partitions, client::latest);
  for (GroupProgress& group : all)
    for (Progress& progress : group.partitions) {
      progress.start = offset_in(starts, progress.partition);
      progress.stable = offset_in(stable, progress.partition);
      progress.end = offset_in(ends, progress.partition);
    }
  return all;
}

void add_ages(client::Cluster& cluster, std::vector<GroupProgress>& groups) {
  for (GroupProgress& group : groups) {
    std::vector<Progress*> lagging;
    for (Progress& progress : group.partitions)
      if (progress.lag().value_or(0) > 0) lagging.push_back(&progress);
    if (!lagging.empty()) must(cluster.run(read_ages(cluster.client(), std::move(lagging))), "group");
    for (Progress& progress : group.partitions)
      if (progress.lag() == 0) progress.behind_ms = 0;
  }
}

void say_what_is_beyond(const Context& context, const std::vector<GroupProgress>& groups) {
  for (const GroupProgress& group : groups)
    for (const Progress& progress : group.partitions)
      if (progress.lag().value_or(0) < 0)
        context.notice(admin::name_of(progress.partition) + ": group " + group.group.name +
                       " has committed " + std::to_string(*progress.committed) + ", beyond the end at " +
                       std::to_string(*progress.end) + "; to move it: mq group seek " + group.group.name);
}

void add_trends(client::Cluster& cluster, std::vector<GroupProgress>& groups,
                std::chrono::milliseconds apart) {
  std::vector<std::string> names;
  for (const GroupProgress& group : groups) names.push_back(group.group.name);
  std::map<std::string, std::int64_t> before;
  for (const GroupProgress& group : groups)
    if (const auto lag = group.lag()) before[group.group.name] = *lag;
  const auto since = Clock::now();
  std::this_thread::sleep_for(apart);
  groups = progress_of(cluster, names);
  const double seconds = std::max(std::chrono::duration<double>(Clock::now() - since).count(), 1e-3);
  for (GroupProgress& group : groups) {
    const auto known = before.find(group.group.name);
    const auto lag = group.lag();
    if (known != before.end() && lag) group.lag_per_s = static_cast<double>(*lag - known->second) / seconds;
  }
}

Flag trend_flag() {
  return {.name = "trend",
          .kind = Kind::duration,
          .value = "DUR",
          .initial = "2s",
          .help = "measure twice, so long apart, and say where the lag is going",
          .optional = true};
}

void add_what_is_asked(client::Cluster& cluster, std::vector<GroupProgress>& groups,
                       const Arguments& arguments) {
  if (arguments.given("trend")) {
    const auto apart = std::clamp<std::chrono::milliseconds>(
        arguments.duration("trend"), std::chrono::milliseconds(10), std::chrono::minutes(10));
    add_trends(cluster, groups, apart);
  }
  add_ages(cluster, groups);
}

// ---- for people ----

std::string human_trend(double lag_per_s) {
  char text[48];
  const std::string_view arrow = lag_per_s <= -0.5 ? "↘" : lag_per_s >= 0.5 ? "↗" : "→";
  std::snprintf(text, sizeof text, "%s %+.0f/s", std::string(arrow).c_str(), std::round(lag_per_s) + 0.0);
  return text;
}

std::string drains_in(const GroupProgress& of) {
  const std::int64_t lag = of.lag().value_or(0);
  if (!of.lag_per_s || lag == 0) return "";
  if (*of.lag_per_s >= -0.5) return "never at this rate";
  return "drains in about " +
         human_ms(static_cast<std::int64_t>(static_cast<double>(lag) / -*of.lag_per_s * 1000));
}

Failure has_members(const client::DescribedGroup& group, std::string_view what) {
  Failure failure{.exit = Exit::conflict,
                  .message = "group " + in_quotes(group.name) + " has " +
                             counted(static_cast<std::int64_t>(group.members.size()), "active member") +
                             "; Kafka only allows " + std::string(what) + " an empty group",
                  .kafka = "NON_EMPTY_GROUP",
                  .target = group.name};
  for (const client::GroupMember& member : group.members) {
    if (failure.details.size() == members_listed) {
      failure.details.push_back("…");
      break;
    }
    failure.details.push_back(member.instance.value_or(member.id) + "  " + member.host + "  " +
                              (member.assigned.empty() ? "nothing" : admin::spans(member.assigned)));
  }
  return failure;
}

}  // namespace mq::cli
