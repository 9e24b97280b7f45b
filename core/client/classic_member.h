// SPDX-License-Identifier: Apache-2.0
// A member of a group of the classic protocol: joins, deals out when it leads, syncs, sends heartbeats.
#pragma once

#include "core/client/classic_membership.h"
#include "core/client/member.h"

namespace mq::client {

class ClassicMember : public Member {
 public:
  ClassicMember(asio::io_context& loop, Options client, MemberOptions options);

 private:
  const Membership& membership() const override { return membership_; }
  Membership& membership() override { return membership_; }
  Task<void> step() override;
  Task<void> say_goodbye(Time deadline) override;

  Task<void> join();
  Task<void> deal();
  Task<void> sync();
  Task<void> beat();
  Duration patience() const;

  ClassicMembership membership_;
};

}  // namespace mq::client
