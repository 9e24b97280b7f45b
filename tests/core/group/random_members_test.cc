// SPDX-License-Identifier: Apache-2.0
// A classic group whose members do anything at any time.
#include <random>

#include "tests/core/group/classic_script.h"

namespace mq::core {
namespace {

using kafka::Error;
using namespace std::chrono_literals;

// Members that do what clients do, in any order, with everything that goes wrong.
class RandomMembers {
 public:
  explicit RandomMembers(unsigned seed) : random_(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps; i++) {
      event();
      check();
    }
  }

 private:
  struct Waiting {
    Time since;
    bool is_join;
    std::string member;
  };

  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  void event() {
    const std::string id = pick(3) == 0 || ids_.empty() ? "" : ids_[pick(ids_.size())];
    switch (pick(8)) {
      case 0:
      case 1:
        return joins(id);
      case 2:
      case 3:
        return syncs(id);
      case 4:
        script_.heartbeat(id);
        return;
      case 5:
        if (pick(4) == 0) script_.leave({{id, {}}});
        return;
      case 6:
        if (script_.write) script_.written(pick(5) == 0 ? Error::not_coordinator : Error::none);
        return;
      default:
        script_.pass(std::chrono::milliseconds(pick(8000)));
    }
  }
  void joins(const std::string& id) {
    Asks asks;
    asks.id = id;
    if (id.empty() && pick(3) == 0) asks.instance = "i" + std::to_string(pick(3));
    if (pick(4) == 0) asks.protocols = {{"range", "v" + std::to_string(pick(2))}};
    asks.session = 10s;
    asks.rebalance = 20s;
    asks.id_first = pick(2) == 0;
    waiting_[script_.join(asks)] = {script_.now.time, true, id};
  }
  void syncs(const std::string& id) {
    std::map<std::string, std::string> all;  // each its own partition, named after it
    for (const auto& [member, state] : script_.group.members().all()) all[member] = member;
    const Generation generation = script_.group.generation() - static_cast<int>(pick(8) == 0);
    waiting_[script_.sync(id, all, generation)] = {script_.now.time, false, id};
  }

  void check() {
    const Generation generation = script_.group.generation();
    ASSERT_GE(generation, generation_) << "generations only grow";
    generation_ = generation;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      if (!script_.answered(at->first)) {
        // A first join 300 s, others the rebalance timeout, once more when a static member alone is waited
        // for.
        ASSERT_LE(script_.now.time - at->second.since, 301s) << "nobody waits for ever";
        ++at;
        continue;
      }
      learn(at->first, at->second);
      at = waiting_.erase(at);
    }
    const ClassicGroup& group = script_.group;
    ASSERT_TRUE(group.state() != GroupState::empty || group.members().empty());
    ASSERT_TRUE(group.state() != GroupState::stable || !group.members().leader().empty());
    ASSERT_TRUE(group.members().empty() || group.wake_at() || script_.write) << "somebody has a deadline";
  }
  void learn(Ticket ticket, const Waiting& asked) {
    if (asked.is_join) {
      const auto& answer = script_.join_answer(ticket);
      const bool has_id = answer.error == Error::none || answer.error == Error::member_id_required;
      if (has_id && std::find(ids_.begin(), ids_.end(), answer.member_id) == ids_.end())
        ids_.push_back(answer.member_id);
      if (ids_.size() > 12) ids_.erase(ids_.begin());
      return;
    }
    const auto& answer = script_.sync_answer(ticket);
    if (answer.error != Error::none || answer.assignment.empty()) return;
    const auto [owner, fresh] =
        owners_.emplace(std::pair(script_.group.generation(), text(answer.assignment)), asked.member);
    const bool taken = !fresh && owner->second != asked.member;  // by a static member's next process, at most
    ASSERT_FALSE(taken && script_.group.members().find(owner->second))
        << "a partition has two owners in one generation";
  }

  std::mt19937 random_;
  Script script_{{.members_max = 6, .initial_rebalance_delay = 1s}};
  std::vector<std::string> ids_;
  std::map<Ticket, Waiting> waiting_;
  std::map<std::pair<Generation, std::string>, std::string> owners_;
  Generation generation_ = 0;
};

TEST(ClassicGroup, KeepsItsPromisesWhateverItsMembersDo) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (unsigned run = 0; run < 20 && !testing::Test::HasFailure(); run++) RandomMembers(seed + run).run(2000);
}

}  // namespace
}  // namespace mq::core
