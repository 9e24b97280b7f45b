// SPDX-License-Identifier: Apache-2.0
#include "core/group/group_log.h"

#include "core/group/records.h"

namespace mq::core {

using kafka::Error;

Error error_for_clients(Error error) {
  switch (error) {
    case Error::none:
    case Error::coordinator_not_available:
    case Error::invalid_producer_epoch:
      return error;
    case Error::message_too_large:
    case Error::record_list_too_large:
      return Error::invalid_commit_offset_size;
    case Error::kafka_storage_error:
    case Error::not_leader_or_follower:
    case Error::not_coordinator:
      return Error::not_coordinator;
    default:
      return Error::coordinator_not_available;
  }
}

Error GroupLog::serves(std::string_view group) const {
  if (shards_.is_stopped()) return Error::not_coordinator;
  if (!topics_.find(topic_.name())) return Error::none;  // there are no groups, and nobody else has them
  if (topic_.may_be_led_elsewhere(group)) return Error::not_coordinator;
  return shards_.serves(topic_.partition_of(group));
}

Task<Error> GroupLog::confirm(std::string group) const {
  const Error unserved = serves(group);
  if (unserved != Error::none || !topics_.find(topic_.name())) co_return unserved;
  co_return co_await topic_.confirm(topic_.partition_of(group), empty_record());
}

Task<Error> GroupLog::ready(std::string group) {
  if (group.size() > name_bytes_max) co_return Error::invalid_group_id;
  const Error missing = co_await topic_.ensure();
  if (missing != Error::none) co_return missing;
  co_return serves(group);
}

Durable GroupLog::put(const GroupPtr& group, const std::vector<KeyedRecord>& records, Done done,
                      kafka::BatchProducer producer) {
  auto durable = std::make_shared<Promise<Error>>();
  if (!is_current(*group)) {
    durable->set(Error::not_coordinator);
    done(Error::not_coordinator);
    return durable;
  }
  group->in_flight++;
  auto told = [group, durable, done = std::move(done)](Error error) {
    group->in_flight--;
    if (group->newest == durable) group->newest.reset();
    durable->set(error_for_clients(error));
    done(error);
  };
  topic_.append(group->partition, records, std::move(told), producer);
  if (!durable->is_set()) newest_ = group->newest = durable;  // what is refused at once changes nothing
  return durable;
}

Task<Error> GroupLog::flushed(GroupPtr group) {
  if (group->is_flushed()) co_return Error::none;
  Durable newest = group->newest;
  co_return co_await Promise<Error>::get(std::move(newest));
}

// The groups' partitions share a journal: what was handed to it last is durable last.
Task<Error> GroupLog::flushed() const {
  if (!newest_) co_return Error::none;
  Durable newest = newest_;
  co_return co_await Promise<Error>::get(std::move(newest));
}

}  // namespace mq::core
