// SPDX-License-Identifier: Apache-2.0
// Every request that is answered, as a typed coroutine. Each runs in the order of arrival up to its first
// suspension. A handler that may stay silent returns an optional. Errors are part of the answer.
#pragma once

#include "core/context.h"
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

namespace mq::core {

Task<std::optional<kafka::ProduceResponse>> produce(Context& context, kafka::ProduceRequest request);
Task<kafka::FetchResponse> fetch(Context& context, kafka::FetchRequest request);
Task<kafka::ListOffsetsResponse> list_offsets(Context& context, kafka::ListOffsetsRequest request);
Task<kafka::OffsetForLeaderEpochResponse> offset_for_leader_epoch(Context& context,
                                                                  kafka::OffsetForLeaderEpochRequest request);

Task<kafka::ApiVersionsResponse> api_versions(Context& context, kafka::ApiVersionsRequest request);
Task<kafka::MetadataResponse> metadata(Context& context, kafka::MetadataRequest request);
Task<kafka::DescribeClusterResponse> describe_cluster(Context& context,
                                                      kafka::DescribeClusterRequest request);
Task<kafka::DescribeTopicPartitionsResponse> describe_topic_partitions(
    Context& context, kafka::DescribeTopicPartitionsRequest request);
Task<kafka::DescribeLogDirsResponse> describe_log_dirs(Context& context,
                                                       kafka::DescribeLogDirsRequest request);
Task<kafka::FindCoordinatorResponse> find_coordinator(Context& context,
                                                      kafka::FindCoordinatorRequest request);

Task<kafka::CreateTopicsResponse> create_topics(Context& context, kafka::CreateTopicsRequest request);
Task<kafka::DeleteTopicsResponse> delete_topics(Context& context, kafka::DeleteTopicsRequest request);
Task<kafka::CreatePartitionsResponse> create_partitions(Context& context,
                                                        kafka::CreatePartitionsRequest request);
Task<kafka::DeleteRecordsResponse> delete_records(Context& context, kafka::DeleteRecordsRequest request);

Task<kafka::DescribeConfigsResponse> describe_configs(Context& context,
                                                      kafka::DescribeConfigsRequest request);
Task<kafka::AlterConfigsResponse> alter_configs(Context& context, kafka::AlterConfigsRequest request);
Task<kafka::IncrementalAlterConfigsResponse> incremental_alter_configs(
    Context& context, kafka::IncrementalAlterConfigsRequest request);
Task<kafka::ListConfigResourcesResponse> list_config_resources(Context& context,
                                                               kafka::ListConfigResourcesRequest request);

Task<kafka::InitProducerIdResponse> init_producer_id(Context& context, kafka::InitProducerIdRequest request);
Task<kafka::DescribeProducersResponse> describe_producers(Context& context,
                                                          kafka::DescribeProducersRequest request);

}  // namespace mq::core
