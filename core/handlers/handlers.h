// SPDX-License-Identifier: Apache-2.0
// Every request that is answered, as a typed coroutine. Each runs in the order of arrival up to its first
// suspension. A handler that may stay silent returns an optional. Errors are part of the answer.
#pragma once

#include "core/handlers/context.h"

namespace mq::kafka {
struct AddOffsetsToTxnRequest;
struct AddOffsetsToTxnResponse;
struct AddPartitionsToTxnRequest;
struct AddPartitionsToTxnResponse;
struct AlterConfigsRequest;
struct AlterConfigsResponse;
struct AlterPartitionReassignmentsRequest;
struct AlterPartitionReassignmentsResponse;
struct ApiVersionsRequest;
struct ApiVersionsResponse;
struct ConsumerGroupDescribeRequest;
struct ConsumerGroupDescribeResponse;
struct ConsumerGroupHeartbeatRequest;
struct ConsumerGroupHeartbeatResponse;
struct CreatePartitionsRequest;
struct CreatePartitionsResponse;
struct CreateTopicsRequest;
struct CreateTopicsResponse;
struct DeleteGroupsRequest;
struct DeleteGroupsResponse;
struct DeleteRecordsRequest;
struct DeleteRecordsResponse;
struct DeleteTopicsRequest;
struct DeleteTopicsResponse;
struct DescribeClusterRequest;
struct DescribeClusterResponse;
struct DescribeConfigsRequest;
struct DescribeConfigsResponse;
struct DescribeGroupsRequest;
struct DescribeGroupsResponse;
struct DescribeLogDirsRequest;
struct DescribeLogDirsResponse;
struct DescribeProducersRequest;
struct DescribeProducersResponse;
struct DescribeQuorumRequest;
struct DescribeQuorumResponse;
struct DescribeTopicPartitionsRequest;
struct DescribeTopicPartitionsResponse;
struct DescribeTransactionsRequest;
struct DescribeTransactionsResponse;
struct ElectLeadersRequest;
struct ElectLeadersResponse;
struct EndTxnRequest;
struct EndTxnResponse;
struct FetchRequest;
struct FetchResponse;
struct FindCoordinatorRequest;
struct FindCoordinatorResponse;
struct HeartbeatRequest;
struct HeartbeatResponse;
struct IncrementalAlterConfigsRequest;
struct IncrementalAlterConfigsResponse;
struct InitProducerIdRequest;
struct InitProducerIdResponse;
struct JoinGroupRequest;
struct JoinGroupResponse;
struct LeaveGroupRequest;
struct LeaveGroupResponse;
struct ListConfigResourcesRequest;
struct ListConfigResourcesResponse;
struct ListGroupsRequest;
struct ListGroupsResponse;
struct ListOffsetsRequest;
struct ListOffsetsResponse;
struct ListPartitionReassignmentsRequest;
struct ListPartitionReassignmentsResponse;
struct ListTransactionsRequest;
struct ListTransactionsResponse;
struct MetadataRequest;
struct MetadataResponse;
struct OffsetCommitRequest;
struct OffsetCommitResponse;
struct OffsetDeleteRequest;
struct OffsetDeleteResponse;
struct OffsetFetchRequest;
struct OffsetFetchResponse;
struct OffsetForLeaderEpochRequest;
struct OffsetForLeaderEpochResponse;
struct ProduceRequest;
struct ProduceResponse;
struct SyncGroupRequest;
struct SyncGroupResponse;
struct TxnOffsetCommitRequest;
struct TxnOffsetCommitResponse;
struct UnregisterBrokerRequest;
struct UnregisterBrokerResponse;
struct UpdateFeaturesRequest;
struct UpdateFeaturesResponse;
struct WriteTxnMarkersRequest;
struct WriteTxnMarkersResponse;
}  // namespace mq::kafka

