// SPDX-License-Identifier: Apache-2.0
#include "core/client/consumer_membership.h"

#include <gtest/gtest.h>

namespace mq::client::consumer_membership_test {
namespace {

using Do = ConsumerMembership::Do;
using kafka::Error;
using Response = kafka::ConsumerGroupHeartbeatResponse;

const Time start = Time{} + std::chrono::hours(1);
constexpr auto second = std::chrono::seconds(1);
const core::Uuid t{std::byte{1}}, u{std::byte{2}};
const ConsumerMembership::Names names{{t, "t"}, {u, "u"}};

std::vector<TopicPartition> of(std::vector<std::int32_t> partitions, const std::string& topic = "t") {
  std::vector<TopicPartition> all;
  for (const auto partition : partitions) all.push_back({topic, partition});
  return all;
}

MembershipOptions options() {
  MembershipOptions options;
  options.group = "g";
  options.topics = {"t"};
  return options;
}

Response kept(std::int32_t epoch) {
  Response response;
  response.member_id = "me";
  response.member_epoch = epoch;
  response.heartbeat_interval_ms = 5000;
  return response;
}
Response given(std::int32_t epoch, std::vector<std::int32_t> partitions, core::Uuid topic = t) {
  Response response = kept(epoch);
  auto& assignment = response.assignment.emplace();
  if (!partitions.empty()) assignment.topic_partitions.push_back({topic, std::move(partitions)});
  return response;
}
Response refusal(Error error, std::string message = "") {
  Response response;
  response.error_code = kafka::number_of(error);
  if (!message.empty()) response.error_message = message;
  return response;
}

// What a heartbeat says that is owned; nothing: as before.
std::optional<std::vector<std::int32_t>> owned(const kafka::ConsumerGroupHeartbeatRequest& request) {
  if (!request.topic_partitions) return std::nullopt;
  std::vector<std::int32_t> all;
  for (const auto& topic : *request.topic_partitions)
    all.insert(all.end(), topic.partitions.begin(), topic.partitions.end());
  return all;
}

// In the group, with these partitions, which the broker knows that it has.
ConsumerMembership member(std::vector<std::int32_t> partitions, MembershipOptions wanted = options()) {
  ConsumerMembership membership(std::move(wanted), "me");
  membership.heartbeat();
  membership.heard(given(1, std::move(partitions)), start);
  membership.learned(names, start);
  membership.take();
  membership.heartbeat();
  membership.heard(kept(1), start);
  return membership;
}

TEST(ConsumerMembership, JoinsWithEverythingTheBrokerHasToKnow) {
  MembershipOptions wanted = options();
  wanted.server_assignor = "range";
  wanted.instance = "one";
  ConsumerMembership membership(wanted, "me");
  ASSERT_EQ(membership.next(start), Do::heartbeat);
  const auto request = membership.heartbeat();
  EXPECT_EQ(request.group_id, "g");
  EXPECT_EQ(request.member_id, "me") << "the client chooses its id";
  EXPECT_EQ(request.member_epoch, 0);
  EXPECT_EQ(request.instance_id, "one");
  EXPECT_EQ(request.rebalance_timeout_ms, 60'000);
  EXPECT_EQ(request.subscribed_topic_names, std::vector<std::string>{"t"});
  EXPECT_EQ(request.server_assignor, "range");
  EXPECT_EQ(owned(request), std::vector<std::int32_t>{});
}

TEST(ConsumerMembership, LearnsWhatTopicsAreCalledTakesThemAndSaysSo) {
  ConsumerMembership membership(options(), "me");
  membership.heartbeat();
  membership.heard(given(3, {0, 1}), start);
  EXPECT_TRUE(membership.is_member());
  EXPECT_EQ(membership.epoch(), 3);
  ASSERT_EQ(membership.next(start), Do::learn);
  membership.learned(names, start);
  ASSERT_EQ(membership.next(start), Do::take);
  membership.take();
  EXPECT_EQ(membership.share(), of({0, 1}));
  EXPECT_EQ(membership.round(), 1u);
  EXPECT_FALSE(membership.wants_back());
  ASSERT_EQ(membership.next(start), Do::heartbeat);
  const auto request = membership.heartbeat();
  EXPECT_EQ(request.member_epoch, 3);
  EXPECT_EQ(owned(request), (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(request.subscribed_topic_names, std::nullopt) << "that is known";
  EXPECT_EQ(request.rebalance_timeout_ms, -1);
}

TEST(ConsumerMembership, WhoIsGivenNothingIsTold) {
  ConsumerMembership membership(options(), "me");
  membership.heartbeat();
  membership.heard(given(1, {}), start);
  ASSERT_EQ(membership.next(start), Do::take);
  membership.take();
  EXPECT_EQ(membership.round(), 1u) << "in, and nothing to read";
  EXPECT_EQ(membership.next(start), Do::wait);
}

TEST(ConsumerMembership, SendsHeartbeatsAsOftenAsTheBrokerSaysAndNoMoreThanIsNew) {
  ConsumerMembership membership = member({0});
  EXPECT_EQ(membership.next(start), Do::wait);
  EXPECT_EQ(membership.wake_at(), start + 5 * second);
  EXPECT_EQ(membership.next(start + 5 * second), Do::heartbeat);
  const auto request = membership.heartbeat();
  EXPECT_EQ(owned(request), std::nullopt);
  EXPECT_EQ(request.subscribed_topic_names, std::nullopt);
  Response slower = kept(1);
  slower.heartbeat_interval_ms = 20'000;
  membership.heard(slower, start + 5 * second);
  EXPECT_EQ(membership.wake_at(), start + 25 * second);
  slower.heartbeat_interval_ms = 0;
  membership.heard(slower, start);
  EXPECT_GT(membership.wake_at(), start) << "whatever a broker says, it is not asked all the time";
}

TEST(ConsumerMembership, WhatIsTakenAwayIsHandedBackBeforeAHeartbeatSaysSo) {
  ConsumerMembership membership = member({0, 1});
  membership.heard(given(1, {0}), start);
  ASSERT_EQ(membership.next(start), Do::take);
  membership.take();
  EXPECT_EQ(membership.share(), of({0}));
  EXPECT_TRUE(membership.wants_back());
  EXPECT_FALSE(membership.lost()) << "so that it is committed";
  EXPECT_EQ(membership.next(start), Do::wait);
  ASSERT_EQ(membership.next(start + 5 * second), Do::heartbeat) << "who still commits stays alive";
  EXPECT_EQ(owned(membership.heartbeat()), std::nullopt) << "1 is still ours";
  membership.heard(kept(1), start + 5 * second);
  membership.handed_back();
  ASSERT_EQ(membership.next(start + 5 * second), Do::heartbeat) << "somebody waits for it";
  EXPECT_EQ(owned(membership.heartbeat()), std::vector<std::int32_t>{0});
  membership.heard(kept(2), start + 5 * second);
  EXPECT_EQ(membership.epoch(), 2);
  EXPECT_EQ(membership.next(start + 5 * second), Do::wait);
}

TEST(ConsumerMembership, WhatComesWhileSomethingIsHandedBackWaits) {
  ConsumerMembership membership = member({0, 1});
  membership.heard(given(1, {0}), start);
  membership.take();
  membership.heard(given(1, {0, 2}), start);
  EXPECT_EQ(membership.next(start), Do::wait);
  EXPECT_EQ(membership.share(), of({0}));
  membership.handed_back();
  ASSERT_EQ(membership.next(start), Do::take);
  membership.take();
  EXPECT_EQ(membership.share(), of({0, 2}));
  EXPECT_FALSE(membership.wants_back());
  EXPECT_EQ(owned(membership.heartbeat()), (std::vector<std::int32_t>{0, 2}));
}

TEST(ConsumerMembership, WhatIsHandedBackWhileAHeartbeatIsUnderWayIsInTheNextOne) {
  ConsumerMembership membership = member({0, 1});
  membership.heard(given(1, {0}), start);
  membership.take();
  membership.heartbeat();
  membership.handed_back();
  membership.heard(kept(1), start);
  EXPECT_EQ(membership.next(start), Do::heartbeat);
  EXPECT_EQ(owned(membership.heartbeat()), std::vector<std::int32_t>{0});
}

TEST(ConsumerMembership, WhoWasForgottenOrFencedHasLostEverythingAndJoinsAgainAsItself) {
  for (const Error error :
       {Error::unknown_member_id, Error::fenced_member_epoch, Error::group_id_not_found}) {
    ConsumerMembership membership = member({0, 1});
    membership.heard(refusal(error), start);
    EXPECT_TRUE(membership.share().empty());
    EXPECT_TRUE(membership.wants_back());
    EXPECT_TRUE(membership.lost());
    EXPECT_EQ(membership.next(start + 9 * second), Do::wait) << "no heartbeats of somebody who is not in it";
    membership.handed_back();
    ASSERT_EQ(membership.next(start), Do::heartbeat);
    const auto request = membership.heartbeat();
    EXPECT_EQ(request.member_epoch, 0);
    EXPECT_EQ(request.member_id, "me");
    EXPECT_EQ(owned(request), std::vector<std::int32_t>{});
    EXPECT_EQ(request.subscribed_topic_names, std::vector<std::string>{"t"});
    membership.heard(given(7, {1}), start);
    membership.take();
    EXPECT_EQ(membership.share(), of({1}));
    EXPECT_FALSE(membership.wants_back());
  }
}

TEST(ConsumerMembership, WhenNobodyAnswersEverythingIsSaidAgain) {
  ConsumerMembership membership = member({0, 1});
  membership.heartbeat();
  membership.unheard();
  ASSERT_EQ(membership.next(start), Do::heartbeat);
  const auto request = membership.heartbeat();
  EXPECT_EQ(request.member_epoch, 1);
  EXPECT_EQ(request.rebalance_timeout_ms, 60'000);
  EXPECT_EQ(request.subscribed_topic_names, std::vector<std::string>{"t"});
  EXPECT_EQ(owned(request), (std::vector<std::int32_t>{0, 1})) << "we may have missed an epoch";
  membership.heard(given(2, {0, 1}), start);
  EXPECT_EQ(membership.epoch(), 2);
  membership.take();
  EXPECT_EQ(membership.round(), 1u) << "nothing has changed for the reader";
  EXPECT_EQ(membership.next(start), Do::wait);
}

TEST(ConsumerMembership, ARetriableErrorChangesNothingButThatAllIsSaidAgain) {
  ConsumerMembership membership = member({0});
  membership.heard(refusal(Error::coordinator_load_in_progress), start);
  EXPECT_EQ(membership.share(), of({0}));
  EXPECT_EQ(membership.next(start), Do::heartbeat);
  EXPECT_EQ(owned(membership.heartbeat()), std::vector<std::int32_t>{0});
}

TEST(ConsumerMembership, OtherTopicsAreSaidAtOnceAndTheRestGoesOn) {
  ConsumerMembership membership = member({0});
  membership.subscribe({"t", "u"});
  EXPECT_EQ(membership.share(), of({0}));
  ASSERT_EQ(membership.next(start), Do::heartbeat);
  const auto request = membership.heartbeat();
  EXPECT_EQ(request.subscribed_topic_names, (std::vector<std::string>{"t", "u"}));
  EXPECT_EQ(owned(request), std::nullopt);
  membership.heard(kept(1), start);
  EXPECT_EQ(membership.next(start), Do::wait);
}

TEST(ConsumerMembership, ATopicThatNobodyKnowsYetIsAskedForAgainAndTheOthersAreRead) {
  ConsumerMembership membership(options(), "me");
  membership.heartbeat();
  Response both = given(1, {0});
  both.assignment->topic_partitions.push_back({u, {5}});
  membership.heard(both, start);
  ASSERT_EQ(membership.next(start), Do::learn);
  membership.learned({{t, "t"}}, start);
  ASSERT_EQ(membership.next(start), Do::take);
  membership.take();
  EXPECT_EQ(membership.share(), of({0}));
  EXPECT_EQ(owned(membership.heartbeat()), std::vector<std::int32_t>{0});
  membership.heard(kept(1), start);
  EXPECT_EQ(membership.next(start), Do::wait);
  EXPECT_EQ(membership.wake_at(), start + second);
  ASSERT_EQ(membership.next(start + second), Do::learn);
  membership.learned({{u, "u"}}, start + second);
  membership.take();
  EXPECT_EQ(membership.share(), (std::vector<TopicPartition>{{"t", 0}, {"u", 5}}));
}

TEST(ConsumerMembership, WhatCannotBeMendedStopsItInTheBrokersWords) {
  for (const Error error :
       {Error::unreleased_instance_id, Error::fenced_instance_id, Error::unsupported_assignor,
        Error::group_max_size_reached, Error::group_authorization_failed, Error::unsupported_version}) {
    ConsumerMembership membership(options(), "me");
    membership.heartbeat();
    membership.heard(refusal(error, "because"), start);
    EXPECT_EQ(membership.next(start), Do::stop) << kafka::name_of(error);
    EXPECT_EQ(membership.failed(), error);
    EXPECT_EQ(membership.why(), "because");
    EXPECT_FALSE(membership.leave());
  }
}

TEST(ConsumerMembership, AGroupOfTheOtherProtocolCannotBeJoined) {
  ConsumerMembership membership(options(), "me");
  membership.heartbeat();
  membership.heard(refusal(Error::group_id_not_found, "no consumer group"), start);
  EXPECT_EQ(membership.next(start), Do::stop);
  EXPECT_EQ(membership.failed(), Error::inconsistent_group_protocol);
}

TEST(ConsumerMembership, AnAnswerWithoutAnEpochIsNoMembership) {
  ConsumerMembership membership(options(), "me");
  membership.heartbeat();
  membership.heard(given(0, {0}), start);
  EXPECT_EQ(membership.next(start), Do::stop) << "or it would join for ever";
}

TEST(ConsumerMembership, LeavesForGoodOrForAWhileWhenItHasALastingName) {
  EXPECT_FALSE(ConsumerMembership(options(), "me").leave()) << "it never was in";
  const ConsumerMembership dynamic = member({0});
  ASSERT_TRUE(dynamic.leave());
  EXPECT_EQ(dynamic.leave()->member_id, "me");
  EXPECT_EQ(dynamic.leave()->member_epoch, -1);
  MembershipOptions lasting = options();
  lasting.instance = "one";
  const ConsumerMembership membership = member({0}, lasting);
  ASSERT_TRUE(membership.leave());
  EXPECT_EQ(membership.leave()->member_epoch, -2);
  EXPECT_EQ(membership.leave()->instance_id, "one");
}

}  // namespace
}  // namespace mq::client::consumer_membership_test
