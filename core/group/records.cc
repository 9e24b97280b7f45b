// SPDX-License-Identifier: Apache-2.0
#include "core/group/records.h"

#include "net/kafka/records/consumer_protocol.h"
#include "net/kafka/records/framing.h"
#include "net/kafka/records/group_metadata.h"
#include "net/kafka/records/offset_commit.h"

namespace mq::core {

namespace {

// Of offsets the first that says which topic of that name is meant; of groups what older readers know.
constexpr kafka::Version offset_version = 4, offset_version_with_expiry = 1, group_version = 3;

using kafka::GroupMetadataValue;

GroupMetadataValue::MemberMetadata to_record(const ClassicMember& member, const std::string& protocol) {
  GroupMetadataValue::MemberMetadata record;
  record.member_id = member.id;
  record.group_instance_id = member.instance_id;
  record.client_id = member.client_id;
  record.client_host = member.client_host;
  record.rebalance_timeout = static_cast<std::int32_t>(member.rebalance_timeout.count());
  record.session_timeout = static_cast<std::int32_t>(member.session_timeout.count());
  record.subscription = member.metadata_for(protocol);
  record.assignment = member.assignment;
  return record;
}

ClassicMember from_record(GroupMetadataValue::MemberMetadata&& record, const std::string& protocol) {
  ClassicMember member;
  member.id = std::move(record.member_id);
  member.instance_id = std::move(record.group_instance_id);
  member.client_id = std::move(record.client_id);
  member.client_host = std::move(record.client_host);
  member.session_timeout = std::chrono::milliseconds(record.session_timeout);
  const auto rebalance = record.rebalance_timeout < 0 ? record.session_timeout : record.rebalance_timeout;
  member.rebalance_timeout = std::chrono::milliseconds(rebalance);
  member.protocols.push_back({protocol, std::move(record.subscription)});
  member.assignment = std::move(record.assignment);
  return member;
}

}  // namespace

KeyedRecord offset_record(const std::string& group, const PartitionCommit& at) {
  kafka::OffsetCommitValue value;
  value.offset = at.commit.offset;
  value.leader_epoch = at.commit.leader_epoch;
  value.metadata = at.commit.metadata;
  value.commit_timestamp = at.commit.committed_ms;
  value.expire_timestamp = at.commit.expires_ms;
  value.topic_id = at.topic_id;
  const auto version = at.commit.expires_ms >= 0 ? offset_version_with_expiry : offset_version;
  return {kafka::encode_key(kafka::OffsetCommitKey{group, at.topic, at.partition}),
          kafka::encode_value(value, version)};
}

KeyedRecord offset_tombstone(const std::string& group, const TopicPartition& at) {
  return {kafka::encode_key(kafka::OffsetCommitKey{group, at.topic, at.partition}), std::nullopt};
}

KeyedRecord empty_record() {
  return {kafka::Bytes{std::byte{0x7f}, std::byte{0xff}}, std::nullopt};
}

KeyedRecord group_record(const std::string& group, const ClassicGroup& state) {
  GroupMetadataValue value;
  value.protocol_type = state.protocol_type().value_or("");
  value.generation = state.generation();
  value.protocol = state.protocol();
  if (!state.members().empty()) value.leader = state.members().leader();
  value.current_state_timestamp = state.since_ms();
  for (const auto& [id, member] : state.members().all())
    value.members.push_back(to_record(member, state.protocol().value_or("")));
  return {kafka::encode_key(kafka::GroupMetadataKey{group}), kafka::encode_value(value, group_version)};
}

KeyedRecord group_tombstone(const std::string& group) {
  return {kafka::encode_key(kafka::GroupMetadataKey{group}), std::nullopt};
}

std::optional<OffsetChange> read_offset(net::Bytes key, std::optional<net::Bytes> value) {
  const auto type = kafka::first_number(key);
  if (type != 0 && type != 1) return {};
  auto read = type == 1 ? kafka::decode_key<kafka::OffsetCommitKey>(key)
                        : kafka::wire::unframed<kafka::OffsetCommitKey>(
                              kafka::wire::Reader(key.subspan(sizeof(std::int16_t))), {0, false});
  if (!read) return {};
  OffsetChange change{std::move(read->group), {std::move(read->topic), read->partition}, {}, {}};
  if (!value) return change;
  auto committed = kafka::decode_value<kafka::OffsetCommitValue>(*value);
  if (!committed) return {};
  change.commit = Commit{committed->offset, committed->leader_epoch, std::move(committed->metadata),
                         committed->commit_timestamp, committed->expire_timestamp};
  change.topic_id = committed->topic_id;
  return change;
}

std::optional<std::string> read_group_key(net::Bytes key) {
  if (kafka::first_number(key) != kafka::Describe<kafka::GroupMetadataKey>::type) return {};
  auto read = kafka::decode_key<kafka::GroupMetadataKey>(key);
  if (!read) return {};
  return std::move(read->group);
}

bool restore(ClassicGroup& group, net::Bytes value, Now now) {
  auto read = kafka::decode_value<GroupMetadataValue>(value);
  if (!read) return false;
  std::vector<ClassicMember> members;
  for (auto& member : read->members)
    members.push_back(from_record(std::move(member), read->protocol.value_or("")));
  std::optional<std::string> type;
  if (!read->protocol_type.empty()) type = std::move(read->protocol_type);
  group.restore(std::move(type), std::move(read->protocol), read->generation, read->leader.value_or(""),
                read->current_state_timestamp, std::move(members), now);
  return true;
}

namespace {

// Every version begins with what version 0 has, and there are clients that name a later one and write no more
// (Kafka reads them so, too).
std::optional<std::vector<std::string>> read_subscribed_topics(net::Bytes metadata) {
  if (!kafka::first_number(metadata)) return {};
  auto said = kafka::wire::unframed<kafka::ConsumerProtocolSubscription>(
      kafka::wire::Reader(metadata.subspan(sizeof(std::int16_t))), {0, false});
  if (!said) return {};
  return std::move(said->topics);
}

}  // namespace

std::optional<std::set<std::string, std::less<>>> subscribed_topics(const ClassicGroup& group) {
  std::set<std::string, std::less<>> topics;
  if (group.members().empty()) return topics;
  if (group.protocol_type() != "consumer" || !group.protocol()) return {};
  for (const auto& [id, member] : group.members().all()) {
    const auto topics_of = read_subscribed_topics(member.metadata_for(*group.protocol()));
    if (!topics_of) return {};
    topics.insert(topics_of->begin(), topics_of->end());
  }
  return topics;
}

}  // namespace mq::core
