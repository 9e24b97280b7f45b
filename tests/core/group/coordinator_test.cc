// SPDX-License-Identifier: Apache-2.0
#include "core/group/coordinator.h"

#include <gmock/gmock.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "core/group/records.h"
#include "net/kafka/records/consumer_protocol.h"
#include "net/kafka/records/framing.h"
#include "tests/core/stored_topics.h"
#include "tests/support/power_cut.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;
using std::chrono::hours;
using testing::ElementsAre;

constexpr kafka::BatchProducer in_transaction{7, 0, -1, true};

// ---- committed offsets alone

TEST(GroupOffsets, APendingOffsetCountsWhenItsTransactionIsCommitted) {
  GroupOffsets offsets;
  offsets.commit("t", 0, {.offset = 1});
  offsets.commit_pending(7, "t", 0, {.offset = 2});
  offsets.commit_pending(8, "t", 1, {.offset = 3});
  EXPECT_EQ(offsets.find("t", 0)->offset, 1);
  EXPECT_TRUE(offsets.is_pending("t", 0));
  EXPECT_FALSE(offsets.is_pending("t", 2));
  offsets.end_transaction(7, true);
  EXPECT_EQ(offsets.find("t", 0)->offset, 2);
  EXPECT_FALSE(offsets.is_pending("t", 0));
  offsets.end_transaction(8, false);
  EXPECT_FALSE(offsets.find("t", 1));
  EXPECT_FALSE(offsets.has_pending());
}

TEST(GroupOffsets, WhatIsForgottenIsNotPendingEither) {
  GroupOffsets offsets;
  offsets.commit("t", 0, {.offset = 1});
  offsets.commit_pending(7, "t", 0, {.offset = 2});
  offsets.commit_pending(7, "t", 1, {.offset = 3});
  EXPECT_THAT(offsets.partitions(), ElementsAre(TopicPartition{"t", 0}, TopicPartition{"t", 1}));
  offsets.forget("t", 0);
  EXPECT_FALSE(offsets.is_pending("t", 0));
  EXPECT_TRUE(offsets.is_pending("t", 1));
  offsets.forget("t", 1);
  EXPECT_TRUE(offsets.empty());
}

TEST(GroupOffsets, ACommitThatCameAfterAPendingOneStays) {
  GroupOffsets offsets;
  offsets.commit_pending(7, "t", 0, {.offset = 2});
  offsets.commit("t", 0, {.offset = 9});
  offsets.end_transaction(7, true);
  EXPECT_EQ(offsets.find("t", 0)->offset, 9);
}

TEST(GroupOffsets, ExpireByTheirAgeOrTheirOwnEnd) {
  GroupOffsets offsets;
  offsets.commit("old", 0, {.committed_ms = 100});
  offsets.commit("new", 0, {.committed_ms = 900});
  offsets.commit("own", 0, {.committed_ms = 0, .expires_ms = 2000});
  offsets.commit("open", 0, {.committed_ms = 100});
  offsets.commit_pending(7, "open", 0, {.offset = 1});
  const GroupOffsets::Expiry by_age{.retention_ms = 500};
  EXPECT_THAT(offsets.expired(by_age, 600), ElementsAre(TopicPartition{"old", 0}));
  EXPECT_EQ(offsets.earliest_expiry(by_age), 600);
  const GroupOffsets::Expiry read{.retention_ms = 500, .is_read = [](auto topic) { return topic == "old"; }};
  EXPECT_THAT(offsets.expired(read, 600), ElementsAre());
  const GroupOffsets::Expiry empty_since{.retention_ms = 500, .since_ms = 1000};
  EXPECT_THAT(offsets.expired(empty_since, 1499), ElementsAre());
  EXPECT_EQ(offsets.expired(empty_since, 1500).size(), 2u);
  EXPECT_EQ(offsets.expired(empty_since, 2000).size(), 3u);
}

// ---- the coordinator, without sockets

