// SPDX-License-Identifier: Apache-2.0
#include "core/group/coordinator.h"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>

#include "core/group/records.h"
#include "net/kafka/records/framing.h"
#include "tests/core/group/coordinated_groups.h"
#include "tests/support/power_cut.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;
using std::chrono::hours;

constexpr kafka::BatchProducer in_transaction{7, 0, -1, true};

class CoordinatorTest : public CoordinatedGroups {
 protected:
  // As after a start, when nothing has been read yet.
  void begin_loading() {
    groups->stop();
    groups = std::make_shared<GroupCoordinator>(loop, clock, config, topics->catalog, *topic);
    coordinate(offsets_topic, groups);
    EXPECT_TRUE(groups->log().is_loading());
  }
  Task<std::vector<Error>> committing(const std::string& group, const std::string& name, Offset offset,
                                      kafka::BatchProducer producer = {}) {
    std::vector<PartitionCommit> commits;
    commits.push_back(
        {name, 0, {.offset = offset, .committed_ms = clock.wall_ms()}, topics->catalog.find(name)->id});
    Commits::Committer who;
    who.group = group;
    return groups->commits().commit(std::move(who), std::move(commits), producer);
  }
  Error commit(const std::string& group, const std::string& name, Offset offset,
               kafka::BatchProducer producer = {}) {
    return run(committing(group, name, offset, producer)).at(0);
  }
  Offset committed(const std::string& group, const std::string& name) {
    const GroupPtr found = groups->registry().find(group);
    const Commit* commit = found ? found->offsets.find(name, 0) : nullptr;
    return commit ? commit->offset : -1;
  }
  void remove(const std::string& name) {
    ASSERT_EQ(run(topics->controller->remove(name)), Error::none);
    std::optional<bool> forgotten;
    asio::co_spawn(loop, groups->commits().topic_removed(name),
                   [&](std::exception_ptr) { forgotten = true; });
    while (!forgotten) loop.run_one();
  }
};

TEST_F(CoordinatorTest, OffsetsOfAGroupThatNobodyUsesExpire) {
  make("t");
  EXPECT_EQ(commit("g", "t", 5), Error::none);
  pass(hours(24 * 6));
  EXPECT_EQ(committed("g", "t"), 5);
  pass(hours(24 * 2));
  EXPECT_FALSE(groups->registry().find("g")) << "nothing is left of it";
  reopen();
  EXPECT_FALSE(groups->registry().find("g"));
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
  const auto joined = run(groups->classic().join("g", join_request()));
  ClassicGroup::Sync sync;
  sync.member_id = joined.member_id;
  sync.generation = joined.generation;
  EXPECT_EQ(run(groups->classic().sync("g", std::move(sync))).error, Error::none);
  clock.pass(hours(24 * 8));
  EXPECT_EQ(run(groups->classic().heartbeat("g", joined.member_id, {}, joined.generation)), Error::none);
  pass(0s);
  EXPECT_EQ(committed("g", "t"), 5);
  EXPECT_EQ(committed("g", "other"), -1);
}

TEST_F(CoordinatorTest, OffsetsOfAGroupThatEverybodyLeftExpireFromThatDayOn) {
  make("t");
  commit("g", "t", 5);
  const auto joined = run(groups->classic().join("g", join_request()));
  clock.pass(hours(24 * 6));
  std::vector<ClassicGroup::Leaving> leaving{{joined.member_id, {}}};
  EXPECT_EQ(run(groups->classic().leave("g", std::move(leaving)))->at(0), Error::none);
  settle();
  pass(hours(24 * 6));
  EXPECT_EQ(committed("g", "t"), 5);
  reopen();
  pass(hours(24 * 2));
  EXPECT_FALSE(groups->registry().find("g"));
}

TEST_F(CoordinatorTest, WhatIsTooLargeToBeWrittenIsRefusedAndTheGroupGoesOn) {
  auto joined = run(groups->classic().join("g", join_request()));
  ClassicGroup::Sync sync;
  sync.member_id = joined.member_id;
  sync.generation = joined.generation;
  ClassicGroup::Sync large = sync;
  large.assignments.emplace_back(joined.member_id, kafka::Bytes(InternalTopic::batch_bytes_max));
  EXPECT_EQ(run(groups->classic().sync("g", std::move(large))).error, Error::unknown_server_error);
  joined = run(groups->classic().join("g", join_request(joined.member_id)));
  sync.generation = joined.generation;
  EXPECT_EQ(run(groups->classic().sync("g", std::move(sync))).error, Error::none);

  std::vector<PartitionCommit> commits;
  for (std::int32_t i = 0; i < 5000; i++)
    commits.push_back({"t", i, {.offset = 1, .metadata = std::string(4096, 'x')}});
  Commits::Committer who{"g", joined.member_id, {}, joined.generation};
  EXPECT_EQ(run(groups->commits().commit(who, std::move(commits))),
            std::vector<Error>(5000, Error::invalid_commit_offset_size));
  EXPECT_TRUE(groups->registry().find("g")->offsets.empty()) << "all or none";
  EXPECT_EQ(run(groups->classic().heartbeat("g", joined.member_id, {}, joined.generation)), Error::none);
}

