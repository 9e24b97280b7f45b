// SPDX-License-Identifier: Apache-2.0
// Groups and committed offsets as records of __consumer_offsets, in Kafka's formats: tools read them. Pure
// functions.
#pragma once

#include <set>

#include "core/group/classic.h"
#include "core/group/offsets.h"
#include "core/metadata/internal_topic.h"

namespace mq::core {

KeyedRecord offset_record(const std::string& group, const PartitionCommit& commit);
KeyedRecord offset_tombstone(const std::string& group, const TopicPartition& partition);
// Says nothing: of a kind that nobody knows, which every coordinator passes over.
KeyedRecord empty_record();
KeyedRecord group_record(const std::string& group, const ClassicGroup& state);
KeyedRecord group_tombstone(const std::string& group);

// What a record says about offsets or a classic group; `commit` and `value` are none where it says: forget
// it.
struct OffsetChange {
  std::string group;
  TopicPartition partition;
  std::optional<Commit> commit;
  Uuid topic_id{};  // none: an older version did not say
};
std::optional<OffsetChange> read_offset(net::Bytes key, std::optional<net::Bytes> value);

// The group that a record is about; none: it is about something else.
std::optional<std::string> read_group_key(net::Bytes key);
// False: the value cannot be read; the group is as it was.
bool restore(ClassicGroup& group, net::Bytes value, Now now);

// What members of a group of consumers are subscribed to. None: somebody says it in a way that cannot be
// read, or they are no consumers; then it may be anything.
std::optional<std::set<std::string, std::less<>>> subscribed_topics(const ClassicGroup& group);

}  // namespace mq::core