class CoordinatorTest : public StoredTopics {
 protected:
  void open() override {
    StoredTopics::open();
    groups = std::make_shared<GroupCoordinator>(loop, clock, config, *topics, *topic);
    groups->start();
    while (groups->is_loading()) loop.run_one();
  }
  void close() override {
    groups->stop();
    groups.reset();
    StoredTopics::close();
  }
  void reopen() {
    close();
    open();
  }
  // As after a start, when nothing has been read yet.
  void begin_loading() {
    groups->stop();
    groups = std::make_shared<GroupCoordinator>(loop, clock, config, *topics, *topic);
    groups->start();
    EXPECT_TRUE(groups->is_loading());
  }
  void make(const std::string& name, std::int32_t partitions = 1) {
    std::vector<NewTopic> wanted;
    wanted.push_back({name, partitions, {}});
    ASSERT_EQ(run(topics->create(std::move(wanted))).at(0).error, Error::none);
  }
  Task<std::vector<Error>> committing(const std::string& group, const std::string& name, Offset offset,
                                      kafka::BatchProducer producer = {}) {
    std::vector<PartitionCommit> commits;
    commits.push_back({name, 0, {.offset = offset, .committed_ms = clock.wall_ms()}, topics->find(name)->id});
    GroupCoordinator::Committer who;
    who.group = group;
    return groups->commit(std::move(who), std::move(commits), producer);
  }
  Error commit(const std::string& group, const std::string& name, Offset offset,
               kafka::BatchProducer producer = {}) {
    return run(committing(group, name, offset, producer)).at(0);
  }
  Offset committed(const std::string& group, const std::string& name) {
    const GroupPtr found = groups->find(group);
    const Commit* commit = found ? found->offsets.find(name, 0) : nullptr;
    return commit ? commit->offset : -1;
  }
  void remove(const std::string& name) {
    ASSERT_EQ(run(topics->remove(name)), Error::none);
    std::optional<bool> forgotten;
    asio::co_spawn(loop, groups->topic_removed(name), [&](std::exception_ptr) { forgotten = true; });
    while (!forgotten) loop.run_one();
  }
  void pass(Time::duration time) {
    clock.pass(time);
    groups->wake();
    settle();
  }
  // Until whatever was begun is durable.
  void settle() {
    const auto busy_group = [](const auto& entry) { return entry.second->in_flight > 0; };
    while (std::any_of(groups->all().begin(), groups->all().end(), busy_group)) loop.run_one();
    loop.poll();
  }
  static ClassicGroup::Join join_request(std::string id = "") {
    static int ids = 0;
    kafka::ConsumerProtocolSubscription said;
    said.topics = {"t"};
    ClassicGroup::Join join;
    join.member_id = std::move(id);
    join.session_timeout = join.rebalance_timeout = 30s;
    join.protocol_type = "consumer";
    join.protocols.push_back({"range", kafka::encode_value(said, 1)});
    join.new_member_id = "member-" + std::to_string(++ids);
    return join;
  }

  std::shared_ptr<GroupCoordinator> groups;
};

TEST_F(CoordinatorTest, OffsetsOfAGroupThatNobodyUsesExpire) {
  make("t");
  EXPECT_EQ(commit("g", "t", 5), Error::none);
  pass(hours(24 * 6));
  EXPECT_EQ(committed("g", "t"), 5);
  pass(hours(24 * 2));
  EXPECT_FALSE(groups->find("g")) << "nothing is left of it";
  reopen();
  EXPECT_FALSE(groups->find("g"));
}

TEST_F(CoordinatorTest, NothingExpiresRightAfterAStart) {
  make("t");
  EXPECT_EQ(commit("g", "t", 5), Error::none);
  close();
  clock.pass(hours(24 * 8));
  open();
  pass(1min);
  EXPECT_EQ(committed("g", "t"), 5);
  pass(10min);
  EXPECT_EQ(committed("g", "t"), -1);
}

TEST_F(CoordinatorTest, WhatMembersReadDoesNotExpireWhatTheyStoppedReadingDoes) {
  make("t");
  make("other");
  EXPECT_EQ(commit("g", "t", 5), Error::none);
  EXPECT_EQ(commit("g", "other", 6), Error::none);
  const auto joined = run(groups->join("g", join_request()));
  ClassicGroup::Sync sync;
  sync.member_id = joined.member_id;
  sync.generation = joined.generation;
  EXPECT_EQ(run(groups->sync("g", std::move(sync))).error, Error::none);
  clock.pass(hours(24 * 8));
  EXPECT_EQ(run(groups->heartbeat("g", joined.member_id, {}, joined.generation)), Error::none);
  pass(0s);
  EXPECT_EQ(committed("g", "t"), 5);
  EXPECT_EQ(committed("g", "other"), -1);
}

TEST_F(CoordinatorTest, OffsetsOfAGroupThatEverybodyLeftExpireFromThatDayOn) {
  make("t");
  commit("g", "t", 5);
  const auto joined = run(groups->join("g", join_request()));
  clock.pass(hours(24 * 6));
  std::vector<ClassicGroup::Leaving> leaving{{joined.member_id, {}}};
  EXPECT_EQ(run(groups->leave("g", std::move(leaving)))->at(0), Error::none);
  settle();
  pass(hours(24 * 6));
  EXPECT_EQ(committed("g", "t"), 5);
  reopen();
  pass(hours(24 * 2));
  EXPECT_FALSE(groups->find("g"));
}

