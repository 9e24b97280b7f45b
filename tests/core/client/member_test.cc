// SPDX-License-Identifier: Apache-2.0
// Members of a group, against a broker of our own.
#include "core/client/member.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/client/cluster.h"
#include "tests/core/client/fake_broker.h"
#include "tests/support/test_broker.h"

namespace mq::client {
namespace {

using Clock = std::chrono::steady_clock;

// A reader that keeps to the rules, and remembers what it was given.
struct Reader {
  std::shared_ptr<Member> member;
  std::vector<TopicPartition> share;
  std::uint64_t round = 0;
  int lost = 0;

  Reader(asio::io_context& loop, Options options, std::string assignor,
         std::optional<std::string> instance = {}) {
    MemberOptions wanted;
    wanted.membership.group = "g";
    wanted.membership.topics = {"t"};
    wanted.membership.assignor = find_assignor(assignor);
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
    while (!condition() && Clock::now() < deadline) loop_.run_one_for(std::chrono::milliseconds(100));
    ASSERT_TRUE(condition());
  }
  std::unique_ptr<Reader> reader(std::string assignor = GetParam(),
                                 std::optional<std::string> instance = {}) {
    return std::make_unique<Reader>(loop_, options_, std::move(assignor), std::move(instance));
  }
  void leave(Reader& reader) {
    asio::co_spawn(loop_, Member::leave(reader.member, Clock::now() + std::chrono::seconds(3)),
                   asio::detached);
  }

  test::TempDir dir_;
  test::TestBroker broker_{dir_.path()};
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

INSTANTIATE_TEST_SUITE_P(Assignors, Members, testing::Values("cooperative-sticky", "range", "roundrobin"));

class OneMember : public Members {};
INSTANTIATE_TEST_SUITE_P(Assignors, OneMember, testing::Values("cooperative-sticky"));

TEST_P(OneMember, FindsWhatItHasCommitted) {
  auto one = reader();
  until([&] { return one->share.size() == 4; });
  std::vector<Committed> offsets(1);
  offsets[0].partition = {"t", 2};
  offsets[0].offset = 7;
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  const auto done = run_until_done(loop_, Member::commit(one->member, offsets, deadline));
  ASSERT_TRUE(done) << done.error().text();
  const auto found = run_until_done(loop_, Member::committed(one->member, one->share, deadline));
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(found->size(), 4u);
  EXPECT_EQ((*found)[1].offset, -1);
  EXPECT_EQ((*found)[2].offset, 7);
  leave(*one);
  loop_.run_for(std::chrono::milliseconds(200));
}

TEST_P(OneMember, JoinsAgainWhenItWasThrownOut) {
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

TEST_P(OneMember, WithALastingNameTakesThePlaceOfWhoHadItBefore) {
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
  Reader reader(loop_, nowhere, "range");
  until([&] { return reader.member->failure().has_value(); });
  EXPECT_EQ(reader.member->failure()->what, Failure::What::unreachable);
}

}  // namespace
}  // namespace mq::client
