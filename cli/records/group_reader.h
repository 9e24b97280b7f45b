// SPDX-License-Identifier: Apache-2.0
// A reader's part in a consumer group: which partitions are ours and where to go on, what of them has been
// read, what stdout has taken of that, and what of that the group knows. Lives on the loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/frame/output.h"
#include "cli/records/read_range.h"
#include "cli/topic/topic_watch.h"
#include "core/client/member.h"

namespace mq::cli {

struct GroupOptions {
  enum class Commit { written, each, none };

  std::string group;
  std::optional<std::string> static_id;
  std::optional<client::GroupProtocol> protocol;  // nothing: the newer one where the broker knows it
  const client::Assignor* assignor = nullptr;     // of the classic protocol
  std::optional<std::string> server_assignor;     // of the other one; nothing: as the broker likes
  Commit commit = Commit::written;

  // The flags of group_flags(); nothing without --group.
  static std::optional<GroupOptions> from(const Arguments& arguments);
};
std::vector<Flag> group_flags();

class GroupReader {
 public:
  struct Callbacks {
    std::function<void()> changed;  // there is another share, or it failed()
    std::function<void(const client::Failure&)> trouble;
  };
  // `refresh`: how often topics and partitions are looked for that were not there before.
  GroupReader(Context& context, client::Cluster& cluster, GroupOptions options,
              std::vector<admin::Selector> topics, admin::ReadRange range, bool committed_only,
              client::Duration refresh);
  ~GroupReader();

  // No topics: joins when there is one.
  client::Task<void> start(const std::vector<admin::TopicState>& topics, Callbacks callbacks);
  bool changed() const { return anew_ || member_->round() != round_; }
  bool failed() const { return member_->failure().has_value(); }
  Failure failure() const;  // and what to do about it
  bool commits_each() const { return options_.commit == GroupOptions::Commit::each; }

  // Hands back what was taken away, when what stdout has of it is committed; then what to read now. No
  // assignments: nothing, for the time being.
  client::Task<client::Answer<admin::ReadPlan>> next_share();
  bool expects_more() const;  // it has nothing, but that may still change soon

  // The topic is another one than we have read: what we know of it does not count, and there is another
  // share.
  void begin_anew(const std::string& topic);

  // The number that output is marked with, of a partition of our share.
  Output::Source source(const core::TopicPartition& partition);
  bool is_taken_away(Output::Source source) const;  // what stdout has not taken is somebody else's now
  void read(const admin::ReadPlan& plan, const std::vector<client::Offset>& reached);  // and goes to stdout
  void written(Output::Source source, client::Offset next);                            // and was taken by it
  client::Task<client::Answer<client::Nothing>> commit(client::Duration within);
  client::Task<void> commit_if_due();  // at most once a second; trouble is told, and tried again
  client::Task<void> rest(client::Time until);
  void wake() { waiter_.cancel(); }

  // Commits and leaves; 3 s at most.
  client::Task<client::Answer<client::Nothing>> leave();

 private:
  using Offsets = std::map<core::TopicPartition, client::Offset>;
  client::Task<client::Answer<Offsets>> stored(const std::vector<core::TopicPartition>& partitions);
  void say_what_from_means(const Offsets& stored, std::size_t asked);
  client::Task<bool> look_for_topic(std::string topic);
  void forget(const std::string& topic);
  using SourceOf = std::pair<const core::TopicPartition, Output::Source>;
  void disown(const std::function<bool(const SourceOf&)>& which);
  client::Task<bool> subscribe(TopicWatch::Partitions partitions);
  client::Offset begin_of(const client::Assignment& planned, const admin::Ends& ends) const;

  Context& context_;
  client::Cluster& cluster_;
  GroupOptions options_;
  std::vector<admin::Selector> topics_;
  admin::ReadRange range_;
  bool committed_only_;
  Callbacks callbacks_;
  std::shared_ptr<client::Member> member_;
  std::uint64_t round_ = 0;
  bool anew_ = false;
  std::map<std::string, kafka::Uuid> ids_;  // of our share's topics, as we read them
  Offsets read_, written_, committed_;      // of our share: where we are, stdout is, the group thinks we are
  std::map<core::TopicPartition, Output::Source> sources_;
  std::vector<std::optional<core::TopicPartition>> partitions_;  // by source; nothing: not ours any more
  Offsets ends_;  // with -e: where each partition ended when we saw it first
  client::Time share_since_, committed_at_;
  client::Duration refresh_;
  std::shared_ptr<TopicWatch> watch_;
  TopicWatch::Partitions first_;  // those that were there when we came
  bool joins_ = false;
  bool from_said_ = false;
  client::Timer waiter_;
};

}  // namespace mq::cli
