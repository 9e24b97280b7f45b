// SPDX-License-Identifier: Apache-2.0
// What the group commands share: which groups are meant, how far they have read, and how far that is behind.
#pragma once

#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "cli/topic/topic.h"
#include "core/client/groups.h"

namespace mq::cli {

// Which groups are meant. Their names may hold any character: with `literal` nothing is a pattern.
class GroupSelector {
 public:
  GroupSelector(std::string_view text, bool literal);  // throws UsageError

  const std::string& text() const { return text_; }
  bool is_pattern() const { return glob_ || regex_; }
  bool matches(std::string_view group) const;

 private:
  std::string text_;
  bool glob_ = false;
  std::optional<std::regex> regex_;
};

struct GroupSelection {
  std::vector<client::ListedGroup> groups;
  std::vector<Failure> missing;
  bool by_pattern = false;

  std::vector<std::string> names() const;
};
// No words: every group.
GroupSelection select_groups(client::Cluster& cluster, const std::vector<std::string>& words, bool literal);
Failure missing_group(const std::string& name, const std::vector<client::ListedGroup>& all);

client::DescribedGroup describe_group(client::Cluster& cluster, const std::string& name);
client::Time deadline(client::Cluster& cluster);

// Where a group is in one partition.
struct Progress {
  core::TopicPartition partition;
  std::optional<client::Offset> committed, start, stable, end;  // nothing: none, or not known
  std::optional<client::Offset> next_record;  // that a reader of committed records gets, or the stable offset
  std::optional<std::int64_t> behind_ms;      // age of the oldest record that was not consumed
  std::string member;                         // who reads it; empty: nobody

  std::optional<client::Offset> at() const;  // the next record: where it is committed, else the log's start
  // Offsets from the next record to the end. Below nothing: what is committed lies beyond the end.
  std::optional<std::int64_t> lag() const;
};

struct GroupProgress {
  client::DescribedGroup group;
  std::vector<Progress> partitions;  // by name: what is committed or being read
  std::optional<double> lag_per_s;   // how the lag changes

  std::optional<std::int64_t> lag() const;        // what lies beyond an end makes up for nothing
  std::optional<std::int64_t> behind_ms() const;  // the longest
  bool is_beyond() const;                         // an end
  std::size_t topics() const;
};

// Commits are read before the ends, at once for all groups, so that none is beyond an end by chance.
std::vector<GroupProgress> progress_of(client::Cluster& cluster, const std::vector<std::string>& groups);
// Reads on to the first record of each partition that lags: how old it is, and whether there is one.
void add_ages(client::Cluster& cluster, std::vector<GroupProgress>& groups);
// A commit beyond the end: records were lost, or the topic is not the one that was read.
void say_what_is_beyond(const Context& context, const std::vector<GroupProgress>& groups);
// Measures again a while later.
void add_trends(client::Cluster& cluster, std::vector<GroupProgress>& groups,
                std::chrono::milliseconds apart);
Flag trend_flag();
void add_what_is_asked(client::Cluster& cluster, std::vector<GroupProgress>& groups,
                       const Arguments& arguments);

std::string human_trend(double lag_per_s);       // "↘ -310/s"
std::string drains_in(const GroupProgress& of);  // "drains in about 40 s", "never at this rate"

// The members that keep a group from being changed, one a line; and the failure that says so.
Failure has_members(const client::DescribedGroup& group, std::string_view what);

}  // namespace mq::cli
