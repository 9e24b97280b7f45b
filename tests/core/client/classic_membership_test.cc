// SPDX-License-Identifier: Apache-2.0
#include "core/client/classic_membership.h"

#include <gtest/gtest.h>

#include "core/client/consumer_protocol.h"

namespace mq::client {
namespace {

using Do = ClassicMembership::Do;
using kafka::Error;

const Time start = Time{} + std::chrono::hours(1);
constexpr auto second = std::chrono::seconds(1);

std::vector<TopicPartition> of(std::vector<std::int32_t> partitions) {
  std::vector<TopicPartition> all;
  for (const auto partition : partitions) all.push_back({"t", partition});
  return all;
}

MembershipOptions options(std::string_view assignor = "cooperative-sticky") {
  MembershipOptions options;
  options.group = "g";
  options.topics = {"t"};
  options.assignor = find_assignor(assignor);
  return options;
}

kafka::JoinGroupResponse follower(std::int32_t generation, std::string leader = "other") {
  kafka::JoinGroupResponse response;
  response.generation_id = generation;
  response.member_id = "me";
  response.leader = std::move(leader);
  return response;
}
kafka::JoinGroupResponse refusal(Error error, std::string member = "") {
  kafka::JoinGroupResponse response;
  response.error_code = kafka::number_of(error);
  response.member_id = std::move(member);
  return response;
}
kafka::SyncGroupResponse given(std::vector<std::int32_t> partitions) {
  kafka::SyncGroupResponse response;
  response.assignment = assignment_bytes(of(std::move(partitions)));
  return response;
}
Subscriber subscription_of(const kafka::JoinGroupRequest& request) {
  return parse_subscription("", {}, request.protocols.at(0).metadata);
}

// In the group with these partitions.
ClassicMembership member(std::vector<std::int32_t> partitions,
                         std::string_view assignor = "cooperative-sticky") {
  ClassicMembership membership(options(assignor));
  membership.joined(follower(1));
  membership.synced(given(std::move(partitions)), start);
  return membership;
}

TEST(ClassicMembership, JoinsAgainWithTheIdItIsGiven) {
  ClassicMembership membership(options());
  EXPECT_EQ(membership.next(start), Do::join);
  EXPECT_EQ(membership.join().member_id, "");
  membership.joined(refusal(Error::member_id_required, "me"));
  EXPECT_EQ(membership.next(start), Do::join);
  EXPECT_EQ(membership.join().member_id, "me");
  membership.joined(follower(1));
  EXPECT_EQ(membership.next(start), Do::sync);
  EXPECT_TRUE(membership.sync().assignments.empty());
}

TEST(ClassicMembership, ALeaderDealsOutToAll) {
  ClassicMembership membership(options("range"));
  auto response = follower(3, "me");
  for (const char* name : {"me", "other"}) {
    auto& one = response.members.emplace_back();
    one.member_id = name;
    one.metadata = subscription_bytes({name, {}, {"t"}}, *find_assignor("range"));
  }
  membership.joined(std::move(response));
  ASSERT_EQ(membership.next(start), Do::deal);
  EXPECT_EQ(membership.topics_of_all(), std::vector<std::string>{"t"});
  membership.dealt({{"t", 4}});
  ASSERT_EQ(membership.next(start), Do::sync);
  const auto request = membership.sync();
  ASSERT_EQ(request.assignments.size(), 2u);
  EXPECT_EQ(parse_assignment(request.assignments[0].assignment), of({0, 1}));
  EXPECT_EQ(parse_assignment(request.assignments[1].assignment), of({2, 3}));
}

TEST(ClassicMembership, AStaticLeaderThatCameBackLeavesTheSharesAsTheyAre) {
  ClassicMembership membership(options());
  auto response = follower(3, "me");
  response.skip_assignment = true;
  membership.joined(std::move(response));
  EXPECT_EQ(membership.next(start), Do::sync);
  EXPECT_TRUE(membership.sync().assignments.empty());
}

TEST(ClassicMembership, SendsHeartbeatsWhenTheyAreDueAndNotBefore) {
  ClassicMembership membership = member({0});
  EXPECT_EQ(membership.share(), of({0}));
  EXPECT_EQ(membership.next(start), Do::wait);
  EXPECT_EQ(membership.wake_at(), start + 3 * second);
  EXPECT_EQ(membership.next(start + 3 * second), Do::heartbeat);
  membership.heard(Error::none, start + 3 * second);
  EXPECT_EQ(membership.next(start + 5 * second), Do::wait);
}

TEST(ClassicMembership, ACooperativeOneReadsOnWhileItJoinsAgain) {
  ClassicMembership membership = member({0, 1});
  membership.heard(Error::rebalance_in_progress, start);
  EXPECT_EQ(membership.next(start), Do::join);
  EXPECT_EQ(membership.share(), of({0, 1}));
  EXPECT_FALSE(membership.wants_back());
  const Subscriber said = subscription_of(membership.join());
  EXPECT_EQ(said.owned, of({0, 1}));
  EXPECT_EQ(said.generation, 1);
}

TEST(ClassicMembership, ACooperativeOneLetsGoOfWhatWasTakenAndJoinsOnceMore) {
  ClassicMembership membership = member({0, 1});
  const auto before = membership.round();
  membership.heard(Error::rebalance_in_progress, start);
  membership.joined(follower(2));
  membership.synced(given({0}), start);
  EXPECT_NE(membership.round(), before);
  EXPECT_EQ(membership.share(), of({0}));
  EXPECT_TRUE(membership.wants_back());
  EXPECT_FALSE(membership.lost());
  EXPECT_EQ(membership.next(start), Do::wait);
  EXPECT_EQ(membership.next(start + 3 * second), Do::heartbeat) << "who still commits stays alive";
  membership.handed_back();
  EXPECT_EQ(membership.next(start), Do::join);
  EXPECT_EQ(subscription_of(membership.join()).owned, of({0}));
}

TEST(ClassicMembership, WithoutAnythingTakenThereIsNoSecondRound) {
  ClassicMembership membership = member({0});
  membership.heard(Error::rebalance_in_progress, start);
  membership.joined(follower(2));
  membership.synced(given({0, 1}), start);
  EXPECT_FALSE(membership.wants_back());
  EXPECT_EQ(membership.next(start), Do::wait);
}

TEST(ClassicMembership, AnEagerOneHandsEverythingBackBeforeItJoins) {
  ClassicMembership membership = member({0, 1}, "range");
  membership.heard(Error::rebalance_in_progress, start);
  EXPECT_TRUE(membership.share().empty());
  EXPECT_TRUE(membership.wants_back());
  EXPECT_EQ(membership.next(start), Do::wait);
  membership.handed_back();
  EXPECT_EQ(membership.next(start), Do::join);
  EXPECT_TRUE(subscription_of(membership.join()).owned.empty());
}

TEST(ClassicMembership, WhoeverWasForgottenHasLostEverythingAndIsSomebodyNew) {
  ClassicMembership membership = member({0});
  membership.heard(Error::unknown_member_id, start);
  EXPECT_TRUE(membership.wants_back());
  EXPECT_TRUE(membership.lost());
  EXPECT_FALSE(membership.is_member());
  EXPECT_EQ(membership.next(start + 9 * second), Do::wait) << "no heartbeats of somebody who is not in it";
  membership.handed_back();
  EXPECT_EQ(membership.next(start), Do::join);
  EXPECT_EQ(membership.join().member_id, "");
}

TEST(ClassicMembership, AnOldGenerationLosesEverythingButItsName) {
  ClassicMembership membership = member({0});
  membership.heard(Error::illegal_generation, start);
  EXPECT_TRUE(membership.lost());
  membership.handed_back();
  EXPECT_EQ(membership.join().member_id, "me");
}

TEST(ClassicMembership, ARebalanceDuringSyncMeansJoiningAgain) {
  ClassicMembership membership(options());
  membership.joined(follower(1));
  kafka::SyncGroupResponse response;
  response.error_code = kafka::number_of(Error::rebalance_in_progress);
  membership.synced(response, start);
  EXPECT_EQ(membership.next(start), Do::join);
}

TEST(ClassicMembership, WhatCannotBeMendedStopsIt) {
  for (const Error error : {Error::fenced_instance_id, Error::inconsistent_group_protocol,
                            Error::group_authorization_failed, Error::group_max_size_reached}) {
    ClassicMembership membership(options());
    membership.joined(refusal(error));
    EXPECT_EQ(membership.next(start), Do::stop) << kafka::name_of(error);
    EXPECT_EQ(membership.failed(), error);
  }
}

TEST(ClassicMembership, WhoeverHasALastingNameDoesNotLeave) {
  ClassicMembership dynamic = member({0});
  ASSERT_TRUE(dynamic.leave());
  EXPECT_EQ(dynamic.leave()->members.at(0).member_id, "me");
  MembershipOptions lasting = options();
  lasting.instance = "one";
  ClassicMembership membership(lasting);
  membership.joined(follower(1));
  EXPECT_FALSE(membership.leave());
  EXPECT_FALSE(ClassicMembership(options()).leave()) << "it never was in";
}

TEST(ConsumerProtocol, SubscriptionsOfOlderClientsAreUnderstood) {
  // version 0: topics and user data, as a client of the first days writes it
  const unsigned char old[] = {0, 0, 0, 0, 0, 1, 0, 1, 't', 0xff, 0xff, 0xff, 0xff};
  const Subscriber subscriber = parse_subscription("m", "i", std::as_bytes(std::span(old)));
  EXPECT_EQ(subscriber.topics, std::vector<std::string>{"t"});
  EXPECT_TRUE(subscriber.owned.empty());
  EXPECT_EQ(subscriber.generation, -1);
  EXPECT_EQ(subscriber.instance, "i");
}

TEST(ConsumerProtocol, NonsenseIsNobodyWhoWantsAnything) {
  const unsigned char nonsense[] = {0, 0, 0x7f, 0xff, 0xff, 0xff};
  EXPECT_TRUE(parse_subscription("m", {}, std::as_bytes(std::span(nonsense))).topics.empty());
  EXPECT_TRUE(parse_subscription("m", {}, {}).topics.empty());
  EXPECT_TRUE(parse_assignment(std::as_bytes(std::span(nonsense))).empty());
}

}  // namespace
}  // namespace mq::client