TEST_F(CoordinatorTest, WhatIsTooLargeToBeWrittenIsRefusedAndTheGroupGoesOn) {
  auto joined = run(groups->join("g", join_request()));
  ClassicGroup::Sync sync;
  sync.member_id = joined.member_id;
  sync.generation = joined.generation;
  ClassicGroup::Sync large = sync;
  large.assignments.emplace_back(joined.member_id, kafka::Bytes(InternalTopic::batch_bytes_max));
  EXPECT_EQ(run(groups->sync("g", std::move(large))).error, Error::unknown_server_error);
  joined = run(groups->join("g", join_request(joined.member_id)));
  sync.generation = joined.generation;
  EXPECT_EQ(run(groups->sync("g", std::move(sync))).error, Error::none);

  std::vector<PartitionCommit> commits;
  for (std::int32_t i = 0; i < 5000; i++)
    commits.push_back({"t", i, {.offset = 1, .metadata = std::string(4096, 'x')}});
  GroupCoordinator::Committer who{"g", joined.member_id, {}, joined.generation};
  EXPECT_EQ(run(groups->commit(who, std::move(commits))),
            std::vector<Error>(5000, Error::invalid_commit_offset_size));
  EXPECT_TRUE(groups->find("g")->offsets.empty()) << "all or none";
  EXPECT_EQ(run(groups->heartbeat("g", joined.member_id, {}, joined.generation)), Error::none);
}

TEST_F(CoordinatorTest, AMemberIsGoneWhenItsSessionEndsAndTheTimerLooks) {
  const auto joined = run(groups->join("g", join_request()));
  pass(29s);
  EXPECT_EQ(run(groups->heartbeat("g", joined.member_id, {}, joined.generation)), Error::none);
  pass(31s);
  EXPECT_EQ(run(groups->heartbeat("g", joined.member_id, {}, joined.generation)), Error::unknown_member_id);
}

TEST_F(CoordinatorTest, WhatATransactionHasPendingSurvivesARestart) {
  make("t");
  EXPECT_EQ(commit("g", "t", 5), Error::none);
  EXPECT_EQ(commit("g", "t", 6, in_transaction), Error::none);
  EXPECT_EQ(committed("g", "t"), 5);
  reopen();
  EXPECT_EQ(committed("g", "t"), 5);
  EXPECT_TRUE(groups->find("g")->offsets.is_pending("t", 0));
  groups->transaction_ended(topic->partition_of("g"), 7, true);
  EXPECT_EQ(committed("g", "t"), 6);
}

TEST_F(CoordinatorTest, ATransactionThatEndsWhileGroupsAreReadIsNotMissed) {
  make("t");
  EXPECT_EQ(commit("g", "t", 6, in_transaction), Error::none);
  begin_loading();
  groups->transaction_ended(topic->partition_of("g"), in_transaction.id, true);
  while (groups->is_loading()) loop.run_one();
  EXPECT_EQ(committed("g", "t"), 6);
}

TEST_F(CoordinatorTest, WhileGroupsAreReadEverybodyIsToldToAskAgain) {
  make("t");
  commit("g", "t", 5);
  const std::vector<std::function<Error()>> requests{
      [&] { return run(groups->join("g", join_request())).error; },
      [&] { return run(groups->sync("g", {})).error; },
      [&] { return static_cast<Error>(run(groups->leave("g", {})).error().value()); },
      [&] { return run(groups->consumer_heartbeat("g", {})).error; },
      [&] { return commit("g", "t", 6); },
      [&] { return run(groups->remove("g")); },
      [&] { return groups->serves("g"); }};
  begin_loading();
  EXPECT_EQ(run(groups->heartbeat("g", "m", {}, 1)), Error::none) << "a member is most likely still there";
  for (const auto& request : requests) {
    begin_loading();
    EXPECT_EQ(request(), Error::coordinator_load_in_progress);
  }
  while (groups->is_loading()) loop.run_one();
  EXPECT_EQ(committed("g", "t"), 5);
}

