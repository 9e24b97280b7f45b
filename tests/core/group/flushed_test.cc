// SPDX-License-Identifier: Apache-2.0
// What a coordinator of groups answers is durable: while the disk takes its time, nobody hears of what a
// crash would take back.
#include <gmock/gmock.h>

#include "tests/core/group/consumers.h"
#include "tests/core/group/coordinated_groups.h"
#include "tests/support/held_syncs.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;

template <class T>
bool is_ready(const std::future<T>& future) {
  return future.wait_for(0s) == std::future_status::ready;
}

// What a member says, and with what it is answered when the disk has caught up.
struct Question {
  std::string name;
  std::function<Task<Error>(GroupCoordinator& groups)> ask;
  Error answer;
};

class FlushedTest : public CoordinatedGroups {
 protected:
  storage::FileSystem& files() override { return disk_.files(); }
  void SetUp() override {
    CoordinatedGroups::SetUp();
    make("t", 4);
  }
  void TearDown() override {
    disk_.release();
    CoordinatedGroups::TearDown();
  }

  // As far as it comes without the disk.
  template <class T>
  std::future<T> begin(Task<T> task) {
    auto future = asio::co_spawn(loop, std::move(task), asio::use_future);
    loop.poll();
    return future;
  }
  template <class T>
  T end(std::future<T>& future) {
    disk_.release();
    while (!is_ready(future)) loop.run_one();
    return future.get();
  }

  Task<ConsumerGroup::Answer> joining_member(const std::string& member) {
    return groups->consumers().heartbeat("g", joining(member));
  }
  Task<ConsumerGroup::Answer> beating(const std::string& member, Epoch epoch,
                                      std::optional<Assignment> owned = {}) {
    ConsumerGroup::Heartbeat request;
    request.member_id = member;
    request.epoch = epoch;
    request.owned = std::move(owned);
    return groups->consumers().heartbeat("g", std::move(request));
  }
  Task<std::vector<Error>> committing(Offset offset, const std::string& member = "", Generation epoch = -1) {
    std::vector<PartitionCommit> commits;
    commits.push_back(
        {"t", 3, {.offset = offset, .committed_ms = clock.wall_ms()}, topics->catalog.find("t")->id});
    Commits::Committer who{"g", member, {}, epoch};
    return groups->commits().commit(std::move(who), std::move(commits));
  }
  // A write in the group that changes nothing for its members.
  Task<std::vector<Error>> writing() {
    std::vector<PartitionCommit> commits;
    commits.push_back(
        {"t", 0, {.offset = 7, .committed_ms = clock.wall_ms()}, topics->catalog.find("t")->id});
    Commits::Committer who;
    who.group = "g";
    kafka::BatchProducer in_transaction{7, 0, -1, true};
    return groups->commits().commit(std::move(who), std::move(commits), in_transaction);
  }
  Offset committed() const {
    const GroupPtr group = groups->registry().find("g");
    const Commit* commit = group ? group->offsets.find("t", 3) : nullptr;
    return commit ? commit->offset : -1;
  }
  // c1 alone, in the classic protocol.
  Generation classic_group() {
    auto request = classic_join("", subscription({"t"}));
    request.new_member_id = "c1";
    const auto joined = run(groups->classic().join("g", std::move(request)));
    auto sync = classic_sync("c1", joined.generation);
    sync.assignments = {{"c1", assigned({{"t", {0, 1, 2, 3}}})}};
    EXPECT_EQ(run(groups->classic().sync("g", std::move(sync))).error, Error::none);
    return joined.generation;
  }

  void expect_answers_wait_for_the_disk(const std::vector<Question>& questions) {
    for (const Question& question : questions) {
      SCOPED_TRACE(question.name);
      disk_.hold();
      auto write = begin(writing());
      auto asked = begin(question.ask(*groups));
      EXPECT_FALSE(is_ready(asked));
      EXPECT_EQ(end(asked), question.answer);
      end(write);
    }
  }

  test::HeldSyncs disk_{dir.path()};
};

