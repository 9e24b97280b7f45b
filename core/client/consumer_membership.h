// SPDX-License-Identifier: Apache-2.0
// One member of a consumer group, as the newer protocol sees it (KIP-848): when a heartbeat is due and what
// is in it, what the broker's answers give and take, and what every error means. Pure: no I/O, and time is
// given. Who acts on it is ConsumerMember (consumer_member.h).
//
// The broker says which partitions a member owns. What it takes away is read no more, and no heartbeat says
// so before the reader has handed it back: somebody else may have it from then on.
#pragma once

#include <map>
#include <set>

#include "core/client/membership.h"
#include "net/kafka/messages/consumer_group_heartbeat.h"

namespace mq::client {

class ConsumerMembership : public Membership {
 public:
  // `member`: an id that nobody else has, for as long as the process lives.
  ConsumerMembership(MembershipOptions options, std::string member);

  enum class Do {
    heartbeat,
    learn,  // there are topics whose names are not known: ask, and call learned()
    take,   // look at what the broker gave: take()
    wait,   // until wake_at(), or handed_back(), or subscribe()
    stop    // failed()
  };
  Do next(Time now) const;
  Time wake_at() const override;
  Duration heartbeat_interval() const override { return interval_; }

  kafka::ConsumerGroupHeartbeatRequest heartbeat();
  // Nothing: it never was there. Who has a lasting name only goes away for a while.
  std::optional<kafka::ConsumerGroupHeartbeatRequest> leave() const;

  // Answers. That the coordinator is another one, or cannot be reached, is not for here, but for unheard():
  // nobody knows what of the heartbeat has arrived.
  void heard(const kafka::ConsumerGroupHeartbeatResponse& response, Time now);
  void unheard() { told_.reset(); }
  using Names = std::map<core::Uuid, std::string>;
  void learned(const Names& names, Time now);
  void take();

  void subscribe(std::vector<std::string> topics) override;
  void handed_back() override;

  bool is_member() const { return epoch_ > 0; }

 private:
  using Owned = std::set<std::pair<core::Uuid, std::int32_t>>;
  struct Told {
    std::vector<std::string> topics;
    Owned owned;
  };
  kafka::ConsumerGroupHeartbeatRequest blank(std::int32_t epoch) const;
  Owned owned() const;
  bool has_news() const;
  bool knows_all_names() const;
  void refused(const kafka::ConsumerGroupHeartbeatResponse& response);
  void abandon();

  Owned given_;             // by the broker,
  bool looked_at_ = false;  // and share() is what it means
  Owned taken_;             // share(), by id
  Owned returning_;         // what the reader still has beside that
  Names names_;
  std::optional<Told> told_;  // what the broker knows; nothing: it has to hear everything
  Told telling_;              // and will know by the answer
  bool asked_ = false;        // a heartbeat has left: somebody may miss us
  Duration interval_ = std::chrono::seconds(5);
  Time heartbeat_at_{}, learn_at_{};
};

}  // namespace mq::client
