// SPDX-License-Identifier: Apache-2.0
#include "core/group/coordinator.h"

namespace mq::core {

using kafka::Error;

GroupCoordinator::GroupCoordinator(asio::io_context& loop, const Clock& clock, const Config& config,
                                   const Catalog& topics, InternalTopic& topic)
    : topic_(topic),
      known_topics_(topics),
      shards_(
          loop,
          [this](std::int32_t partition, Epoch epoch) { return load(shared_from_this(), partition, epoch); },
          [this](std::int32_t partition) { loader_.drop(partition); }),
      log_(shards_, topic, topics),
      deadlines_(loop, clock, [this](const GroupPtr& group, Now now) { look(group, now); }),
      registry_(std::make_shared<GroupRegistry>(clock, config, shards_, topic, log_, deadlines_)),
      steps_(std::make_shared<ClassicSteps>(clock, shards_, log_, *registry_, deadlines_)),
      configs_(config, *registry_),
      commits_(clock, config, topics, shards_, log_, *registry_, deadlines_),
      consumers_(clock, config, known_topics_, configs_, log_, *registry_, deadlines_, *steps_),
      classic_(clock, config, log_, *registry_, deadlines_, *steps_, consumers_),
      loader_(clock, config, topics, known_topics_, shards_, topic, *registry_, deadlines_, *steps_, configs_,
              commits_) {}

void GroupCoordinator::lead(std::int32_t partition, Epoch epoch) {
  shards_.lead(partition, epoch, topic_.empty(partition));
}

void GroupCoordinator::resign(std::int32_t partition) {
  shards_.resign(partition);
}

// Static: whoever reads keeps all that it reads into.
Task<error_code> GroupCoordinator::load(std::shared_ptr<GroupCoordinator> self, std::int32_t partition,
                                        Epoch epoch) {
  co_return co_await self->loader_.load(partition, epoch);
}

void GroupCoordinator::look(const GroupPtr& group, Now now) {
  ClassicGroup::Step step;
  if (group->classic.wake_at() && *group->classic.wake_at() <= now.time) group->classic.expire(now, step);
  consumers_.expire(group);
  if (group->look_at && *group->look_at <= now.time) commits_.expire(group);
  steps_->act(group, step);
}

void GroupCoordinator::stop() {
  shards_.stop();
  deadlines_.stop();
  for (const auto& [id, group] : registry_->all()) steps_->abandon(group, Error::not_coordinator);
}

}  // namespace mq::core
