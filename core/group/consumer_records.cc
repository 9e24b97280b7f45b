// SPDX-License-Identifier: Apache-2.0
#include "core/group/consumer_records.h"

#include "net/kafka/records/consumer_group.h"
#include "net/kafka/records/framing.h"
#include "net/kafka/records/group_metadata.h"

namespace mq::core {

using Row = ConsumerGroupRow;
using Kind = ConsumerGroupRow::Kind;

namespace {

constexpr kafka::Version version = 0;  // of all values

// ---------------------------------------------------------------------------------------------- writing

kafka::Bytes key_of(const std::string& id, const Row& row) {
  switch (row.kind) {
    case Kind::group:
      return kafka::encode_key(kafka::ConsumerGroupMetadataKey{id});
    case Kind::member:
      return kafka::encode_key(kafka::ConsumerGroupMemberMetadataKey{id, row.of});
    case Kind::target_epoch:
      return kafka::encode_key(kafka::ConsumerGroupTargetAssignmentMetadataKey{id});
    case Kind::target:
      return kafka::encode_key(kafka::ConsumerGroupTargetAssignmentMemberKey{id, row.of});
    case Kind::ownership:
      return kafka::encode_key(kafka::ConsumerGroupCurrentMemberAssignmentKey{id, row.of});
    case Kind::pattern:
      return kafka::encode_key(kafka::ConsumerGroupRegularExpressionKey{id, row.of});
    case Kind::classic:
      return kafka::encode_key(kafka::GroupMetadataKey{id});
  }
  return {};
}

kafka::ConsumerGroupMemberMetadataValue::ClassicMemberMetadata classic_of(
    const ConsumerMember::Classic& classic) {
  kafka::ConsumerGroupMemberMetadataValue::ClassicMemberMetadata value;
  value.session_timeout_ms = static_cast<std::int32_t>(classic.session_timeout.count());
  for (const Protocol& protocol : classic.protocols)
    value.supported_protocols.push_back({protocol.name, protocol.metadata});
  return value;
}

kafka::ConsumerGroupMemberMetadataValue metadata_of(const ConsumerMember& member) {
  kafka::ConsumerGroupMemberMetadataValue value;
  value.instance_id = member.instance_id;
  value.rack_id = member.rack_id;
  value.client_id = member.client_id;
  value.client_host = member.client_host;
  value.subscribed_topic_names.assign(member.topics.begin(), member.topics.end());
  value.subscribed_topic_regex = member.pattern;
  value.rebalance_timeout_ms = static_cast<std::int32_t>(member.rebalance_timeout.count());
  value.server_assignor = member.assignor;
  if (member.classic) value.classic_member_metadata = classic_of(*member.classic);
  return value;
}

using OwnershipValue = kafka::ConsumerGroupCurrentMemberAssignmentValue;

std::vector<OwnershipValue::TopicPartitions> dated_list_of(const Assignment& all, const Since& dates) {
  auto list = list_of<OwnershipValue::TopicPartitions>(all);
  for (auto& topic : list) {
    auto& epochs = topic.assignment_epochs.emplace();
    for (const std::int32_t partition : topic.partitions)
      epochs.push_back(since(dates, topic.topic_id, partition).value_or(0));
  }
  return list;
}

OwnershipValue ownership_of(const Ownership& owns) {
  OwnershipValue value;
  value.member_epoch = owns.epoch;
  value.previous_member_epoch = owns.previous_epoch;
  value.state = static_cast<std::int8_t>(owns.state);
  value.assigned_partitions = dated_list_of(owns.assigned, owns.since);
  value.partitions_pending_revocation = dated_list_of(owns.revoking, owns.since);
  return value;
}

kafka::ConsumerGroupTargetAssignmentMemberValue target_of(const Assignment& target) {
  using Value = kafka::ConsumerGroupTargetAssignmentMemberValue;
  Value value;
  value.topic_partitions = list_of<Value::TopicPartition>(target);
  return value;
}

std::optional<kafka::Bytes> member_value(const ConsumerMember& member, Kind kind) {
  if (kind == Kind::member) return kafka::encode_value(metadata_of(member), version);
  if (kind == Kind::target) return kafka::encode_value(target_of(member.target), version);
  return kafka::encode_value(ownership_of(member.owns), version);
}

std::optional<kafka::Bytes> pattern_value(const ConsumerGroup& group, const std::string& pattern) {
  const auto matched = group.patterns().find(pattern);
  if (matched == group.patterns().end()) return {};
  kafka::ConsumerGroupRegularExpressionValue value;
  value.topics.assign(matched->second.begin(), matched->second.end());
  return kafka::encode_value(value, version);
}

std::optional<kafka::Bytes> value_of(const ConsumerGroup& group, const Row& row) {
  if (row.kind == Kind::group) {
    kafka::ConsumerGroupMetadataValue value;
    value.epoch = group.epoch();
    value.metadata_hash = static_cast<std::int64_t>(group.topics_hash());
    return kafka::encode_value(value, version);
  }
  if (row.kind == Kind::target_epoch) {
    kafka::ConsumerGroupTargetAssignmentMetadataValue value;
    value.assignment_epoch = group.target_epoch();
    return kafka::encode_value(value, version);
  }
  if (row.kind == Kind::pattern) return pattern_value(group, row.of);
  if (row.kind == Kind::classic) return {};
  const ConsumerMember* member = group.find(row.of);
  return member ? member_value(*member, row.kind) : std::nullopt;
}

// ---------------------------------------------------------------------------------------------- reading

template <class Key>
bool is(net::Bytes key) {
  return kafka::first_number(key) == kafka::Describe<Key>::type;
}

bool restore_group(ConsumerGroup& group, std::optional<net::Bytes> value) {
  if (!value) return true;
  const auto read = kafka::decode_value<kafka::ConsumerGroupMetadataValue>(*value);
  if (read) group.restore_group(read->epoch, static_cast<std::uint64_t>(read->metadata_hash));
  return bool(read);
}

bool restore_target_epoch(ConsumerGroup& group, std::optional<net::Bytes> value) {
  if (!value) return true;
  const auto read = kafka::decode_value<kafka::ConsumerGroupTargetAssignmentMetadataValue>(*value);
  if (read) group.restore_target_epoch(read->assignment_epoch);
  return bool(read);
}

std::optional<ConsumerMember::Classic> classic_in(kafka::ConsumerGroupMemberMetadataValue& value) {
  auto& said = value.classic_member_metadata;
  if (!said || said->supported_protocols.empty()) return {};
  ConsumerMember::Classic classic;
  classic.session_timeout = std::chrono::milliseconds(said->session_timeout_ms);
  for (auto& protocol : said->supported_protocols)
    classic.protocols.push_back({std::move(protocol.name), std::move(protocol.metadata)});
  return classic;
}

bool restore_metadata(ConsumerGroup& group, const std::string& id, std::optional<net::Bytes> value) {
  if (!value) {
    group.forget_member(id);
    return true;
  }
  auto read = kafka::decode_value<kafka::ConsumerGroupMemberMetadataValue>(*value);
  if (!read) return false;
  ConsumerMember& member = group.restore_member(id);
  member.id = id;
  member.instance_id = std::move(read->instance_id);
  member.rack_id = std::move(read->rack_id);
  member.client_id = std::move(read->client_id);
  member.client_host = std::move(read->client_host);
  member.topics = {read->subscribed_topic_names.begin(), read->subscribed_topic_names.end()};
  member.pattern = read->subscribed_topic_regex.value_or("");
  member.rebalance_timeout = std::chrono::milliseconds(read->rebalance_timeout_ms);
  member.assignor = std::move(read->server_assignor);
  member.classic = classic_in(*read);
  return true;
}

bool restore_target(ConsumerGroup& group, const std::string& id, std::optional<net::Bytes> value) {
  if (!value) {
    group.restore_member(id).target.clear();
    return true;
  }
  const auto read = kafka::decode_value<kafka::ConsumerGroupTargetAssignmentMemberValue>(*value);
  if (read) group.restore_member(id).target = assignment_of(read->topic_partitions);
  return bool(read);
}

// Records of older brokers say no dates: what they tell of counts from the member's epoch.
void add_dates(Since& to, const std::vector<OwnershipValue::TopicPartitions>& list, Epoch epoch) {
  for (const auto& topic : list) {
    const bool dated = topic.assignment_epochs && topic.assignment_epochs->size() == topic.partitions.size();
    for (std::size_t i = 0; i < topic.partitions.size(); i++)
      to[topic.topic_id][topic.partitions[i]] = dated ? (*topic.assignment_epochs)[i] : epoch;
  }
}

bool restore_ownership(ConsumerGroup& group, const std::string& id, std::optional<net::Bytes> value) {
  Ownership& owns = group.restore_member(id).owns;
  if (!value) {
    owns = {};
    return true;
  }
  const auto read = kafka::decode_value<OwnershipValue>(*value);
  if (!read) return false;
  owns.epoch = read->member_epoch;
  owns.previous_epoch = read->previous_member_epoch;
  owns.state = static_cast<MemberState>(read->state);
  owns.assigned = assignment_of(read->assigned_partitions);
  owns.revoking = assignment_of(read->partitions_pending_revocation);
  owns.since.clear();
  add_dates(owns.since, read->assigned_partitions, owns.epoch);
  add_dates(owns.since, read->partitions_pending_revocation, owns.epoch);
  return true;
}

// The keys of members look alike: group, member.
template <class Key>
std::optional<std::string> member_in(net::Bytes key) {
  if (!is<Key>(key)) return {};
  auto read = kafka::decode_key<Key>(key);
  if (!read) return {};
  return std::move(read->member_id);
}

template <class Key>
bool group_in(net::Bytes key, std::optional<std::string>& group) {
  if (!is<Key>(key)) return false;
  if (auto read = kafka::decode_key<Key>(key)) group = std::move(read->group_id);
  return true;
}

template <class... Key>
std::optional<std::string> group_in_one_of(net::Bytes key) {
  std::optional<std::string> group;
  (group_in<Key>(key, group) || ...);
  return group;
}

}  // namespace

std::vector<KeyedRecord> records_of(const std::string& id, const ConsumerGroup* group,
                                    const ConsumerGroupRows& rows) {
  std::vector<KeyedRecord> records;
  for (const Row& row : rows)
    records.push_back({key_of(id, row), group ? value_of(*group, row) : std::nullopt});
  return records;
}

std::optional<std::string> read_consumer_group_key(net::Bytes key) {
  return group_in_one_of<
      kafka::ConsumerGroupMetadataKey, kafka::ConsumerGroupMemberMetadataKey,
      kafka::ConsumerGroupTargetAssignmentMetadataKey, kafka::ConsumerGroupTargetAssignmentMemberKey,
      kafka::ConsumerGroupCurrentMemberAssignmentKey, kafka::ConsumerGroupRegularExpressionKey>(key);
}

bool is_group_row(net::Bytes key) {
  return is<kafka::ConsumerGroupMetadataKey>(key);
}

bool restore(ConsumerGroup& group, net::Bytes key, std::optional<net::Bytes> value) {
  if (is_group_row(key)) return restore_group(group, value);
  if (is<kafka::ConsumerGroupTargetAssignmentMetadataKey>(key)) return restore_target_epoch(group, value);
  if (const auto id = member_in<kafka::ConsumerGroupMemberMetadataKey>(key))
    return restore_metadata(group, *id, value);
  if (const auto id = member_in<kafka::ConsumerGroupTargetAssignmentMemberKey>(key))
    return restore_target(group, *id, value);
  if (const auto id = member_in<kafka::ConsumerGroupCurrentMemberAssignmentKey>(key))
    return restore_ownership(group, *id, value);
  return true;  // what patterns match is looked up again
}

}  // namespace mq::core
