// SPDX-License-Identifier: Apache-2.0
// One member of a consumer group, whichever protocol it speaks: who it is and what it may read. When to say
// what, and what every answer means, is in ClassicMembership and ConsumerMembership. Pure: no I/O, and time
// is given. Who acts on it is Member (member.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/client/assignors.h"
#include "core/client/failure.h"

namespace mq::client {

struct MembershipOptions {
  std::string group;
  std::optional<std::string> instance = std::nullopt;  // a name that outlives the process
  std::vector<std::string> topics;
  Duration rebalance_timeout = std::chrono::seconds(60);  // to let go of what is taken away

  // Of the classic protocol; in the other one all this is the broker's business,
  const Assignor* assignor = &assignors().front();
  Duration session_timeout = std::chrono::seconds(45);
  Duration heartbeat_interval = std::chrono::seconds(3);
  // which may be asked for one of its assignors.
  std::optional<std::string> server_assignor = std::nullopt;
};

class Membership {
 public:
  explicit Membership(MembershipOptions options) : options_(std::move(options)) {}
  virtual ~Membership() = default;

  // What may be read now. When it changes round() does; and when something was taken away wants_back() asks
  // the reader to let go of all that is not in it: to commit what was read, unless it is lost(), and to say
  // so.
  const std::vector<TopicPartition>& share() const { return share_; }  // sorted
  std::uint64_t round() const { return round_; }
  bool wants_back() const { return wants_back_; }
  bool lost() const { return lost_; }
  virtual void handed_back();

  // The group is told: there are other topics, or partitions.
  virtual void subscribe(std::vector<std::string> topics) = 0;
  virtual Time wake_at() const = 0;  // nothing is to be said before, unless something happens
  virtual Duration heartbeat_interval() const { return options_.heartbeat_interval; }

  const std::string& member() const { return member_; }
  std::int32_t epoch() const { return epoch_; }  // the generation, in the classic protocol
  const MembershipOptions& options() const { return options_; }
  kafka::Error failed() const { return failed_; }  // for good
  const std::string& why() const { return why_; }  // in the broker's words, if it has any

 protected:
  Membership(const Membership&) = default;
  bool give(std::vector<TopicPartition> share);  // true: something is to be given back for it
  void take_all(bool lost);

  MembershipOptions options_;
  std::string member_;
  std::int32_t epoch_ = -1;
  kafka::Error failed_ = kafka::Error::none;
  std::string why_;

 private:
  std::vector<TopicPartition> share_;
  std::uint64_t round_ = 0;
  bool wants_back_ = false, lost_ = false;
};

}  // namespace mq::client
