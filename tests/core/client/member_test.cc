// SPDX-License-Identifier: Apache-2.0
// Members of a group, against a broker of our own.
#include "core/client/member.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/client/cluster.h"
#include "net/kafka/messages/consumer_group_heartbeat.h"
#include "net/kafka/messages/join_group.h"
#include "tests/core/client/fake_broker.h"
#include "tests/support/test_broker.h"

namespace mq::client {
namespace {

using Clock = std::chrono::steady_clock;

void beat_often(core::Config& config) {
  config.consumer_heartbeat_interval = std::chrono::milliseconds(100);
}

// A reader that keeps to the rules, and remembers what it was given.
struct Reader {
  std::shared_ptr<Member> member;
  std::vector<TopicPartition> share;
  std::uint64_t round = 0;
  int lost = 0;

  // `how`: an assignor of the classic protocol, or one of the broker's behind "consumer ".
  Reader(asio::io_context& loop, Options options, std::string_view how,
         std::optional<std::string> instance = {}) {
    MemberOptions wanted;
    wanted.membership.group = "g";
    wanted.membership.topics = {"t"};
    if (how.starts_with("consumer ")) {
      wanted.protocol = GroupProtocol::consumer;
      wanted.membership.server_assignor = how.substr(how.find(' ') + 1);
    } else {
      wanted.membership.assignor = find_assignor(how);
    }
    wanted.membership.heartbeat_interval = std::chrono::milliseconds(50);
    wanted.membership.instance = std::move(instance);
    wanted.changed = [this] { look(); };
    member = Member::create(loop, std::move(options), std::move(wanted));
    member->start();
  }
  void look() {
    round = member->round();
    share = member->share();
    lost += member->lost();
    if (member->wants_back()) member->handed_back();
  }
};

class Members : public testing::TestWithParam<std::string> {
 protected:
  Members() {
    options_.brokers = {{"127.0.0.1", broker_.port()}};
    Cluster cluster(options_);
    kafka::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "t", topic.num_partitions = 4, topic.replication_factor = 1;
    EXPECT_TRUE(cluster.create_topics(std::move(request)));
  }
  void until(auto condition) {
    const auto deadline = Clock::now() + std::chrono::seconds(20);
    loop_.restart();  // it may have had nothing to do
    while (!condition() && Clock::now() < deadline) loop_.run_one_for(std::chrono::milliseconds(100));
    ASSERT_TRUE(condition());
  }
  std::unique_ptr<Reader> reader(std::string how = GetParam(), std::optional<std::string> instance = {}) {
    return std::make_unique<Reader>(loop_, options_, how, std::move(instance));
  }
  void leave(Reader& reader) {
    asio::co_spawn(loop_, Member::leave(reader.member, Clock::now() + std::chrono::seconds(3)),
                   asio::detached);
  }

