// SPDX-License-Identifier: Apache-2.0
// Fifty members of the classic protocol that come one after the other, and two hundred partitions.
#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "tests/core/group/coordinated_groups.h"

namespace mq::core {
namespace {

using kafka::Error;

struct ManyMembersTest : CoordinatedGroups {};

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
      const auto joined = co_await world->groups_.classic().join("g", std::move(join));
      id = joined.member_id;
      if (joined.error == Error::member_id_required) continue;
      if (joined.error == Error::not_coordinator) {  // the topic of commits is just being made
        co_await asio::post(loop, use);
        continue;
      }
      EXPECT_EQ(joined.error, Error::none);
      if (joined.error != Error::none) co_return world->give_up();
      ClassicGroup::Sync sync = world->assign(joined);
      const auto synced = co_await world->groups_.classic().sync("g", std::move(sync));
      if (synced.error == Error::rebalance_in_progress) continue;
      EXPECT_EQ(synced.error, Error::none);
      auto positions = world->begin(synced.assignment);
      while (world->left > 0) {
        const Error beat = co_await world->groups_.classic().heartbeat("g", id, {}, joined.generation);
        if (beat != Error::none) break;
        for (auto& [partition, position] : positions) world->read(partition, position);
        co_await asio::post(loop, use);
      }
      Commits::Committer who{"g", id, {}, joined.generation};
      const auto errors = co_await world->groups_.commits().commit(who, world->commits(positions));
      for (const Error error : errors)
        EXPECT_EQ(error, Error::none) << "a member may commit what it has read before it joins again";
      world->generations = std::max(world->generations, joined.generation);
    }
    std::vector<ClassicGroup::Leaving> leaving{{id, {}}};
    const auto left = co_await world->groups_.classic().leave("g", std::move(leaving));
    EXPECT_TRUE(left);
    world->living--;
  }

  void give_up() { left = 0, living--; }

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
    const GroupPtr group = groups_.registry().find("g");
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

TEST_F(ManyMembersTest, RebalancesOfManyMembersSkipNoRecordAndRepeatNone) {
  make("t", World::partitions);
  World world(*groups, clock, topics->catalog.find("t")->id);
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
