// SPDX-License-Identifier: Apache-2.0
// Carries out what a classic group decided: answers who waits, writes what is to be remembered, and sets the
// next deadline. Lives on the loop.
#pragma once

#include <unordered_map>

#include "core/group/registry.h"

namespace mq::core {

class ClassicSteps : public std::enable_shared_from_this<ClassicSteps> {
 public:
  ClassicSteps(const Clock& clock, const CoordinatorShards& shards, GroupLog& log, GroupRegistry& registry,
               GroupDeadlines& deadlines);

  // A request that a group may answer much later; the group knows it by its ticket.
  template <class Answer>
  struct Waiting {
    Ticket ticket;
    std::shared_ptr<Promise<Answer>> answer;
  };
  Waiting<ClassicGroup::JoinAnswer> new_join();
  Waiting<ClassicGroup::SyncAnswer> new_sync();

  // After every event of a classic group, and once more when what it wrote is durable. Of a broker that stops
  // only the answers leave.
  void act(const GroupPtr& group, ClassicGroup::Step& step);
  // Everybody who waits is answered with this error; nothing is written.
  void abandon(const GroupPtr& group, kafka::Error error);

 private:
  void answer(ClassicGroup::Step& step);
  void write(const GroupPtr& group, std::uint64_t number);

  const Clock& clock_;
  const CoordinatorShards& shards_;
  GroupLog& log_;
  GroupRegistry& registry_;
  GroupDeadlines& deadlines_;
  Ticket tickets_ = 0;
  std::unordered_map<Ticket, std::shared_ptr<Promise<ClassicGroup::JoinAnswer>>> joins_;
  std::unordered_map<Ticket, std::shared_ptr<Promise<ClassicGroup::SyncAnswer>>> syncs_;
};

}  // namespace mq::core
