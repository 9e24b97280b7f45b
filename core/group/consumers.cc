// SPDX-License-Identifier: Apache-2.0
// The coordinator of groups, as far as the consumer protocol goes (KIP-848).
#include <spdlog/spdlog.h>

#include "core/group/consumer_records.h"
#include "core/group/coordinator.h"
#include "core/group/records.h"

namespace mq::core {

using kafka::Error;

namespace {

ConsumerGroup::Answer refused(Error error, std::string message = {}) {
  ConsumerGroup::Answer answer;
  answer.error = error;
  answer.message = std::move(message);
  return answer;
}

// What the log has to forget when a classic group goes on in the other protocol.
std::vector<KeyedRecord> without_classic(const Group& group) {
  std::vector<KeyedRecord> records;
  if (group.classic.generation() > 0) records.push_back(group_tombstone(group.id));
  return records;
}

}  // namespace

Task<ConsumerGroup::Answer> GroupCoordinator::consumer_heartbeat(std::string id,
                                                                 ConsumerGroup::Heartbeat request) {
  const Error unserved = co_await ready(id);
  if (unserved != Error::none) co_return refused(unserved);
  const bool joins = request.epoch == 0;
  GroupPtr group = find(id);
  if (!group && joins && !(group = find_or_make(id))) co_return refused(Error::coordinator_not_available);
  if (!group || (!group->consumer && !(joins && group->is_empty())))
    co_return refused(Error::group_id_not_found, "there is no consumer group \"" + id + "\"");

  ConsumerGroupRows rows;
  std::unique_ptr<ConsumerGroup> fresh;
  if (!group->consumer)
    fresh = std::make_unique<ConsumerGroup>(consumer_limits_, known_topics_, group->classic.generation());
  ConsumerGroup& state = fresh ? *fresh : *group->consumer;
  ConsumerGroup::Answer answer = state.heartbeat(request, clock_.now(), rows);
  if (answer.error != Error::none) {
    drop_if_nothing(group);
    co_return answer;
  }
  std::vector<KeyedRecord> first;
  if (fresh) {
    first = without_classic(*group);
    group->classic.restore({}, {}, 0, "", 0, {}, now());
    group->consumer = std::move(fresh);
  }
  if (group->is_empty()) look_later(*group, clock_.wall_ms());
  arm(*group);
  if (rows.empty() && group->unwritten.empty()) co_return answer;

  Durable durable = write(group, std::move(rows), std::move(first));
  const Error failed = co_await Later<Error>::get(std::move(durable));
  if (failed != Error::none) co_return refused(failed, "the group could not be written");
  co_return answer;
}

// The group has changed already: what fails to be written is written with what changes next, as it is then.
GroupCoordinator::Durable GroupCoordinator::write(const GroupPtr& group, ConsumerGroupRows rows,
                                                  std::vector<KeyedRecord> first) {
  rows.merge(group->unwritten);
  group->unwritten.clear();
  for (KeyedRecord& record : records_of(group->id, group->consumer.get(), rows))
    first.push_back(std::move(record));
  auto answer = std::make_shared<Later<Error>>();
  group->in_flight++;
  log_.append(group->partition, first, [group, answer, rows = std::move(rows)](Error error) mutable {
    group->in_flight--;
    if (error != Error::none) group->unwritten.merge(std::move(rows));
    answer->set(for_clients(error));
  });
  return answer;
}

void GroupCoordinator::expire_consumers(const GroupPtr& group) {
  if (!group->consumer || !group->consumer->wake_at() || *group->consumer->wake_at() > clock_.now()) return;
  ConsumerGroupRows rows;
  group->consumer->expire(clock_.now(), rows);
  if (rows.empty()) return;
  if (group->is_empty()) look_later(*group, clock_.wall_ms());
  write(group, std::move(rows));
}

// Its epochs become generations, so that nothing old is taken for new.
void GroupCoordinator::become_classic(const GroupPtr& group) {
  const auto records = records_of(group->id, nullptr, group->consumer->all_rows());
  const Epoch epoch = group->consumer->epoch();
  group->consumer.reset();
  group->unwritten.clear();
  group->classic.restore({}, {}, epoch, "", clock_.wall_ms(), {}, now());
  append(group, records, [] {});
}

// ---------------------------------------------------------------------------------------------- loading

void GroupCoordinator::replayed_consumer(const std::string& id, net::Bytes key,
                                         std::optional<net::Bytes> value) {
  const GroupPtr group = find_or_make(id);
  if (!group) return;
  if (is_group_row(key) && !value) return group->consumer.reset();
  if (!group->consumer && !value) return;
  if (!group->consumer) group->consumer = std::make_unique<ConsumerGroup>(consumer_limits_, known_topics_);
  if (!restore(*group->consumer, key, value))
    spdlog::error("group {}: a record of it in {} cannot be read", id, log_.name());
}

void GroupCoordinator::restored(Group& group) {
  if (!group.consumer) return;
  group.consumer->restored(clock_.now());
  if (group.consumer->epoch() == 0) group.consumer.reset();  // its own row is gone: so is the group
}

}  // namespace mq::core
