// SPDX-License-Identifier: Apache-2.0
// A member of a consumer group at work: keeps in touch with the coordinator, on connections of its own so
// that no long poll is in the way, and does what Membership says. Lives on its loop; made by create(),
// because what is under way holds on to it. The reader looks at round() when `changed` was called, reads
// share(), and calls handed_back() when wants_back().
#pragma once

#include <functional>
#include <memory>

#include "core/client/client.h"
#include "core/client/groups.h"
#include "core/client/membership.h"
#include "core/client/retry.h"

namespace mq::client {

struct MemberOptions {
  MembershipOptions membership;
  std::function<void()> changed = {};                // on the loop: there is a new round, or a failure
  std::function<void(const Failure&)> trouble = {};  // it will be tried again
};

class Member : public std::enable_shared_from_this<Member> {
 public:
  static std::shared_ptr<Member> create(asio::io_context& loop, Options client, MemberOptions options);
  void start();

  const std::vector<TopicPartition>& share() const { return membership_.share(); }
  std::uint64_t round() const { return membership_.round(); }
  bool wants_back() const { return membership_.wants_back(); }
  bool lost() const { return membership_.lost(); }  // and nothing can be committed for it any more
  void handed_back();
  void subscribe(std::vector<std::string> topics);
  const std::optional<Failure>& failure() const { return failure_; }  // final

  // What the group has committed for these; offset -1: nothing.
  static Task<Answer<std::vector<Committed>>> committed(std::shared_ptr<Member> self,
                                                        std::vector<TopicPartition> partitions,
                                                        Time deadline);
  // A failure means that nothing, or not everything, is committed; later there may be another try.
  static Task<Answer<Nothing>> commit(std::shared_ptr<Member> self, std::vector<Committed> offsets,
                                      Time deadline);
  // Out of the group, or not, by the deadline; and no connection is left.
  static Task<void> leave(std::shared_ptr<Member> self, Time deadline);

 private:
  Member(asio::io_context& loop, Options client, MemberOptions options);
  static Task<void> run(std::shared_ptr<Member> self);
  Task<void> join();
  Task<void> deal();
  Task<void> sync();
  Task<void> beat();
  Task<void> rest();
  template <class Response, class Request>
  Task<std::optional<Response>> ask(Request request, Duration timeout);
  Task<void> unheard(Failure failure);
  Task<void> pause();  // longer each time, until something goes well
  void tell_if_changed(std::uint64_t round_before);

  asio::io_context& loop_;
  Options client_options_;
  MemberOptions options_;
  Membership membership_;
  Client groups_, offsets_;  // a parked JoinGroup holds up whatever is behind it
  BrokerId coordinator_ = any_broker;
  bool heard_ = false, leaving_ = false;
  std::optional<Failure> failure_;
  Duration pause_;
  Timer wake_;
};

}  // namespace mq::client
