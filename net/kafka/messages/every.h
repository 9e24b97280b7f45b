// SPDX-License-Identifier: Apache-2.0
// Every message, requests and responses by turns, in the order of their keys. For tables, tests and tools;
// who serves one message includes its own header.
#pragma once

#include "net/kafka/messages/add_offsets_to_txn.h"
#include "net/kafka/messages/add_partitions_to_txn.h"
#include "net/kafka/messages/alter_configs.h"
#include "net/kafka/messages/alter_partition_reassignments.h"
#include "net/kafka/messages/api_versions.h"
#include "net/kafka/messages/consumer_group_describe.h"
#include "net/kafka/messages/consumer_group_heartbeat.h"
#include "net/kafka/messages/create_partitions.h"
#include "net/kafka/messages/create_topics.h"
#include "net/kafka/messages/delete_groups.h"
#include "net/kafka/messages/delete_records.h"
#include "net/kafka/messages/delete_topics.h"
#include "net/kafka/messages/describe_cluster.h"
#include "net/kafka/messages/describe_configs.h"
#include "net/kafka/messages/describe_groups.h"
#include "net/kafka/messages/describe_log_dirs.h"
#include "net/kafka/messages/describe_producers.h"
#include "net/kafka/messages/describe_quorum.h"
#include "net/kafka/messages/describe_topic_partitions.h"
#include "net/kafka/messages/describe_transactions.h"
#include "net/kafka/messages/elect_leaders.h"
#include "net/kafka/messages/end_txn.h"
#include "net/kafka/messages/fetch.h"
#include "net/kafka/messages/find_coordinator.h"
#include "net/kafka/messages/heartbeat.h"
#include "net/kafka/messages/incremental_alter_configs.h"
#include "net/kafka/messages/init_producer_id.h"
#include "net/kafka/messages/join_group.h"
#include "net/kafka/messages/leave_group.h"
#include "net/kafka/messages/list_config_resources.h"
#include "net/kafka/messages/list_groups.h"
#include "net/kafka/messages/list_offsets.h"
#include "net/kafka/messages/list_partition_reassignments.h"
#include "net/kafka/messages/list_transactions.h"
#include "net/kafka/messages/metadata.h"
#include "net/kafka/messages/offset_commit.h"
#include "net/kafka/messages/offset_delete.h"
#include "net/kafka/messages/offset_fetch.h"
#include "net/kafka/messages/offset_for_leader_epoch.h"
#include "net/kafka/messages/produce.h"
#include "net/kafka/messages/sync_group.h"
#include "net/kafka/messages/txn_offset_commit.h"
#include "net/kafka/messages/unregister_broker.h"
#include "net/kafka/messages/update_features.h"
#include "net/kafka/messages/write_txn_markers.h"

namespace mq::kafka {

template <class... M>
struct Messages {};

using EveryMessage = Messages<
    ProduceRequest, ProduceResponse, FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse,
    MetadataRequest, MetadataResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest,
    OffsetFetchResponse, FindCoordinatorRequest, FindCoordinatorResponse, JoinGroupRequest, JoinGroupResponse,
    HeartbeatRequest, HeartbeatResponse, LeaveGroupRequest, LeaveGroupResponse, SyncGroupRequest,
    SyncGroupResponse, DescribeGroupsRequest, DescribeGroupsResponse, ListGroupsRequest, ListGroupsResponse,
    ApiVersionsRequest, ApiVersionsResponse, CreateTopicsRequest, CreateTopicsResponse, DeleteTopicsRequest,
    DeleteTopicsResponse, DeleteRecordsRequest, DeleteRecordsResponse, InitProducerIdRequest,
    InitProducerIdResponse, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, AddOffsetsToTxnRequest, AddOffsetsToTxnResponse,
    EndTxnRequest, EndTxnResponse, WriteTxnMarkersRequest, WriteTxnMarkersResponse, TxnOffsetCommitRequest,
    TxnOffsetCommitResponse, DescribeConfigsRequest, DescribeConfigsResponse, AlterConfigsRequest,
    AlterConfigsResponse, DescribeLogDirsRequest, DescribeLogDirsResponse, CreatePartitionsRequest,
    CreatePartitionsResponse, DeleteGroupsRequest, DeleteGroupsResponse, ElectLeadersRequest,
    ElectLeadersResponse, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, OffsetDeleteRequest,
    OffsetDeleteResponse, DescribeQuorumRequest, DescribeQuorumResponse, UpdateFeaturesRequest,
    UpdateFeaturesResponse, DescribeClusterRequest, DescribeClusterResponse, DescribeProducersRequest,
    DescribeProducersResponse, UnregisterBrokerRequest, UnregisterBrokerResponse, DescribeTransactionsRequest,
    DescribeTransactionsResponse, ListTransactionsRequest, ListTransactionsResponse,
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse, ListConfigResourcesRequest, ListConfigResourcesResponse,
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>;

}  // namespace mq::kafka
