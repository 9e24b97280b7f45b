// SPDX-License-Identifier: Apache-2.0
// Groups as they are now: which are meant, how far they have read, and how far that is behind. Tasks live on
// the client's loop; each question of one has the client's `timeout` from when it is asked, and what is taken
// by reference must live until the task has ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "core/admin/missing.h"
#include "core/client/groups.h"

namespace mq::admin {

using client::Answer;
using client::Client;
using client::Nothing;
using client::Task;

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
  std::vector<Missing> missing;
  bool by_pattern = false;

  std::vector<std::string> names() const;
};
// No selectors: every group.
Task<Answer<GroupSelection>> select_groups(Client& client, std::vector<GroupSelector> selectors);
std::vector<GroupSelector> group_selectors(const std::vector<std::string>& words,
                                           bool literal);  // throws UsageError
// `all`: the groups there are.
Missing missing_group(const std::string& name, const std::vector<client::ListedGroup>& all);

Task<Answer<client::DescribedGroup>> describe_group(Client& client, std::string name);

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
  // At this rate; nothing: there is no lag, it is not known how that changes, or it does not become less.
  std::optional<std::int64_t> drains_in_ms() const;
};

// Commits are read before the ends, at once for all groups, so that none is beyond an end by chance.
Task<Answer<std::vector<GroupProgress>>> progress_of(Client& client, std::vector<std::string> groups);
// Reads on to the first record of each partition that lags: how old it is, and whether there is one.
Task<void> add_ages(Client& client, std::vector<GroupProgress>& groups);
// Measures again a while later.
Task<Answer<Nothing>> add_trends(Client& client, std::vector<GroupProgress>& groups,
                                 std::chrono::milliseconds apart);

}  // namespace mq::admin
