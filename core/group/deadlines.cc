// SPDX-License-Identifier: Apache-2.0
#include "core/group/deadlines.h"

namespace mq::core {

GroupDeadlines::GroupDeadlines(asio::io_context& loop, const Clock& clock, Due due)
    : clock_(clock), due_(std::move(due)), alarm_(clock.alarm(loop)) {}

void GroupDeadlines::arm(const GroupPtr& group) {
  if (group->dropped) return;
  const std::optional<Time> at = group->wake_at();
  if (group->armed && at && *group->armed <= *at) return;  // it is looked at early enough
  remove(*group);
  group->armed = at;
  if (!at) return;
  deadlines_.emplace(std::pair(*at, group->number), group);
  set_alarm();
}

void GroupDeadlines::remove(Group& group) {
  if (group.armed) deadlines_.erase({*group.armed, group.number});
  group.armed.reset();
}

void GroupDeadlines::set_alarm() {
  if (deadlines_.empty() || stopped_) return;
  alarm_->ring_by(deadlines_.begin()->first.first, [this] { wake(); });
}

void GroupDeadlines::wake() {
  if (stopped_) return;
  const Now now = now_of(clock_);
  std::vector<GroupPtr> all_due;
  while (!deadlines_.empty() && deadlines_.begin()->first.first <= now.time) {
    all_due.push_back(std::move(deadlines_.begin()->second));
    deadlines_.erase(deadlines_.begin());
    all_due.back()->armed.reset();
  }
  for (const GroupPtr& group : all_due) due_(group, now);
  set_alarm();
}

void GroupDeadlines::stop() {
  stopped_ = true;
  alarm_->cancel();
  deadlines_.clear();
}

}  // namespace mq::core