Task<Error> error_of(Task<ConsumerGroup::Answer> task) {
  const auto answer = co_await std::move(task);
  co_return answer.error;
}
Task<Error> error_of(Task<ClassicGroup::JoinAnswer> task) {
  const auto answer = co_await std::move(task);
  co_return answer.error;
}
Task<Error> error_of(Task<ClassicGroup::SyncAnswer> task) {
  const auto answer = co_await std::move(task);
  co_return answer.error;
}
Task<Error> error_of(Task<std::vector<Error>> task) {
  const auto answers = co_await std::move(task);
  co_return answers.at(0);
}
Task<Error> error_of(Task<ClassicRunner::Left> task) {
  const auto answers = co_await std::move(task);
  co_return answers ? answers->at(0) : static_cast<Error>(answers.error().value());
}

// Every request about "g" of a member "c1" that writes nothing.
std::vector<Question> questions(Generation generation, Error member, Error as_consumer, Error removing) {
  using Groups = GroupCoordinator;
  const auto commits = [] {
    std::vector<PartitionCommit> one;
    one.push_back({"t", 0, {.offset = 1}});
    return one;
  };
  return {
      {"Heartbeat", [=](Groups& groups) { return groups.classic().heartbeat("g", "c1", {}, generation); },
       member},
      {"SyncGroup",
       [=](Groups& groups) { return error_of(groups.classic().sync("g", classic_sync("c1", generation))); },
       member},
      {"JoinGroup",
       [=](Groups& groups) {
         return error_of(
             groups.classic().join("g", classic_join("nobody", subscription({"t"}, {{"t", {0}}}))));
       },
       Error::unknown_member_id},
      {"LeaveGroup",
       [=](Groups& groups) {
         std::vector<ClassicGroup::Leaving> leaving{{"nobody", {}}};
         return error_of(groups.classic().leave("g", std::move(leaving)));
       },
       Error::unknown_member_id},
      {"OffsetCommit",
       [=](Groups& groups) {
         Commits::Committer who{"g", "nobody", {}, generation};
         return error_of(groups.commits().commit(std::move(who), commits()));
       },
       member == Error::none ? Error::unknown_member_id : Error::group_id_not_found},
      {"ConsumerGroupHeartbeat",
       [=](Groups& groups) {
         ConsumerGroup::Heartbeat request;
         request.member_id = "nobody";
         request.epoch = 1;
         return error_of(groups.consumers().heartbeat("g", std::move(request)));
       },
       as_consumer},
      {"DeleteGroups", [=](Groups& groups) { return groups.registry().remove("g"); }, removing},
      {"DescribeGroups, OffsetFetch", [=](Groups& groups) { return groups.registry().flushed("g"); },
       Error::none},
      {"ListGroups", [=](Groups& groups) { return groups.log().flushed(); }, Error::none},
  };
}

// A partition goes from m1 to m2. Whatever m2 asks, it hears of it when the hand-over and the last commit of
// m1 cannot be taken back any more.
TEST_F(FlushedTest, ARepeatedHeartbeatWaitsForTheHandOverThatItTellsOf) {
  run(joining_member("m1"));
  run(joining_member("m2"));
  const auto kept = run(beating("m1", 1)).assignment;
  ASSERT_EQ(size_of(*kept), 2u);
  disk_.hold();
  auto last_commit = begin(committing(198, "m1", 1));
  auto gives_up = begin(beating("m1", 1, kept));
  auto takes_over = begin(beating("m2", 2));
  auto repeated = begin(beating("m2", 2));
  EXPECT_FALSE(is_ready(gives_up));
  EXPECT_FALSE(is_ready(takes_over));
  EXPECT_FALSE(is_ready(repeated));
  EXPECT_EQ(end(repeated).error, Error::none);
  EXPECT_EQ(committed(), 198);
  EXPECT_EQ(size_of(*end(takes_over).assignment), 2u);
  EXPECT_EQ(end(last_commit).at(0), Error::none);
}

TEST_F(FlushedTest, ARepeatedHeartbeatHearsThatTheHandOverCouldNotBeWritten) {
  run(joining_member("m1"));
  disk_.files().inject({test::PowerCut::Call::sync, 1, EIO, "0000000001.log"});
  disk_.hold();
  auto joins = begin(joining_member("m2"));
  auto repeated = begin(beating("m2", 2));
  EXPECT_EQ(end(joins).error, Error::not_coordinator);
  EXPECT_EQ(end(repeated).error, Error::not_coordinator);
  EXPECT_EQ(run(beating("m2", 2)).error, Error::none) << "it is written with what is asked next";
}