namespace mq::core {

Task<std::optional<kafka::ProduceResponse>> produce(Context& context, kafka::ProduceRequest& request);
Task<kafka::FetchResponse> fetch(Context& context, kafka::FetchRequest& request);
Task<kafka::ListOffsetsResponse> list_offsets(Context& context, kafka::ListOffsetsRequest& request);
Task<kafka::OffsetForLeaderEpochResponse> offset_for_leader_epoch(
    Context& context, kafka::OffsetForLeaderEpochRequest& request);

Task<kafka::ApiVersionsResponse> api_versions(Context& context, kafka::ApiVersionsRequest& request);
Task<kafka::MetadataResponse> metadata(Context& context, kafka::MetadataRequest& request);
Task<kafka::DescribeClusterResponse> describe_cluster(Context& context,
                                                      kafka::DescribeClusterRequest& request);
Task<kafka::DescribeTopicPartitionsResponse> describe_topic_partitions(
    Context& context, kafka::DescribeTopicPartitionsRequest& request);
Task<kafka::DescribeQuorumResponse> describe_quorum(Context& context, kafka::DescribeQuorumRequest& request);
Task<kafka::UpdateFeaturesResponse> update_features(Context& context, kafka::UpdateFeaturesRequest& request);
Task<kafka::UnregisterBrokerResponse> unregister_broker(Context& context,
                                                        kafka::UnregisterBrokerRequest& request);
Task<kafka::DescribeLogDirsResponse> describe_log_dirs(Context& context,
                                                       kafka::DescribeLogDirsRequest& request);
Task<kafka::FindCoordinatorResponse> find_coordinator(Context& context,
                                                      kafka::FindCoordinatorRequest& request);

Task<kafka::CreateTopicsResponse> create_topics(Context& context, kafka::CreateTopicsRequest& request);
Task<kafka::DeleteTopicsResponse> delete_topics(Context& context, kafka::DeleteTopicsRequest& request);
Task<kafka::ElectLeadersResponse> elect_leaders(Context& context, kafka::ElectLeadersRequest& request);
Task<kafka::AlterPartitionReassignmentsResponse> alter_partition_reassignments(
    Context& context, kafka::AlterPartitionReassignmentsRequest& request);
Task<kafka::ListPartitionReassignmentsResponse> list_partition_reassignments(
    Context& context, kafka::ListPartitionReassignmentsRequest& request);
Task<kafka::CreatePartitionsResponse> create_partitions(Context& context,
                                                        kafka::CreatePartitionsRequest& request);
Task<kafka::DeleteRecordsResponse> delete_records(Context& context, kafka::DeleteRecordsRequest& request);

Task<kafka::DescribeConfigsResponse> describe_configs(Context& context,
                                                      kafka::DescribeConfigsRequest& request);
Task<kafka::AlterConfigsResponse> alter_configs(Context& context, kafka::AlterConfigsRequest& request);
Task<kafka::IncrementalAlterConfigsResponse> incremental_alter_configs(
    Context& context, kafka::IncrementalAlterConfigsRequest& request);
Task<kafka::ListConfigResourcesResponse> list_config_resources(Context& context,
                                                               kafka::ListConfigResourcesRequest& request);

Task<kafka::ConsumerGroupHeartbeatResponse> consumer_group_heartbeat(
    Context& context, kafka::ConsumerGroupHeartbeatRequest& request);
Task<kafka::ConsumerGroupDescribeResponse> consumer_group_describe(
    Context& context, kafka::ConsumerGroupDescribeRequest& request);

Task<kafka::InitProducerIdResponse> init_producer_id(Context& context, kafka::InitProducerIdRequest& request);
Task<kafka::InitProducerIdResponse> init_transactional_id(Context& context,
                                                          kafka::InitProducerIdRequest& request);
Task<kafka::AddPartitionsToTxnResponse> add_partitions_to_txn(Context& context,
                                                              kafka::AddPartitionsToTxnRequest& request);
Task<kafka::AddOffsetsToTxnResponse> add_offsets_to_txn(Context& context,
                                                        kafka::AddOffsetsToTxnRequest& request);
Task<kafka::TxnOffsetCommitResponse> txn_offset_commit(Context& context,
                                                       kafka::TxnOffsetCommitRequest& request);
Task<kafka::EndTxnResponse> end_txn(Context& context, kafka::EndTxnRequest& request);
Task<kafka::WriteTxnMarkersResponse> write_txn_markers(Context& context,
                                                       kafka::WriteTxnMarkersRequest& request);
Task<kafka::DescribeTransactionsResponse> describe_transactions(Context& context,
                                                                kafka::DescribeTransactionsRequest& request);
Task<kafka::ListTransactionsResponse> list_transactions(Context& context,
                                                        kafka::ListTransactionsRequest& request);
Task<kafka::DescribeProducersResponse> describe_producers(Context& context,
                                                          kafka::DescribeProducersRequest& request);

Task<kafka::JoinGroupResponse> join_group(Context& context, kafka::JoinGroupRequest& request);
Task<kafka::SyncGroupResponse> sync_group(Context& context, kafka::SyncGroupRequest& request);
Task<kafka::HeartbeatResponse> heartbeat(Context& context, kafka::HeartbeatRequest& request);
Task<kafka::LeaveGroupResponse> leave_group(Context& context, kafka::LeaveGroupRequest& request);
Task<kafka::OffsetCommitResponse> offset_commit(Context& context, kafka::OffsetCommitRequest& request);
Task<kafka::OffsetFetchResponse> offset_fetch(Context& context, kafka::OffsetFetchRequest& request);
Task<kafka::OffsetDeleteResponse> offset_delete(Context& context, kafka::OffsetDeleteRequest& request);
Task<kafka::ListGroupsResponse> list_groups(Context& context, kafka::ListGroupsRequest& request);
Task<kafka::DescribeGroupsResponse> describe_groups(Context& context, kafka::DescribeGroupsRequest& request);
Task<kafka::DeleteGroupsResponse> delete_groups(Context& context, kafka::DeleteGroupsRequest& request);

}  // namespace mq::core
