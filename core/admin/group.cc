// SPDX-License-Identifier: Apache-2.0
#include "core/admin/group.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/admin/position.h"
#include "core/admin/selector.h"
#include "core/admin/usage_error.h"
#include "core/client/cluster.h"
#include "core/client/consumer.h"
#include "core/client/retry.h"
#include "core/config/scalars.h"

namespace mq::admin {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto age_patience = std::chrono::seconds(3);

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

using Partitions = std::set<core::TopicPartition>;
using Offsets = std::map<core::TopicPartition, client::Offset>;

// Of those that answer.
Task<Answer<Offsets>> offsets_of(Client& client, const Partitions& partitions, client::Milliseconds which,
                                 bool committed = false) {
  std::vector<client::OffsetQuery> queries;
  for (const auto& partition : partitions) queries.push_back({partition, which});
  Offsets found;
  if (queries.empty()) co_return found;
  const auto answers =
      co_await client::list_offsets(client, std::move(queries), client.deadline(), committed);
  if (!answers) co_return answers.error();
  for (const client::OffsetAnswer& answer : *answers)
    if (answer.status) found[answer.partition] = answer.offset;
  co_return found;
}

// Offsets outlive their topics; of those that are gone nothing can be asked.
Task<Answer<Nothing>> keep_what_exists(Client& client, Partitions& partitions) {
  std::set<std::string> names;
  for (const auto& partition : partitions) names.insert(partition.topic);
  if (names.empty()) co_return Nothing{};
  std::optional<std::vector<std::string>> asked;
  asked.emplace(names.begin(), names.end());
  const auto metadata = co_await client::metadata(client, std::move(asked), client.deadline());
  if (!metadata) co_return metadata.error();
  std::map<std::string, std::size_t> counts;
  for (const auto& topic : metadata->topics) counts[topic.name.value_or("")] = topic.partitions.size();
  std::erase_if(partitions, [&](const core::TopicPartition& partition) {
    return static_cast<std::size_t>(partition.partition) >= counts[partition.topic];
  });
  co_return Nothing{};
}

std::optional<client::Offset> offset_in(const Offsets& offsets, const core::TopicPartition& partition) {
  const auto found = offsets.find(partition);
  return found == offsets.end() ? std::optional<client::Offset>{} : found->second;
}

// Fills in where the logs begin and end.
Task<Answer<Nothing>> add_logs(Client& client, std::vector<GroupProgress>& groups) {
  Partitions partitions;
  for (const GroupProgress& group : groups)
    for (const Progress& progress : group.partitions) partitions.insert(progress.partition);
  const auto kept = co_await keep_what_exists(client, partitions);
  if (!kept) co_return kept.error();
  const auto starts = co_await offsets_of(client, partitions, client::earliest);
  if (!starts) co_return starts.error();
  const auto stable = co_await offsets_of(client, partitions, client::latest, true);
  if (!stable) co_return stable.error();
  const auto ends = co_await offsets_of(client, partitions, client::latest);
  if (!ends) co_return ends.error();
  for (GroupProgress& group : groups)
    for (Progress& progress : group.partitions) {
      progress.start = offset_in(*starts, progress.partition);
      progress.stable = offset_in(*stable, progress.partition);
      progress.end = offset_in(*ends, progress.partition);
    }
  co_return Nothing{};
}

// The first record of each, as far as there is one and it comes soon.
Task<void> read_ages(Client& client, std::vector<Progress*> lagging) {
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
  const std::int64_t now = now_ms();
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
  return glob_ ? matches_glob(text_, group) : group == text_;
}

std::vector<std::string> GroupSelection::names() const {
  std::vector<std::string> all;
  for (const client::ListedGroup& group : groups) all.push_back(group.name);
  return all;
}

std::vector<GroupSelector> group_selectors(const std::vector<std::string>& words, bool literal) {
  std::vector<GroupSelector> selectors;
  for (const std::string& word : words) selectors.emplace_back(word, literal);
  return selectors;
}

Missing missing_group(const std::string& name, const std::vector<client::ListedGroup>& all) {
  std::vector<std::string_view> names;
  for (const client::ListedGroup& group : all) names.push_back(group.name);
  return {.what = Missing::What::group, .name = name, .near = std::string(core::closest(name, names))};
}

Task<Answer<GroupSelection>> select_groups(Client& client, std::vector<GroupSelector> selectors) {
  const auto all = co_await client::list_groups(client, client.deadline());
  if (!all) co_return all.error();
  GroupSelection selection;
  for (const client::ListedGroup& group : *all) {
    const auto meant = [&](const GroupSelector& selector) { return selector.matches(group.name); };
    if (selectors.empty() || std::ranges::any_of(selectors, meant)) selection.groups.push_back(group);
  }
  for (const GroupSelector& selector : selectors) {
    selection.by_pattern |= selector.is_pattern();
    const auto found = [&](const auto& group) { return selector.matches(group.name); };
    if (std::ranges::any_of(*all, found)) continue;
    Missing missing = missing_group(selector.text(), *all);
    if (selector.is_pattern()) missing.what = Missing::What::groups;
    selection.missing.push_back(std::move(missing));
  }
  co_return selection;
}

Task<Answer<client::DescribedGroup>> describe_group(Client& client, std::string name) {
  std::vector<std::string> names{std::move(name)};
  auto groups = co_await client::describe_groups(client, std::move(names), client.deadline());
  if (!groups) co_return groups.error();
  client::DescribedGroup& group = groups->at(0);
  if (!group.status) co_return group.status.error();
  co_return std::move(group);
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

std::optional<std::int64_t> GroupProgress::drains_in_ms() const {
  const std::int64_t left = lag().value_or(0);
  if (!lag_per_s || left == 0 || *lag_per_s >= -0.5) return std::nullopt;
  return static_cast<std::int64_t>(static_cast<double>(left) / -*lag_per_s * 1000);
}

Task<Answer<std::vector<GroupProgress>>> progress_of(Client& client, std::vector<std::string> groups) {
  auto described = co_await client::describe_groups(client, std::move(groups), client.deadline());
  if (!described) co_return described.error();
  std::vector<GroupProgress> all;
  for (client::DescribedGroup& group : *described) {
    GroupProgress& one = all.emplace_back();
    one.group = std::move(group);
    const auto offsets =
        co_await client::fetch_offsets(client, one.group.name, std::nullopt, false, client.deadline());
    if (!offsets) co_return offsets.error();
    one.partitions = partitions_of(one.group, *offsets);
  }
  const auto added = co_await add_logs(client, all);
  if (!added) co_return added.error();
  co_return all;
}

Task<void> add_ages(Client& client, std::vector<GroupProgress>& groups) {
  for (GroupProgress& group : groups) {
    std::vector<Progress*> lagging;
    for (Progress& progress : group.partitions)
      if (progress.lag().value_or(0) > 0) lagging.push_back(&progress);
    if (!lagging.empty()) co_await read_ages(client, std::move(lagging));
    for (Progress& progress : group.partitions)
      if (progress.lag() == 0) progress.behind_ms = 0;
  }
}

Task<Answer<Nothing>> add_trends(Client& client, std::vector<GroupProgress>& groups,
                                 std::chrono::milliseconds apart) {
  std::vector<std::string> names;
  for (const GroupProgress& group : groups) names.push_back(group.group.name);
  std::map<std::string, std::int64_t> before;
  for (const GroupProgress& group : groups)
    if (const auto lag = group.lag()) before[group.group.name] = *lag;
  const auto since = Clock::now();
  client::Timer timer(client.loop().get_executor(), since + apart);
  co_await timer.async_wait(core::use_result);
  auto now = co_await progress_of(client, std::move(names));
  if (!now) co_return now.error();
  groups = std::move(*now);
  const double seconds = std::max(std::chrono::duration<double>(Clock::now() - since).count(), 1e-3);
  for (GroupProgress& group : groups) {
    const auto known = before.find(group.group.name);
    const auto lag = group.lag();
    if (known != before.end() && lag) group.lag_per_s = static_cast<double>(*lag - known->second) / seconds;
  }
  co_return Nothing{};
}

}  // namespace mq::admin
