// SPDX-License-Identifier: Apache-2.0
// One run of a command that reads records: from the topics to stdout, until it has what it was asked for, the
// reader has enough, or a signal comes. The common part of `mq consume` and `mq tail`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/frame/trouble.h"
#include "cli/records/group_reader.h"
#include "cli/records/merge.h"
#include "cli/records/printer.h"
#include "cli/records/read_range.h"
#include "cli/records/standstill.h"
#include "cli/records/stop.h"
#include "core/admin/filter.h"

namespace mq::cli {

struct ConsumeOptions {
  client::Options client;
  client::ConsumerOptions consumer;
  std::vector<admin::Selector> topics;
  admin::ReadRange range;
  std::optional<GroupOptions> group;
  std::optional<admin::ReadPlan> plan;  // in place of topics and range
  admin::Filter filter;                 // which records are shown; the others are read
  PrinterOptions printer;
  std::uint64_t count = 0;  // of those shown; 0: no limit
  std::optional<client::Duration> idle, max_time, stats;
  client::Duration refresh = std::chrono::seconds(5);  // how often what was added is looked for
  bool ordered = false, each_record = false;
  std::size_t buffer_bytes = 64 << 10;
  double rate_max = 0;  // records a second that are shown; 0: all
  bool summary = false;

  // The flags of print_flags(), and those that every command has.
  static ConsumeOptions from(Context& context, const Arguments& arguments);
};

// Flags that consume and tail have in common: what to print, how to fetch.
std::vector<Flag> print_flags(std::string_view output_default);
Flag refresh_flag();
client::Duration refresh_of(const Arguments& arguments);

class Consumption {
 public:
  Consumption(Context& context, ConsumeOptions options);
  ~Consumption();
  Exit run();

 private:
  using Time = client::Time;
  static constexpr auto tick = std::chrono::milliseconds(500);

  Output::Options output_options();
  bool waits_for(const admin::Missing& missing);
  client::Task<Exit> consume();
  client::Task<bool> read_newest();
  client::Task<bool> read_on();
  void watch_topics();
  client::Task<bool> add(TopicWatch::Partitions meant);
  client::Task<bool> read_some();
  client::Task<bool> show(client::Fetched fetched);
  client::Task<bool> emit_merged();
  client::Task<void> wait_for_room();
  client::Task<void> meanwhile();
  std::shared_ptr<client::Consumer> consumer_for(const std::vector<client::Assignment>& assignments);
  bool show_one(const client::Fetched& fetched, const client::FetchedRecords& records,
                const kafka::Record& record);
  bool is_wanted(const admin::FoundRecord& found);
  void count(const kafka::Record& record);
  void reached(std::size_t which, client::Offset next);
  bool merge(const client::Fetched& fetched);
  void put(const Held& held);
  void flush();
  bool may_show();
  void say_hidden();
  admin::FoundRecord found(const client::Fetched& fetched, const client::FetchedRecords& records,
                           const kafka::Record& record);
  const kafka::Record* next_record(const client::Fetched& fetched, client::FetchedRecords& records);
  std::string way_behind(const core::TopicPartition& partition, client::Offset offset) const;
  void say_unreadable(std::size_t which, client::Offset at, const client::Failure& why);
  void look_for_transactions();
  client::Task<void> say_standstill(Standstill standstill);
  bool ended() const { return failure_ || !out_.ok() || Stop::signalled() || reached_count(); }
  bool reached_count() const { return options_.count > 0 && out_.records() >= options_.count; }
  bool interrupted() const { return ended() || is_late() || (group_ && group_->changed()); }
  bool is_late() const;
  Time wake_at() const;
  void look_around();
  void say_stats();
  void say_summary() const;
  std::int64_t left_to_end() const;
  Exit finish();

  // As a member of a group (consumption_group.cc).
  client::Task<void> read_as_member();
  client::Task<bool> take_part();
  client::Task<bool> take_share();
  client::Task<bool> wait_for_share();
  client::Task<void> drop_what_was_taken_away();
  client::Task<void> commit_record();
  client::Task<void> leave_group();

  Context& context_;
  ConsumeOptions options_;
  client::Cluster cluster_;
  Stop stop_;
  Trouble trouble_;
  Output out_;
  Printer printer_;
  std::shared_ptr<client::Consumer> consumer_;
  std::shared_ptr<TopicWatch> watch_;
  std::optional<GroupReader> group_;
  std::vector<admin::TopicState> topics_;  // for the group
  admin::ReadPlan plan_;
  std::optional<Merge> merge_;
  std::optional<Newest> newest_;
  std::string text_;
  admin::Record record_;  // as the filter sees it
  std::optional<Failure> failure_;
  std::vector<client::Offset> reached_;  // next offset of each partition
  std::vector<Output::Source> sources_;  // of each, in a group

  Time started_, last_record_, last_flush_, last_stats_;
  std::uint64_t scanned_ = 0, matched_ = 0, bytes_ = 0, stats_records_ = 0, stats_bytes_ = 0, hidden_ = 0;
  double allowance_ = 0;
  Time allowance_at_;
  bool waiting_said_ = false;
  bool is_partial_ = false;  // a partition was given up
  Time looked_for_transactions_{};
  std::map<core::TopicPartition, client::Offset> said_to_stand_;  // behind that offset
  bool has_enough_ = false;                                       // and only has to write it, in a group
};

}  // namespace mq::cli
