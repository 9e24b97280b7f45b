// SPDX-License-Identifier: Apache-2.0
// When each group is to be looked at next. Lives on the loop; its one alarm is set only while some group has
// a deadline.
#pragma once

#include <functional>
#include <map>

#include "core/group/group.h"

namespace mq::core {

class GroupDeadlines {
 public:
  using Due = std::function<void(const GroupPtr& group, Now now)>;
  GroupDeadlines(asio::io_context& loop, const Clock& clock, Due due);

  // By Group::wake_at, at the latest. A place that is early enough stays: whoever moves a deadline away does
  // not pay for it, and the group is looked at once for nothing. Nothing for one that was dropped.
  void arm(const GroupPtr& group);
  void remove(Group& group);
  // What the alarm does: `due` for each group whose time has come. Tests that move the clock do it
  // themselves.
  void wake();
  void stop();

 private:
  void set_alarm();

  const Clock& clock_;
  const Due due_;
  std::map<std::pair<Time, std::uint64_t>, GroupPtr> deadlines_;  // and the group's number
  bool stopped_ = false;
  const std::unique_ptr<Alarm> alarm_;
};

}  // namespace mq::core