TEST_F(CoordinatorTest, AMemberIsGoneWhenItsSessionEndsAndTheTimerLooks) {
  const auto joined = run(groups->classic().join("g", join_request()));
  pass(29s);
  EXPECT_EQ(run(groups->classic().heartbeat("g", joined.member_id, {}, joined.generation)), Error::none);
  pass(31s);
  EXPECT_EQ(run(groups->classic().heartbeat("g", joined.member_id, {}, joined.generation)),
            Error::unknown_member_id);
}

TEST_F(CoordinatorTest, WhatATransactionHasPendingSurvivesARestart) {
  make("t");
  EXPECT_EQ(commit("g", "t", 5), Error::none);
  EXPECT_EQ(commit("g", "t", 6, in_transaction), Error::none);
  EXPECT_EQ(committed("g", "t"), 5);
  reopen();
  EXPECT_EQ(committed("g", "t"), 5);
  EXPECT_TRUE(groups->registry().find("g")->offsets.is_pending("t", 0));
  groups->commits().transaction_ended(topic->partition_of("g"), 7, true);
  EXPECT_EQ(committed("g", "t"), 6);
}

TEST_F(CoordinatorTest, ATransactionThatEndsWhileGroupsAreReadIsNotMissed) {
  make("t");
  EXPECT_EQ(commit("g", "t", 6, in_transaction), Error::none);
  begin_loading();
  groups->commits().transaction_ended(topic->partition_of("g"), in_transaction.id, true);
  while (groups->log().is_loading()) loop.run_one();
  EXPECT_EQ(committed("g", "t"), 6);
}

TEST_F(CoordinatorTest, WhileGroupsAreReadEverybodyIsToldToAskAgain) {
  make("t");
  commit("g", "t", 5);
  const std::vector<std::function<Error()>> requests{
      [&] { return run(groups->classic().join("g", join_request())).error; },
      [&] { return run(groups->classic().sync("g", {})).error; },
      [&] { return static_cast<Error>(run(groups->classic().leave("g", {})).error().value()); },
      [&] { return run(groups->consumers().heartbeat("g", {})).error; },
      [&] { return commit("g", "t", 6); },
      [&] { return run(groups->registry().remove("g")); },
      [&] { return groups->log().serves("g"); }};
  begin_loading();
  EXPECT_EQ(run(groups->classic().heartbeat("g", "m", {}, 1)), Error::none)
      << "a member is most likely still there";
  for (const auto& request : requests) {
    begin_loading();
    EXPECT_EQ(request(), Error::coordinator_load_in_progress);
  }
  while (groups->log().is_loading()) loop.run_one();
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
  EXPECT_EQ(run(groups->registry().remove("g")), Error::none);
  reopen();
  EXPECT_FALSE(groups->registry().find("g"));
}

TEST_F(CoordinatorTest, WhatATransactionHasPendingGoesWithItsGroup) {
  make("t");
  EXPECT_EQ(commit("g", "t", 5, in_transaction), Error::none);
  EXPECT_EQ(run(groups->registry().remove("g")), Error::none);
  for (const bool again : {false, true}) {
    if (again) reopen();
    groups->commits().transaction_ended(topic->partition_of("g"), in_transaction.id, true);
    EXPECT_FALSE(groups->registry().find("g"));
  }
}

TEST_F(CoordinatorTest, OffsetsOfATopicThatWentWithoutAWordAreForgottenAtTheNextStart) {
  make("t");
  EXPECT_EQ(commit("g", "t", 5), Error::none);
  EXPECT_EQ(run(topics->controller->remove("t")), Error::none);
  reopen();
  settle();
  EXPECT_FALSE(groups->registry().find("g"));
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
  groups->commits().transaction_ended(topic->partition_of("g"), 7, true);
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
  EXPECT_EQ(groups->registry().all().size(), 100u);
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
  EXPECT_EQ(run(groups->log().ready("g")), Error::coordinator_not_available);
  EXPECT_EQ(run(groups->classic().join("g", join_request())).error, Error::coordinator_not_available);
  faulty.heal();
}

}  // namespace
}  // namespace mq::core