TEST_F(FlushedTest, NothingIsAnsweredOutOfAClassicGroupThatIsAheadOfTheDisk) {
  const Generation generation = classic_group();
  expect_answers_wait_for_the_disk(
      questions(generation, Error::none, Error::group_id_not_found, Error::non_empty_group));
}

TEST_F(FlushedTest, NothingIsAnsweredOutOfAConsumerGroupThatIsAheadOfTheDisk) {
  Generation generation = classic_group();
  run(joining_member("m1"));
  EXPECT_EQ(run(groups->classic().heartbeat("g", "c1", {}, generation)), Error::rebalance_in_progress);
  generation = run(groups->classic().join("g", classic_join("c1", subscription({"t"})))).generation;
  EXPECT_EQ(run(groups->classic().sync("g", classic_sync("c1", generation))).error, Error::none);
  EXPECT_EQ(run(beating("m1", generation)).error, Error::none);
  expect_answers_wait_for_the_disk(
      questions(generation, Error::none, Error::unknown_member_id, Error::non_empty_group));
}

TEST_F(FlushedTest, ThatAGroupIsGoneIsAnsweredWhenTheDiskKnows) {
  for (const Question& question :
       questions(1, Error::unknown_member_id, Error::group_id_not_found, Error::group_id_not_found)) {
    SCOPED_TRACE(question.name);
    ASSERT_EQ(run(committing(7)).at(0), Error::none);
    disk_.hold();
    auto removal = begin(groups->registry().remove("g"));
    ASSERT_FALSE(groups->registry().find("g"));
    auto asked = begin(question.ask(*groups));
    EXPECT_FALSE(is_ready(asked));
    EXPECT_EQ(end(asked), question.answer);
    EXPECT_EQ(end(removal), Error::none);
  }
}

TEST_F(FlushedTest, AGroupThatFollowsARemovedOneWaitsForTheRemovalToo) {
  ASSERT_EQ(run(committing(7)).at(0), Error::none);
  disk_.hold();
  auto removal = begin(groups->registry().remove("g"));
  auto request = classic_join("", subscription({"t"}));
  request.new_member_id = "c1";
  auto joined = begin(groups->classic().join("g", std::move(request)));
  EXPECT_FALSE(is_ready(joined));
  EXPECT_EQ(end(joined).error, Error::none);
  EXPECT_EQ(end(removal), Error::none);
}

TEST_F(FlushedTest, AGroupWhoseRemovalCannotBeWrittenIsThereAgain) {
  ASSERT_EQ(run(committing(7)).at(0), Error::none);
  disk_.files().inject({test::PowerCut::Call::sync, 1, EIO, "0000000001.log"});
  EXPECT_EQ(run(groups->registry().remove("g")), Error::not_coordinator);
  EXPECT_EQ(committed(), 7) << "as it is after a restart";
  EXPECT_EQ(run(groups->registry().remove("g")), Error::none);
  close();
  open();
  EXPECT_EQ(committed(), -1);
}

TEST_F(FlushedTest, AGroupInWhichNothingIsWrittenDoesNotWaitForOthers) {
  run(joining_member("m1"));
  std::vector<PartitionCommit> commits;
  commits.push_back({"t", 0, {.offset = 1}, topics->catalog.find("t")->id});
  Commits::Committer who;
  who.group = "other";
  disk_.hold();
  auto write = begin(groups->commits().commit(std::move(who), std::move(commits)));
  auto quiet = begin(beating("m1", 1));
  EXPECT_TRUE(is_ready(quiet));
  EXPECT_FALSE(is_ready(write));
  end(write);
}

TEST_F(FlushedTest, ACommitOnItsWayToTheDiskKeepsAnExpiredOffset) {
  ASSERT_EQ(run(committing(5)).at(0), Error::none);
  clock.pass(std::chrono::hours(24 * 8));
  disk_.hold();
  auto newer = begin(committing(6));
  groups->deadlines().wake();
  loop.poll();
  EXPECT_EQ(end(newer).at(0), Error::none);
  while (groups->registry().find("g") && groups->registry().find("g")->in_flight > 0) loop.run_one();
  EXPECT_EQ(committed(), 6);
  close();
  open();
  EXPECT_EQ(committed(), 6);
}

}  // namespace
}  // namespace mq::core
