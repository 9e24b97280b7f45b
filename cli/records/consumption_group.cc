// SPDX-License-Identifier: Apache-2.0
// Reading as a member of a group: whatever stdout does, the member keeps in touch, commits what stdout has
// taken, and hands back what is taken away.
#include "cli/records/consumption.h"

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto patience_for_cut_record = std::chrono::seconds(3);

}  // namespace

client::Task<void> Consumption::read_as_member() {
  GroupReader::Callbacks callbacks;
  callbacks.changed = [this] {
    if (consumer_) consumer_->stop();
    out_.wake();
  };
  callbacks.trouble = [this](const client::Failure& failure) {
    trouble_.happened(failure, consumer_ ? consumer_->last_answer() : started_);
  };
  co_await group_->start(topics_, std::move(callbacks));
  for (bool going_on = true; going_on && out_.ok() && !Stop::signalled() && !failure_;) {
    going_on = co_await take_part();
    co_await meanwhile();
  }
  if (group_->failed() && !failure_) failure_ = group_->failure();
}

// One step. False: everything is read and written, or the member has failed. While stdout has not taken what
// was read the member stays one.
client::Task<bool> Consumption::take_part() {
  if (group_->failed()) co_return false;
  if (group_->changed()) {
    has_enough_ = false;
    co_return co_await take_share();
  }
  if (has_enough_ || reached_count()) {
    if (out_.flush() && !out_.empty()) co_await out_.room(Clock::now() + tick);
    co_return out_.ok() && !out_.empty();
  }
  if (!consumer_) {
    has_enough_ = !co_await wait_for_share();
  } else if (consumer_->done()) {
    has_enough_ = true;
  } else {
    const bool going_on = co_await read_some();
    has_enough_ = !going_on && !reached_count();
  }
  co_return true;
}

// Another share means another consumer: the old one is stopped, wherever it waits.
client::Task<bool> Consumption::take_share() {
  if (consumer_) consumer_->stop();
  consumer_.reset();
  group_->read(plan_, reached_);
  co_await drop_what_was_taken_away();
  if (!out_.ok()) co_return false;
  auto share = co_await group_->next_share();
  if (!share) {
    failure_ = failure_from(share.error());
    co_return false;
  }
  plan_ = std::move(*share);
  reached_.clear();
  if (!plan_.assignments.empty()) consumer_ = consumer_for(plan_.assignments);
  co_return true;
}

// Who gets a partition now begins behind what stdout has taken. A record that lies half in a pipe can neither
// be taken back nor be committed: it has a moment to get there.
client::Task<void> Consumption::drop_what_was_taken_away() {
  const auto is_taken_away = [this](Output::Source source) { return group_->is_taken_away(source); };
  out_.drop(is_taken_away);
  const Time until = Clock::now() + patience_for_cut_record;
  while (out_.cut() && is_taken_away(*out_.cut()) && !Stop::signalled() && Clock::now() < until)
    co_await out_.room(until);
  out_.drop(is_taken_away);
}

client::Task<bool> Consumption::wait_for_share() {
  if (options_.range.at_end && plan_.assignments.empty() && !group_->expects_more()) co_return false;
  co_await group_->rest(wake_at());
  if (options_.idle && Clock::now() - last_record_ >= *options_.idle) co_return false;
  if (is_late()) co_return false;
  look_around();
  co_return true;
}

client::Task<void> Consumption::commit_record() {
  while (out_.flush() && !out_.empty() && !group_->changed() && !Stop::signalled())
    co_await out_.room(Clock::now() + tick);
  if (!out_.ok() || !out_.empty()) co_return;
  auto committed = co_await group_->commit(cluster_.client().options().timeout);
  if (!committed) trouble_.happened(committed.error(), last_record_);
}

client::Task<void> Consumption::leave_group() {
  if (consumer_) consumer_->stop();
  co_await out_.drained();
  auto left = co_await group_->leave();
  if (!left && !failure_) {
    failure_ = failure_from(left.error(), "group");
    failure_->hint = "what was written since the last commit will be read again";
  }
}

}  // namespace mq::cli
