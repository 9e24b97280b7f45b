// SPDX-License-Identifier: Apache-2.0
#include "core/group/classic_steps.h"

#include "core/group/records.h"

namespace mq::core {

using kafka::Error;

ClassicSteps::ClassicSteps(const Clock& clock, const CoordinatorShards& shards, GroupLog& log,
                           GroupRegistry& registry, GroupDeadlines& deadlines)
    : clock_(clock), shards_(shards), log_(log), registry_(registry), deadlines_(deadlines) {}

ClassicSteps::Waiting<ClassicGroup::JoinAnswer> ClassicSteps::new_join() {
  const Ticket ticket = ++tickets_;
  return {ticket, joins_[ticket] = std::make_shared<Promise<ClassicGroup::JoinAnswer>>()};
}

ClassicSteps::Waiting<ClassicGroup::SyncAnswer> ClassicSteps::new_sync() {
  const Ticket ticket = ++tickets_;
  return {ticket, syncs_[ticket] = std::make_shared<Promise<ClassicGroup::SyncAnswer>>()};
}

void ClassicSteps::answer(ClassicGroup::Step& step) {
  for (auto& [ticket, answer] : step.joined)
    if (auto waiting = joins_.extract(ticket)) waiting.mapped()->set(std::move(answer));
  for (auto& [ticket, answer] : step.synced)
    if (auto waiting = syncs_.extract(ticket)) waiting.mapped()->set(std::move(answer));
}

void ClassicSteps::act(const GroupPtr& group, ClassicGroup::Step& step) {
  answer(step);
  if (shards_.is_stopped()) return;
  if (step.write) write(group, *step.write);
  if (group->is_empty() && group->offsets.empty()) group->look_later(clock_.wall_ms(), now_of(clock_));
  deadlines_.arm(group);
  registry_.drop_if_nothing(group);
}

void ClassicSteps::abandon(const GroupPtr& group, Error error) {
  ClassicGroup::Step step;
  group->classic.abandon(error, step);
  answer(step);
}

void ClassicSteps::write(const GroupPtr& group, std::uint64_t number) {
  const std::vector<KeyedRecord> records{group_record(group->id, group->classic)};
  log_.put(group, records, [weak = weak_from_this(), group, number](Error error) {
    const auto self = weak.lock();
    if (!self || !self->log_.is_current(*group)) return;
    ClassicGroup::Step step;
    const bool too_large = error == Error::message_too_large;
    group->classic.written(number, too_large ? Error::unknown_server_error : error_for_clients(error),
                           now_of(self->clock_), step);
    self->act(group, step);
  });
}

}  // namespace mq::core
