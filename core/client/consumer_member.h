// SPDX-License-Identifier: Apache-2.0
// A member of a group of the newer protocol (KIP-848): sends heartbeats, and learns what the topics it is
// given are called.
#pragma once

#include "core/client/consumer_membership.h"
#include "core/client/member.h"

namespace mq::client {

class ConsumerMember : public Member {
 public:
  ConsumerMember(asio::io_context& loop, Options client, MemberOptions options);

 private:
  const Membership& membership() const override { return membership_; }
  Membership& membership() override { return membership_; }
  Task<void> step() override;
  Task<void> say_goodbye(Time deadline) override;

  Task<void> beat();
  Task<void> learn();

  ConsumerMembership membership_;
};

}  // namespace mq::client