TEST_F(CoordinatorTest, RecordsOfAKindThatCameLaterAreSkippedAndOldOnesAreRead) {
  make("t");
  commit("g", "t", 5);
  KeyedRecord old = offset_record("g", {"t", 0, {.offset = 7}});
  old.key.at(1) = std::byte{0};
  KeyedRecord later = old;
  later.key.at(1) = std::byte{99};
  const std::vector<KeyedRecord> records{old, later, {{}, later.value}, {{std::byte{0}}, later.value}};
  std::optional<Error> written;
  topic->append(topic->partition_of("g"), records, [&](Error error) { written = error; });
  while (!written) loop.run_one();
  reopen();
  EXPECT_EQ(committed("g", "t"), 7);
}

// ---- what is deleted while it is on its way

TEST_F(CoordinatorTest, ACommitOnItsWayGoesWithItsGroup) {
  make("t");
  run(topic->ensure());
  asio::co_spawn(loop, committing("g", "t", 5), asio::detached);
  EXPECT_EQ(run(groups->remove("g")), Error::none);
  reopen();
  EXPECT_FALSE(groups->find("g"));
}

TEST_F(CoordinatorTest, WhatATransactionHasPendingGoesWithItsGroup) {
  make("t");
  EXPECT_EQ(commit("g", "t", 5, in_transaction), Error::none);
  EXPECT_EQ(run(groups->remove("g")), Error::none);
  for (const bool again : {false, true}) {
    if (again) reopen();
    groups->transaction_ended(topic->partition_of("g"), in_transaction.id, true);
    EXPECT_FALSE(groups->find("g"));
  }
}

TEST_F(CoordinatorTest, OffsetsOfATopicThatWentWithoutAWordAreForgottenAtTheNextStart) {
  make("t");
  EXPECT_EQ(commit("g", "t", 5), Error::none);
  EXPECT_EQ(run(topics->remove("t")), Error::none);
  reopen();
  settle();
  EXPECT_FALSE(groups->find("g"));
}

TEST_F(CoordinatorTest, WhatWasCommittedIsOfTheTopicThatWasThereAndOfNoOtherOfItsName) {
  make("t");
  EXPECT_EQ(commit("g", "t", 5), Error::none);
  EXPECT_EQ(commit("g", "t", 6, {7, 0, 0, true}), Error::none);
  auto late = committing("g", "t", 9);  // asked for while it was there, carried out when it is another one
  remove("t");
  make("t");
  EXPECT_EQ(committed("g", "t"), -1);
  EXPECT_EQ(run(std::move(late)), std::vector{Error::none});
  settle();
  EXPECT_EQ(committed("g", "t"), -1);
  reopen();
  EXPECT_EQ(committed("g", "t"), -1);
  groups->transaction_ended(topic->partition_of("g"), 7, true);
  EXPECT_EQ(committed("g", "t"), -1) << "nor what its transaction had pending";
  EXPECT_EQ(commit("g", "t", 1), Error::none);
  EXPECT_EQ(committed("g", "t"), 1);
}

TEST_F(CoordinatorTest, ManyGroupsAndOffsetsAreThereAfterARestart) {
  make("t");
  std::map<std::string, Offset> expected;
  for (int i = 0; i < 300; i++) {
    const std::string group = "group-" + std::to_string(i % 100);
    EXPECT_EQ(commit(group, "t", i), Error::none);
    expected[group] = i;
  }
  reopen();
  EXPECT_EQ(groups->all().size(), 100u);
  for (const auto& [group, offset] : expected) EXPECT_EQ(committed(group, "t"), offset);
}

// ---- a disk that fails

class CoordinatorOnABadDisk : public CoordinatorTest {
 protected:
  storage::FileSystem& files() override { return faulty; }
  test::PowerCut faulty{dir.path()};
};

TEST_F(CoordinatorOnABadDisk, ACommitThatCannotBeWrittenIsNone) {
  make("t");
  EXPECT_EQ(commit("g", "t", 5), Error::none);
  faulty.inject({test::PowerCut::Call::sync, 1, EIO, "0000000001.log"});
  EXPECT_EQ(commit("g", "t", 6), Error::not_coordinator) << "clients look for the coordinator and try again";
  EXPECT_EQ(committed("g", "t"), 5);
  EXPECT_EQ(commit("g", "t", 7), Error::none);
  reopen();
  EXPECT_EQ(committed("g", "t"), 7);
}

TEST_F(CoordinatorOnABadDisk, WithoutATopicForItNobodyCoordinates) {
  faulty.inject({test::PowerCut::Call::write, 1, EIO, "meta", true});
  EXPECT_EQ(run(groups->ready("g")), Error::coordinator_not_available);
  EXPECT_EQ(run(groups->join("g", join_request())).error, Error::coordinator_not_available);
  faulty.heal();
}

