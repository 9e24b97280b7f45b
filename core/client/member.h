// SPDX-License-Identifier: Apache-2.0
// A member of a consumer group at work: keeps in touch with the coordinator, on connections of its own so
// that no long poll is in the way, and does what its Membership says. Lives on its loop; made by create(),
// because what is under way holds on to it. The reader looks at round() when `changed` was called, reads
// share(), and calls handed_back() when wants_back().
//
// What differs from protocol to protocol is in ClassicMember and ConsumerMember: one step each.
#pragma once

#include <functional>
#include <memory>

#include "core/client/client.h"
#include "core/client/coordinator.h"
#include "core/client/groups.h"
#include "core/client/membership.h"
#include "core/client/retry.h"

namespace mq::client {

enum class GroupProtocol {
  classic,   // every broker; the members deal out
  consumer,  // KIP-848: the broker deals out, and nobody waits for everybody
};

struct MemberOptions {
  GroupProtocol protocol = GroupProtocol::classic;
  MembershipOptions membership;
  std::function<void()> changed = {};                // on the loop: there is a new round, or a failure
  std::function<void(const Failure&)> trouble = {};  // it will be tried again
};

class Member : public std::enable_shared_from_this<Member> {
 public:
  static std::shared_ptr<Member> create(asio::io_context& loop, Options client, MemberOptions options);
  virtual ~Member() = default;
  void start();

  const std::vector<TopicPartition>& share() const { return membership().share(); }
  std::uint64_t round() const { return membership().round(); }
  bool wants_back() const { return membership().wants_back(); }
  bool lost() const { return membership().lost(); }  // and nothing can be committed for it any more
  void handed_back();
  void subscribe(std::vector<std::string> topics);
  const std::optional<Failure>& failure() const { return failure_; }  // final
  // Whoever got nothing may get something within this time: others have to hear of us, and to let go.
  Duration settling_time() const;

  // What the group has committed for these; offset -1: nothing.
  static Task<Answer<std::vector<Committed>>> committed(std::shared_ptr<Member> self,
                                                        std::vector<TopicPartition> partitions,
                                                        Time deadline);
  // One for each, in their order, with what became of it; after a failure there may be another try later.
  static Task<Answer<std::vector<Committed>>> commit(std::shared_ptr<Member> self,
                                                     std::vector<Committed> offsets, Time deadline);
  // Out of the group, or not, by the deadline; and no connection is left.
  static Task<void> leave(std::shared_ptr<Member> self, Time deadline);

 protected:
  Member(asio::io_context& loop, Options client, MemberOptions options);

  virtual const Membership& membership() const = 0;
  virtual Membership& membership() = 0;
  virtual Task<void> step() = 0;  // does what comes next
  virtual Task<void> say_goodbye(Time deadline) = 0;

  // Nothing: there was no answer, or one by somebody who is not the coordinator.
  template <class Response, class Request>
  Task<std::optional<Response>> ask(Request request, Duration timeout);
  template <class Response, class Request>
  Task<void> ask_to_leave(Request request, Time deadline);
  Task<std::optional<kafka::MetadataResponse>> describe(std::vector<std::string> topics);
  Task<void> rest();   // until the membership wakes up, or is woken
  Task<void> pause();  // longer each time, until something goes well
  void stop();         // the membership has failed
  static Time now() { return std::chrono::steady_clock::now(); }
  Duration request_timeout() const { return client_options_.request_timeout; }

 private:
  static Task<void> run(std::shared_ptr<Member> self);
  Committer us() const;
  Task<bool> find();  // the coordinator, unless it is known
  Task<bool> judge(kafka::Error error);
  Task<void> unheard(Failure failure);
  void tell_if_changed(std::uint64_t round_before);

  asio::io_context& loop_;
  Options client_options_;
  MemberOptions options_;
  Client groups_, offsets_;  // a parked JoinGroup holds up whatever is behind it
  BrokerId coordinator_ = any_broker;
  bool heard_ = false, leaving_ = false;
  std::optional<Failure> failure_;
  Duration pause_;
  Timer wake_;
};

template <class Response, class Request>
Task<std::optional<Response>> Member::ask(Request request, Duration timeout) {
  std::optional<Response> none;
  const bool found = co_await find();
  if (!found) co_return none;
  auto answer = co_await groups_.call<Response>(coordinator_, std::move(request), timeout);
  if (!answer) {
    co_await unheard(answer.error());
    co_return none;
  }
  const bool is_coordinator = co_await judge(kafka::error_of(answer->error_code));
  if (!is_coordinator) co_return none;
  co_return std::move(*answer);
}

template <class Response, class Request>
Task<void> Member::ask_to_leave(Request request, Time deadline) {
  const auto error = [](const Response& response) { return response.error_code; };
  co_await at_coordinator<Response>(offsets_, Coordinates::group, options_.membership.group,
                                    std::move(request), deadline, +error);
}

}  // namespace mq::client
