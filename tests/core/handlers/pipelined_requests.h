// SPDX-License-Identifier: Apache-2.0
// Every request that changes something, and every one that reads, as a client sends it: two tables.
#pragma once

#include "tests/core/handlers/conversation.h"

namespace mq::core::pipelined {

// What one pair of requests is about; of no other pair.
struct Subject {
  test::Wire& wire;
  std::string topic, new_topic, group, new_group, transaction;
  ProducerEpoch producer = {};
  std::string member = "nobody";
  std::int32_t generation = 1;
};

template <class Request>
inline std::string frame(const Request& request, kafka::Version version) {
  std::string bytes;
  for (const net::Piece& piece : kafka::encode_request(1, "test", request, version))
    bytes += text_of({piece.memory.get() + piece.position, piece.size});
  return bytes;
}

struct Change {
  const char* name;
  std::int16_t key;
  std::string (*request)(const Subject&);
  void (*prepare)(Subject&) = [](Subject&) {};
  bool answered = true;
};
struct Reading {
  const char* name;
  std::int16_t key;
  std::string (*request)(const Subject&);
};

template <class Request>
inline constexpr std::int16_t key_of = kafka::Describe<Request>::key;

// ---- what changes something ----

inline std::string produce(const Subject& s, std::int16_t acks) {
  const std::string records = batch({.values = {"e"}, .producer = {4711, 0, 0}});
  kafka::ProduceRequest request;
  request.acks = acks;
  request.timeout_ms = 10'000;
  request.topic_data.emplace_back().name = s.topic;
  request.topic_data[0].partition_data.push_back({0, kafka::Records{bytes_of(records), {}}});
  return frame(request, 9);
}
inline std::string produce_unanswered(const Subject& s) {
  return produce(s, 0);
}
inline std::string produce_answered(const Subject& s) {
  return produce(s, -1);
}

inline std::string delete_records_request(const Subject& s) {
  kafka::DeleteRecordsRequest request;
  request.topics.push_back({s.topic, {{0, 3}}});
  return frame(request, 2);
}

inline std::string create_topics_request(const Subject& s) {
  kafka::CreateTopicsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = s.new_topic;
  topic.num_partitions = topic.replication_factor = 1;
  return frame(request, 7);
}

inline std::string delete_topics_request(const Subject& s) {
  kafka::DeleteTopicsRequest request;
  request.topic_names = {s.topic};
  return frame(request, 5);
}

inline std::string create_partitions_request(const Subject& s) {
  kafka::CreatePartitionsRequest request;
  request.topics.push_back({s.topic, 3, std::nullopt});
  return frame(request, 3);
}

inline std::string elect_leaders_request(const Subject& s) {
  kafka::ElectLeadersRequest request;
  request.topic_partitions.emplace().push_back({s.topic, {0}});
  return frame(request, 2);
}
inline std::string alter_partition_reassignments_request(const Subject& s) {
  kafka::AlterPartitionReassignmentsRequest request;
  request.topics.push_back({s.topic, {{0, std::vector<std::int32_t>{1}}}});
  return frame(request, 1);
}

inline constexpr std::int8_t of_topic = 2, of_group = 32;

inline std::string alter_configs_request(const Subject& s) {
  kafka::AlterConfigsRequest request;
  request.resources.push_back({of_topic, s.topic, {{"max.message.bytes", "100000"}}});
  return frame(request, 2);
}

inline std::string incremental_alter_configs_request(const Subject& s) {
  kafka::IncrementalAlterConfigsRequest request;
  request.resources.push_back({of_topic, s.topic, {{"max.message.bytes", 0, "100000"}}});
  request.resources.push_back({of_group, s.group, {{"consumer.session.timeout.ms", 0, "50000"}}});
  return frame(request, 1);
}

inline std::string commit(const Subject& s, std::int64_t offset) {
  kafka::OffsetCommitRequest request;
  request.group_id = s.group;
  request.topics.emplace_back().name = s.topic;
  request.topics[0].partitions.push_back({0, offset, -1, "note"});
  return frame(request, 8);
}
inline std::string offset_commit_request(const Subject& s) {
  return commit(s, 4);
}

inline std::string offset_delete_request(const Subject& s) {
  kafka::OffsetDeleteRequest request;
  request.group_id = s.group;
  request.topics.push_back({s.topic, {{0}}});
  return frame(request, 0);
}

inline std::string delete_groups_request(const Subject& s) {
  return frame(kafka::DeleteGroupsRequest{{s.group}}, 2);
}

inline kafka::JoinGroupRequest joining(const Subject& s) {
  kafka::JoinGroupRequest request;
  request.group_id = s.group;
  request.session_timeout_ms = request.rebalance_timeout_ms = 300'000;
  request.protocol_type = "consumer";
  request.protocols.push_back({"range", {}});
  return request;
}
inline std::string join_group_request(const Subject& s) {
  return frame(joining(s), 3);
}

inline kafka::SyncGroupRequest syncing(const Subject& s) {
  kafka::SyncGroupRequest request;
  request.group_id = s.group;
  request.member_id = s.member;
  request.generation_id = s.generation;
  request.assignments.push_back({s.member, kafka::Bytes{std::byte{1}}});
  return request;
}
inline std::string sync_group_request(const Subject& s) {
  return frame(syncing(s), 4);
}

inline std::string leave_group_request(const Subject& s) {
  kafka::LeaveGroupRequest request;
  request.group_id = s.group;
  request.members.push_back({s.member, std::nullopt, std::nullopt});
  return frame(request, 4);
}

inline std::string consumer_group_heartbeat_request(const Subject& s) {
  kafka::ConsumerGroupHeartbeatRequest request;
  request.group_id = s.new_group;
  request.member_id = "member";
  request.rebalance_timeout_ms = 60'000;
  request.subscribed_topic_names = {s.topic};
  request.topic_partitions.emplace();
  return frame(request, 1);
}

inline kafka::InitProducerIdRequest initializing(const Subject& s) {
  kafka::InitProducerIdRequest request;
  request.transactional_id = s.transaction;
  request.transaction_timeout_ms = 60'000;
  return request;
}
inline std::string init_producer_id_request(const Subject& s) {
  return frame(initializing(s), 4);
}

inline kafka::AddPartitionsToTxnRequest adding(const Subject& s) {
  kafka::AddPartitionsToTxnRequest request;
  request.v3_and_below_transactional_id = s.transaction;
  request.v3_and_below_producer_id = s.producer.id;
  request.v3_and_below_producer_epoch = s.producer.epoch;
  request.v3_and_below_topics.push_back({s.topic, {0}});
  return request;
}
inline std::string add_partitions_to_txn_request(const Subject& s) {
  return frame(adding(s), 3);
}

inline kafka::AddOffsetsToTxnRequest adding_offsets(const Subject& s) {
  return {s.transaction, s.producer.id, s.producer.epoch, s.group};
}
inline std::string add_offsets_to_txn_request(const Subject& s) {
  return frame(adding_offsets(s), 3);
}

inline std::string txn_offset_commit_request(const Subject& s) {
  kafka::TxnOffsetCommitRequest request;
  request.transactional_id = s.transaction;
  request.group_id = s.group;
  request.producer_id = s.producer.id;
  request.producer_epoch = s.producer.epoch;
  request.topics.emplace_back().name = s.topic;
  request.topics[0].partitions.push_back({0, 4, -1, "note"});
  return frame(request, 3);
}

// Of nothing: no marker is written behind the answer.
inline std::string end_txn_request(const Subject& s) {
  return frame(kafka::EndTxnRequest{s.transaction, s.producer.id, s.producer.epoch, false}, 5);
}

inline std::string write_txn_markers_request(const Subject& s) {
  kafka::WriteTxnMarkersRequest request;
  request.markers.push_back({s.producer.id, s.producer.epoch, false, {{s.topic, {0}}}, 0, 0});
  return frame(request, 1);
}

// ---- what has to be there before ----

inline void join(Subject& s) {
  const auto joined = s.wire.call<kafka::JoinGroupResponse>(joining(s), 3);
  s.member = joined.member_id;
  s.generation = joined.generation_id;
}
inline void join_and_sync(Subject& s) {
  join(s);
  s.wire.call<kafka::SyncGroupResponse>(syncing(s), 4);
}
inline void initialize(Subject& s) {
  const auto given = s.wire.call<kafka::InitProducerIdResponse>(initializing(s), 4);
  s.producer = {given.producer_id, given.producer_epoch};
}
inline void initialize_and_add_offsets(Subject& s) {
  initialize(s);
  s.wire.call<kafka::AddOffsetsToTxnResponse>(adding_offsets(s), 3);
}
inline void write_in_transaction(Subject& s) {
  initialize(s);
  s.wire.call<kafka::AddPartitionsToTxnResponse>(adding(s), 3);
  const std::string records =
      batch({.values = {"f"}, .producer = {s.producer.id, s.producer.epoch, 0, true}});
  kafka::ProduceRequest request;
  request.transactional_id = s.transaction;
  request.acks = -1;
  request.topic_data.emplace_back().name = s.topic;
  request.topic_data[0].partition_data.push_back({0, kafka::Records{bytes_of(records), {}}});
  s.wire.call<kafka::ProduceResponse>(request, 9);
}

inline const Change changes[] = {
    {"Produce", key_of<kafka::ProduceRequest>, produce_answered},
    {"ProduceUnanswered", key_of<kafka::ProduceRequest>, produce_unanswered, [](Subject&) {}, false},
    {"DeleteRecords", key_of<kafka::DeleteRecordsRequest>, delete_records_request},
    {"CreateTopics", key_of<kafka::CreateTopicsRequest>, create_topics_request},
    {"DeleteTopics", key_of<kafka::DeleteTopicsRequest>, delete_topics_request},
    {"CreatePartitions", key_of<kafka::CreatePartitionsRequest>, create_partitions_request},
    {"AlterConfigs", key_of<kafka::AlterConfigsRequest>, alter_configs_request},
    {"IncrementalAlterConfigs", key_of<kafka::IncrementalAlterConfigsRequest>,
     incremental_alter_configs_request},
    {"OffsetCommit", key_of<kafka::OffsetCommitRequest>, offset_commit_request},
    {"OffsetDelete", key_of<kafka::OffsetDeleteRequest>, offset_delete_request},
    {"DeleteGroups", key_of<kafka::DeleteGroupsRequest>, delete_groups_request},
    {"JoinGroup", key_of<kafka::JoinGroupRequest>, join_group_request},
    {"SyncGroup", key_of<kafka::SyncGroupRequest>, sync_group_request, join},
    {"LeaveGroup", key_of<kafka::LeaveGroupRequest>, leave_group_request, join_and_sync},
    {"ConsumerGroupHeartbeat", key_of<kafka::ConsumerGroupHeartbeatRequest>,
     consumer_group_heartbeat_request},
    {"InitProducerId", key_of<kafka::InitProducerIdRequest>, init_producer_id_request},
    {"AddPartitionsToTxn", key_of<kafka::AddPartitionsToTxnRequest>, add_partitions_to_txn_request,
     initialize},
    {"AddOffsetsToTxn", key_of<kafka::AddOffsetsToTxnRequest>, add_offsets_to_txn_request, initialize},
    {"TxnOffsetCommit", key_of<kafka::TxnOffsetCommitRequest>, txn_offset_commit_request,
     initialize_and_add_offsets},
    {"EndTxn", key_of<kafka::EndTxnRequest>, end_txn_request, initialize},
    {"WriteTxnMarkers", key_of<kafka::WriteTxnMarkersRequest>, write_txn_markers_request,
     write_in_transaction},
};

// ---- what reads ----

inline std::string fetch_request(const Subject& s) {
  kafka::FetchRequest request;
  request.max_bytes = 1 << 20;
  auto& topic = request.topics.emplace_back();
  topic.topic = s.topic;
  auto& asked = topic.partitions.emplace_back();
  asked.fetch_offset = 2;
  asked.partition_max_bytes = 1 << 20;
  return frame(request, 12);
}

inline std::string list_offsets_at(const Subject& s, std::int64_t timestamp) {
  kafka::ListOffsetsRequest request;
  request.replica_id = -1;
  request.isolation_level = 1;
  request.topics.emplace_back().name = s.topic;
  request.topics[0].partitions.push_back({0, -1, timestamp});
  return frame(request, 7);
}
inline std::string list_latest_request(const Subject& s) {
  return list_offsets_at(s, -1);
}
inline std::string list_earliest_request(const Subject& s) {
  return list_offsets_at(s, -2);
}

inline std::string metadata_request(const Subject& s) {
  kafka::MetadataRequest request;
  request.allow_auto_topic_creation = false;
  request.topics = {{{}, s.topic}, {{}, s.new_topic}};
  return frame(request, 12);
}

inline std::string offset_fetch_request(const Subject& s) {
  kafka::OffsetFetchRequest request;
  request.group_id = s.group;
  request.require_stable = true;
  request.topics.emplace().push_back({s.topic, {}, {0}});
  return frame(request, 7);
}

inline std::string heartbeat_request(const Subject& s) {
  return frame(kafka::HeartbeatRequest{s.group, s.generation, s.member, std::nullopt}, 4);
}

inline std::string describe_groups_request(const Subject& s) {
  return frame(kafka::DescribeGroupsRequest{{s.group, s.new_group}, false}, 5);
}

inline std::string list_partition_reassignments_request(const Subject&) {
  return frame(kafka::ListPartitionReassignmentsRequest{}, 0);
}

inline std::string list_groups_request(const Subject&) {
  return frame(kafka::ListGroupsRequest{}, 5);
}

inline std::string find_coordinator_request(const Subject& s) {
  return frame(kafka::FindCoordinatorRequest{s.group, 0, {s.group}}, 4);
}

inline std::string describe_configs_request(const Subject& s) {
  kafka::DescribeConfigsRequest request;
  request.resources.push_back({of_topic, s.topic, std::nullopt});
  request.resources.push_back({of_group, s.group, std::nullopt});
  return frame(request, 4);
}

inline std::string list_config_resources_request(const Subject&) {
  return frame(kafka::ListConfigResourcesRequest{{of_topic, of_group}}, 1);
}

inline std::string describe_producers_request(const Subject& s) {
  kafka::DescribeProducersRequest request;
  request.topics.push_back({s.topic, {0}});
  return frame(request, 0);
}

inline std::string describe_transactions_request(const Subject& s) {
  return frame(kafka::DescribeTransactionsRequest{{s.transaction}}, 0);
}

inline std::string list_transactions_request(const Subject&) {
  return frame(kafka::ListTransactionsRequest{}, 1);
}

inline std::string describe_topic_partitions_request(const Subject& s) {
  kafka::DescribeTopicPartitionsRequest request;
  request.topics = {{s.topic}, {s.new_topic}};
  return frame(request, 0);
}

inline std::string consumer_group_describe_request(const Subject& s) {
  return frame(kafka::ConsumerGroupDescribeRequest{{s.new_group}, false}, 1);
}

inline std::string offset_for_leader_epoch_request(const Subject& s) {
  kafka::OffsetForLeaderEpochRequest request;
  request.topics.push_back({s.topic, {{0, -1, 0}}});
  return frame(request, 4);
}

// Version 1 says nothing of the disk, which others fill.
inline std::string describe_log_dirs_request(const Subject& s) {
  kafka::DescribeLogDirsRequest request;
  request.topics.emplace().push_back({s.topic, {0}});
  return frame(request, 1);
}

inline std::string describe_cluster_request(const Subject&) {
  return frame(kafka::DescribeClusterRequest{}, 1);
}

// Version 0 says nothing of the time.
inline std::string describe_quorum_request(const Subject&) {
  kafka::DescribeQuorumRequest request;
  request.topics.push_back({"__cluster_metadata", {{0}}});
  return frame(request, 0);
}

inline std::string update_features_request(const Subject&) {
  kafka::UpdateFeaturesRequest request;
  request.feature_updates.push_back({"group.version", 1, false, 1});
  return frame(request, 1);
}

inline std::string unregister_broker_request(const Subject&) {
  return frame(kafka::UnregisterBrokerRequest{1}, 0);
}

inline std::string api_versions_request(const Subject&) {
  return frame(kafka::ApiVersionsRequest{}, 0);
}

inline const Reading readings[] = {
    {"Fetch", key_of<kafka::FetchRequest>, fetch_request},
    {"ListOffsets, latest", key_of<kafka::ListOffsetsRequest>, list_latest_request},
    {"ListOffsets, earliest", key_of<kafka::ListOffsetsRequest>, list_earliest_request},
    {"Metadata", key_of<kafka::MetadataRequest>, metadata_request},
    {"OffsetFetch", key_of<kafka::OffsetFetchRequest>, offset_fetch_request},
    {"Heartbeat", key_of<kafka::HeartbeatRequest>, heartbeat_request},
    {"DescribeGroups", key_of<kafka::DescribeGroupsRequest>, describe_groups_request},
    {"ListGroups", key_of<kafka::ListGroupsRequest>, list_groups_request},
    // Where there is one broker these change nothing.
    {"ElectLeaders", key_of<kafka::ElectLeadersRequest>, elect_leaders_request},
    {"AlterPartitionReassignments", key_of<kafka::AlterPartitionReassignmentsRequest>,
     alter_partition_reassignments_request},
    {"ListPartitionReassignments", key_of<kafka::ListPartitionReassignmentsRequest>,
     list_partition_reassignments_request},
    {"UpdateFeatures", key_of<kafka::UpdateFeaturesRequest>, update_features_request},
    {"UnregisterBroker", key_of<kafka::UnregisterBrokerRequest>, unregister_broker_request},
    {"DescribeQuorum", key_of<kafka::DescribeQuorumRequest>, describe_quorum_request},
    {"DescribeConfigs", key_of<kafka::DescribeConfigsRequest>, describe_configs_request},
    {"ListConfigResources", key_of<kafka::ListConfigResourcesRequest>, list_config_resources_request},
    {"DescribeProducers", key_of<kafka::DescribeProducersRequest>, describe_producers_request},
    {"DescribeTransactions", key_of<kafka::DescribeTransactionsRequest>, describe_transactions_request},
    {"ListTransactions", key_of<kafka::ListTransactionsRequest>, list_transactions_request},
    {"DescribeTopicPartitions", key_of<kafka::DescribeTopicPartitionsRequest>,
     describe_topic_partitions_request},
    {"ConsumerGroupDescribe", key_of<kafka::ConsumerGroupDescribeRequest>, consumer_group_describe_request},
    {"OffsetForLeaderEpoch", key_of<kafka::OffsetForLeaderEpochRequest>, offset_for_leader_epoch_request},
    {"DescribeLogDirs", key_of<kafka::DescribeLogDirsRequest>, describe_log_dirs_request},
    {"FindCoordinator", key_of<kafka::FindCoordinatorRequest>, find_coordinator_request},
    {"DescribeCluster", key_of<kafka::DescribeClusterRequest>, describe_cluster_request},
    {"ApiVersions", key_of<kafka::ApiVersionsRequest>, api_versions_request},
};

}  // namespace mq::core::pipelined