// ---- fifty members that come one after the other, and two hundred partitions

// What clients do: join, assign if they lead, read from what is committed, commit and join again when they
// are told.
class World {
 public:
  static constexpr std::int32_t members = 50, partitions = 200, records = 60;

  World(GroupCoordinator& groups, const TestClock& clock, const Uuid& topic)
      : groups_(groups), clock_(clock), topic_(topic) {}

  static Task<void> live(World* world, ClassicGroup::Join first) {
    const Executor loop = co_await asio::this_coro::executor;
    std::string id;
    while (world->left > 0) {
      ClassicGroup::Join join = first;
      join.member_id = id;
      join.id_first = true;
      const auto joined = co_await world->groups_.join("g", std::move(join));
      id = joined.member_id;
      if (joined.error == Error::member_id_required) continue;
      EXPECT_EQ(joined.error, Error::none);
      ClassicGroup::Sync sync = world->assign(joined);
      const auto synced = co_await world->groups_.sync("g", std::move(sync));
      if (synced.error == Error::rebalance_in_progress) continue;
      EXPECT_EQ(synced.error, Error::none);
      auto positions = world->begin(synced.assignment);
      while (world->left > 0) {
        const Error beat = co_await world->groups_.heartbeat("g", id, {}, joined.generation);
        if (beat != Error::none) break;
        for (auto& [partition, position] : positions) world->read(partition, position);
        co_await asio::post(loop, use);
      }
      GroupCoordinator::Committer who{"g", id, {}, joined.generation};
      const auto errors = co_await world->groups_.commit(who, world->commits(positions));
      for (const Error error : errors)
        EXPECT_EQ(error, Error::none) << "a member may commit what it has read before it joins again";
      world->generations = std::max(world->generations, joined.generation);
    }
    std::vector<ClassicGroup::Leaving> leaving{{id, {}}};
    const auto left = co_await world->groups_.leave("g", std::move(leaving));
    EXPECT_TRUE(left);
    world->living--;
  }

  std::int32_t left = partitions * records;  // records that nobody has read
  std::int32_t living = 0;
  Generation generations = 0;
  std::map<std::pair<std::int32_t, Offset>, int> seen;

 private:
  using Positions = std::map<std::int32_t, Offset>;

  ClassicGroup::Sync assign(const ClassicGroup::JoinAnswer& joined) const {
    ClassicGroup::Sync sync;
    sync.member_id = joined.member_id;
    sync.generation = joined.generation;
    for (const auto& member : joined.members) sync.assignments.emplace_back(member.id, kafka::Bytes());
    for (std::int32_t p = 0; p < partitions && !sync.assignments.empty(); p++)
      sync.assignments[static_cast<std::size_t>(p) % sync.assignments.size()].second.push_back(std::byte(p));
    return sync;
  }
  Positions begin(const kafka::Bytes& assignment) const {
    Positions positions;
    const GroupPtr group = groups_.find("g");
    for (const std::byte partition : assignment) {
      const Commit* commit = group->offsets.find("t", static_cast<std::int32_t>(partition));
      positions[static_cast<std::int32_t>(partition)] = commit ? commit->offset : 0;
    }
    return positions;
  }
  void read(std::int32_t partition, Offset& position) {
    if (position == records) return;
    if (++seen[{partition, position++}] == 1) left--;
  }
  std::vector<PartitionCommit> commits(const Positions& positions) const {
    std::vector<PartitionCommit> all;
    for (const auto& [partition, position] : positions)
      all.push_back({"t", partition, {.offset = position, .committed_ms = clock_.wall_ms()}, topic_});
    return all;
  }

  GroupCoordinator& groups_;
  const TestClock& clock_;
  Uuid topic_;
};

TEST_F(CoordinatorTest, RebalancesOfManyMembersSkipNoRecordAndRepeatNone) {
  make("t", World::partitions);
  World world(*groups, clock, topics->find("t")->id);
  for (; world.living < World::members; world.living++) {
    asio::co_spawn(loop, World::live(&world, join_request()), asio::detached);
    for (int turns = 0; turns < 5; turns++) loop.run_one();
  }
  while (world.living > 0) loop.run_one();
  EXPECT_EQ(world.seen.size(), static_cast<std::size_t>(World::partitions * World::records));
  const auto twice =
      std::count_if(world.seen.begin(), world.seen.end(), [](const auto& one) { return one.second > 1; });
  EXPECT_EQ(twice, 0);
  EXPECT_GT(world.generations, 3) << "there were rebalances while they read";
}

}  // namespace
}  // namespace mq::core