  test::TempDir dir_;
  test::TestBroker broker_{dir_.path(), beat_often};
  Options options_;
  asio::io_context loop_;
};

TEST_P(Members, ShareThePartitionsAndTakeOverFromWhoLeaves) {
  auto first = reader();
  until([&] { return first->share.size() == 4; });
  auto second = reader();
  until([&] { return first->share.size() == 2 && second->share.size() == 2; });
  std::vector<TopicPartition> both = first->share;
  both.insert(both.end(), second->share.begin(), second->share.end());
  std::ranges::sort(both);
  EXPECT_EQ(std::unique(both.begin(), both.end()) - both.begin(), 4);
  leave(*first);
  until([&] { return second->share.size() == 4; });
  EXPECT_EQ(second->lost, 0);
  leave(*second);
  loop_.run_for(std::chrono::milliseconds(200));
}

INSTANTIATE_TEST_SUITE_P(Assignors, Members,
                         testing::Values("cooperative-sticky", "range", "roundrobin", "consumer uniform",
                                         "consumer range"));

class OneMember : public Members {};
INSTANTIATE_TEST_SUITE_P(Assignors, OneMember, testing::Values("cooperative-sticky", "consumer uniform"));

TEST_P(OneMember, FindsWhatItHasCommitted) {
  auto one = reader();
  until([&] { return one->share.size() == 4; });
  std::vector<Committed> offsets(1);
  offsets[0].partition = {"t", 2};
  offsets[0].offset = 7;
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  const auto done = run_until_done(loop_, Member::commit(one->member, offsets, deadline));
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_TRUE(done->at(0).status);
  const auto found = run_until_done(loop_, Member::committed(one->member, one->share, deadline));
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(found->size(), 4u);
  EXPECT_EQ((*found)[1].offset, -1);
  EXPECT_EQ((*found)[2].offset, 7);
  leave(*one);
  loop_.run_for(std::chrono::milliseconds(200));
}

class ClassicMembers : public Members {};
INSTANTIATE_TEST_SUITE_P(Assignors, ClassicMembers, testing::Values("cooperative-sticky"));

TEST_P(ClassicMembers, JoinAgainWhenTheyWereThrownOut) {
  auto one = reader();
  until([&] { return one->share.size() == 4; });
  Client client(loop_, options_);
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  const auto groups = run_until_done(loop_, describe_groups(client, {"g"}, deadline));
  ASSERT_TRUE(groups) << groups.error().text();
  ASSERT_EQ(groups->at(0).members.size(), 1u);
  EXPECT_EQ(groups->at(0).members[0].assigned.size(), 4u);
  ASSERT_TRUE(run_until_done(loop_, remove_members(client, "g", groups->at(0).members, deadline)));
  until([&] { return one->lost == 1; });
  until([&] { return one->share.size() == 4; });
  leave(*one);
  loop_.run_for(std::chrono::milliseconds(200));
}

TEST_P(ClassicMembers, WithALastingNameTakeThePlaceOfWhoHadItBefore) {
  auto before = reader("cooperative-sticky", "one");
  until([&] { return before->share.size() == 4; });
  auto after = reader("cooperative-sticky", "one");
  until([&] { return before->member->failure().has_value(); });
  EXPECT_EQ(before->member->failure()->error, kafka::Error::fenced_instance_id);
  until([&] { return after->share.size() == 4; });
  leave(*before);
  leave(*after);
  loop_.run_for(std::chrono::milliseconds(200));
}

TEST_P(OneMember, SaysAtOnceWhenNobodyIsThere) {
  Options nowhere;
  nowhere.brokers = {{"127.0.0.1", 1}};
  Reader reader(loop_, nowhere, GetParam());
  until([&] { return reader.member->failure().has_value(); });
  EXPECT_EQ(reader.member->failure()->what, Failure::What::unreachable);
}

class ConsumerMembers : public Members {
 protected:
  // Who it is that reads, as the broker sees it.
  GroupMember only_member() {
    Client client(loop_, options_);
    const auto groups =
        run_until_done(loop_, describe_groups(client, {"g"}, Clock::now() + std::chrono::seconds(10)));
    EXPECT_TRUE(groups && groups->at(0).members.size() == 1);
    return groups->at(0).members.at(0);
  }
};
INSTANTIATE_TEST_SUITE_P(Assignors, ConsumerMembers, testing::Values("consumer uniform"));

TEST_P(ConsumerMembers, JoinAgainAsThemselvesWhenTheyWereThrownOut) {
  auto one = reader();
  until([&] { return one->share.size() == 4; });
  const GroupMember before = only_member();
  kafka::ConsumerGroupHeartbeatRequest leave_it;
  leave_it.group_id = "g", leave_it.member_id = before.id, leave_it.member_epoch = -1;
  const auto left = broker_.connect().call<kafka::ConsumerGroupHeartbeatResponse>(leave_it, 1);
  ASSERT_EQ(left.error_code, 0);
  until([&] { return one->lost == 1; });
  until([&] { return one->share.size() == 4; });
  EXPECT_EQ(only_member().id, before.id);
  leave(*one);
  loop_.run_for(std::chrono::milliseconds(200));
}

TEST_P(ConsumerMembers, ALastingNameIsOneMembersUntilItGoesAway) {
  auto before = reader(GetParam(), "one");
  until([&] { return before->share.size() == 4; });
  auto early = reader(GetParam(), "one");
  until([&] { return early->member->failure().has_value(); });
  EXPECT_EQ(early->member->failure()->error, kafka::Error::unreleased_instance_id);
  leave(*early);
  leave(*before);
  loop_.run_for(std::chrono::milliseconds(200));
  auto after = reader(GetParam(), "one");
  until([&] { return after->share.size() == 4; });
  EXPECT_FALSE(after->member->failure());
  leave(*after);
  loop_.run_for(std::chrono::milliseconds(200));
}

TEST_P(ConsumerMembers, DoNotJoinAGroupOfOtherThanConsumers) {
  kafka::JoinGroupRequest request;
  request.group_id = "g";
  request.session_timeout_ms = request.rebalance_timeout_ms = 30'000;
  request.protocol_type = "connect";
  request.protocols.emplace_back().name = "sessioned";
  ASSERT_EQ(broker_.connect().call<kafka::JoinGroupResponse>(request, 3).error_code, 0);
  auto one = reader();
  until([&] { return one->member->failure().has_value(); });
  EXPECT_EQ(one->member->failure()->error, kafka::Error::inconsistent_group_protocol);
  leave(*one);
  loop_.run_for(std::chrono::milliseconds(200));
}

TEST_P(ConsumerMembers, ReadWhatIsAddedToTheirTopics) {
  auto one = reader();
  until([&] { return one->share.size() == 4; });
  Cluster cluster(options_);
  kafka::CreateTopicsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = "u", topic.num_partitions = 1, topic.replication_factor = 1;
  ASSERT_TRUE(cluster.create_topics(std::move(request)));
  one->member->subscribe({"t", "u"});
  until([&] { return one->share.size() == 5; });
  kafka::CreatePartitionsRequest more;
  auto& grown = more.topics.emplace_back();
  grown.name = "u", grown.count = 3;
  ASSERT_TRUE(cluster.create_partitions(std::move(more)));
  until([&] { return one->share.size() == 7; });
  EXPECT_EQ(one->lost, 0);
  leave(*one);
  loop_.run_for(std::chrono::milliseconds(200));
}

struct Commits {
  int done = 0;
  bool enough = false;
  std::optional<Failure> failure;
};

Task<void> commit_all_the_time(std::shared_ptr<Member> member, std::shared_ptr<Commits> commits) {
  while (!commits->enough && !commits->failure) {
    std::vector<Committed> offsets(1);
    offsets[0].partition = {"t", 0};
    offsets[0].offset = ++commits->done;
    const Time deadline = Clock::now() + std::chrono::seconds(5);
    auto done = co_await Member::commit(member, std::move(offsets), deadline);
    if (!done) commits->failure = done.error();
    if (done && !done->at(0).status) commits->failure = done->at(0).status.error();
  }
}

// The answer to a heartbeat that carries a new epoch may be on its way when a commit arrives.
TEST_P(ConsumerMembers, CommitThroughRebalances) {
  auto one = reader();
  until([&] { return one->share.size() == 4; });
  auto commits = std::make_shared<Commits>();
  asio::co_spawn(loop_, commit_all_the_time(one->member, commits), asio::detached);
  for (int i = 0; i < 5; i++) {
    auto other = reader();
    until([&] { return other->share.size() == 2; });
    leave(*other);
    until([&] { return one->share.size() == 4; });
  }
  commits->enough = true;
  EXPECT_GT(commits->done, 5);
  EXPECT_FALSE(commits->failure) << commits->failure->text();
  leave(*one);
  loop_.run_for(std::chrono::milliseconds(200));
}

}  // namespace
}  // namespace mq::client
