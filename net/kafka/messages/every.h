// SPDX-License-Identifier: Apache-2.0
// Every message, requests and responses by turns, in the order of their keys. For tables, tests and tools;
// who serves one message includes its own header.
#pragma once

#include "net/kafka/messages/alter_configs.h"
#include "net/kafka/messages/api_versions.h"
#include "net/kafka/messages/create_partitions.h"
#include "net/kafka/messages/create_topics.h"
#include "net/kafka/messages/delete_records.h"
#include "net/kafka/messages/delete_topics.h"
#include "net/kafka/messages/describe_cluster.h"
#include "net/kafka/messages/describe_configs.h"
#include "net/kafka/messages/describe_log_dirs.h"
#include "net/kafka/messages/describe_producers.h"
#include "net/kafka/messages/describe_topic_partitions.h"
#include "net/kafka/messages/fetch.h"
#include "net/kafka/messages/find_coordinator.h"
#include "net/kafka/messages/incremental_alter_configs.h"
#include "net/kafka/messages/init_producer_id.h"
#include "net/kafka/messages/list_config_resources.h"
#include "net/kafka/messages/list_offsets.h"
#include "net/kafka/messages/metadata.h"
#include "net/kafka/messages/offset_for_leader_epoch.h"
#include "net/kafka/messages/produce.h"

namespace mq::kafka {

template <class... M>
struct Messages {};

using EveryMessage = Messages<
    ProduceRequest, ProduceResponse, FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse,
    MetadataRequest, MetadataResponse, FindCoordinatorRequest, FindCoordinatorResponse, ApiVersionsRequest,
    ApiVersionsResponse, CreateTopicsRequest, CreateTopicsResponse, DeleteTopicsRequest, DeleteTopicsResponse,
    DeleteRecordsRequest, DeleteRecordsResponse, InitProducerIdRequest, InitProducerIdResponse,
    OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, DescribeConfigsRequest,
    DescribeConfigsResponse, AlterConfigsRequest, AlterConfigsResponse, DescribeLogDirsRequest,
    DescribeLogDirsResponse, CreatePartitionsRequest, CreatePartitionsResponse,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, DescribeClusterRequest,
    DescribeClusterResponse, DescribeProducersRequest, DescribeProducersResponse, ListConfigResourcesRequest,
    ListConfigResourcesResponse, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>;

}  // namespace mq::kafka
