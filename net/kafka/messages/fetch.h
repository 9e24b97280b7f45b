// SPDX-License-Identifier: Apache-2.0
// Fetch: record batches from an offset on, for consumers and for followers; the batches leave untouched.
//   v5 log start   v7 sessions, top-level error   v9 leader epoch   v11 rack   v12 flexible, diverging epoch
//   v13 topics by id   v15 replica state   v16 where the leader is now   v17 directory id
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct FetchRequest {
  struct ReplicaState {
    std::int32_t replica_id = -1;
    std::int64_t replica_epoch = -1;
    bool operator==(const ReplicaState&) const = default;
  };

  struct FetchPartition {
    std::int32_t partition = 0;
    std::int32_t current_leader_epoch = -1;
    std::int64_t fetch_offset = 0;
    std::int32_t last_fetched_epoch = -1;
    std::int64_t log_start_offset = -1;
    std::int32_t partition_max_bytes = 0;
    Uuid replica_directory_id{};
    std::int64_t high_watermark = INT64_MAX;  // of a follower; this: it does not say
    bool operator==(const FetchPartition&) const = default;
  };

  struct FetchTopic {
    std::string topic;
    Uuid topic_id{};
    std::vector<FetchPartition> partitions;
    bool operator==(const FetchTopic&) const = default;
  };

  struct ForgottenTopic {
    std::string topic;
    Uuid topic_id{};
    std::vector<std::int32_t> partitions;
    bool operator==(const ForgottenTopic&) const = default;
  };

  std::optional<std::string> cluster_id;
  std::int32_t replica_id = -1;
  ReplicaState replica_state;
  std::int32_t max_wait_ms = 0;
  std::int32_t min_bytes = 0;
  std::int32_t max_bytes = 0x7fffffff;
  std::int8_t isolation_level = 0;
  std::int32_t session_id = 0;
  std::int32_t session_epoch = -1;
  std::vector<FetchTopic> topics;
  std::vector<ForgottenTopic> forgotten_topics_data;
  std::string rack_id;
  bool operator==(const FetchRequest&) const = default;
};

template <>
struct Describe<FetchRequest::ReplicaState> {
  using M = FetchRequest::ReplicaState;
  static constexpr auto fields =
      std::tuple{field("replica_id", &M::replica_id), field("replica_epoch", &M::replica_epoch)};
};

template <>
struct Describe<FetchRequest::FetchPartition> {
  using M = FetchRequest::FetchPartition;
  static constexpr auto fields =
      std::tuple{field("partition", &M::partition),
                 field("current_leader_epoch", &M::current_leader_epoch, {.in = since(9)}),
                 field("fetch_offset", &M::fetch_offset),
                 field("last_fetched_epoch", &M::last_fetched_epoch, {.in = since(12)}),
                 field("log_start_offset", &M::log_start_offset, {.in = since(5)}),
                 field("partition_max_bytes", &M::partition_max_bytes),
                 field("replica_directory_id", &M::replica_directory_id, {.in = since(17), .tag = 0}),
                 field("high_watermark", &M::high_watermark, {.in = since(18), .tag = 1})};
};

template <>
struct Describe<FetchRequest::FetchTopic> {
  using M = FetchRequest::FetchTopic;
  static constexpr auto fields =
      std::tuple{field("topic", &M::topic, {.in = until(12)}),
                 field("topic_id", &M::topic_id, {.in = since(13)}), field("partitions", &M::partitions)};
};

template <>
struct Describe<FetchRequest::ForgottenTopic> {
  using M = FetchRequest::ForgottenTopic;
  static constexpr auto fields =
      std::tuple{field("topic", &M::topic, {.in = until(12)}),
                 field("topic_id", &M::topic_id, {.in = since(13)}), field("partitions", &M::partitions)};
};

template <>
struct Describe<FetchRequest> {
  using M = FetchRequest;
  static constexpr std::string_view name = "FetchRequest";
  static constexpr std::int16_t key = 1;
  static constexpr Versions valid{4, 18}, flexible = since(12);
  static constexpr auto fields =
      std::tuple{field("cluster_id", &M::cluster_id, {.in = since(12), .tag = 0}),
                 field("replica_id", &M::replica_id, {.in = until(14)}),
                 field("replica_state", &M::replica_state, {.in = since(15), .tag = 1}),
                 field("max_wait_ms", &M::max_wait_ms),
                 field("min_bytes", &M::min_bytes),
                 field("max_bytes", &M::max_bytes),
                 field("isolation_level", &M::isolation_level),
                 field("session_id", &M::session_id, {.in = since(7)}),
                 field("session_epoch", &M::session_epoch, {.in = since(7)}),
                 field("topics", &M::topics),
                 field("forgotten_topics_data", &M::forgotten_topics_data, {.in = since(7)}),
                 field("rack_id", &M::rack_id, {.in = since(11)})};
};

struct FetchResponse {
  struct EpochEndOffset {
    std::int32_t epoch = -1;
    std::int64_t end_offset = -1;
    bool operator==(const EpochEndOffset&) const = default;
  };

  struct LeaderIdAndEpoch {
    std::int32_t leader_id = -1;
    std::int32_t leader_epoch = -1;
    bool operator==(const LeaderIdAndEpoch&) const = default;
  };

  struct SnapshotId {
    std::int64_t end_offset = -1;
    std::int32_t epoch = -1;
    bool operator==(const SnapshotId&) const = default;
  };

  struct AbortedTransaction {
    std::int64_t producer_id = 0;
    std::int64_t first_offset = 0;
    bool operator==(const AbortedTransaction&) const = default;
  };

  struct PartitionData {
    std::int32_t partition_index = 0;
    std::int16_t error_code = 0;
    std::int64_t high_watermark = 0;
    std::int64_t last_stable_offset = -1;
    std::int64_t log_start_offset = -1;
    EpochEndOffset diverging_epoch;
    LeaderIdAndEpoch current_leader;
    SnapshotId snapshot_id;
    std::optional<std::vector<AbortedTransaction>> aborted_transactions;
    std::int32_t preferred_read_replica = -1;
    std::optional<Records> records = Records{};
    bool operator==(const PartitionData&) const = default;
  };

  struct FetchableTopicResponse {
    std::string topic;
    Uuid topic_id{};
    std::vector<PartitionData> partitions;
    bool operator==(const FetchableTopicResponse&) const = default;
  };

  struct NodeEndpoint {
    std::int32_t node_id = 0;
    std::string host;
    std::int32_t port = 0;
    std::optional<std::string> rack;
    bool operator==(const NodeEndpoint&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::int32_t session_id = 0;
  std::vector<FetchableTopicResponse> responses;
  std::vector<NodeEndpoint> node_endpoints;
  bool operator==(const FetchResponse&) const = default;
};

template <>
struct Describe<FetchResponse::EpochEndOffset> {
  using M = FetchResponse::EpochEndOffset;
  static constexpr auto fields = std::tuple{field("epoch", &M::epoch), field("end_offset", &M::end_offset)};
};

template <>
struct Describe<FetchResponse::LeaderIdAndEpoch> {
  using M = FetchResponse::LeaderIdAndEpoch;
  static constexpr auto fields =
      std::tuple{field("leader_id", &M::leader_id), field("leader_epoch", &M::leader_epoch)};
};

template <>
struct Describe<FetchResponse::SnapshotId> {
  using M = FetchResponse::SnapshotId;
  static constexpr auto fields = std::tuple{field("end_offset", &M::end_offset), field("epoch", &M::epoch)};
};

template <>
struct Describe<FetchResponse::AbortedTransaction> {
  using M = FetchResponse::AbortedTransaction;
  static constexpr auto fields =
      std::tuple{field("producer_id", &M::producer_id), field("first_offset", &M::first_offset)};
};

template <>
struct Describe<FetchResponse::PartitionData> {
  using M = FetchResponse::PartitionData;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index),
                 field("error_code", &M::error_code),
                 field("high_watermark", &M::high_watermark),
                 field("last_stable_offset", &M::last_stable_offset),
                 field("log_start_offset", &M::log_start_offset, {.in = since(5)}),
                 field("diverging_epoch", &M::diverging_epoch, {.in = since(12), .tag = 0}),
                 field("current_leader", &M::current_leader, {.in = since(12), .tag = 1}),
                 field("snapshot_id", &M::snapshot_id, {.in = since(12), .tag = 2}),
                 field("aborted_transactions", &M::aborted_transactions),
                 field("preferred_read_replica", &M::preferred_read_replica, {.in = since(11)}),
                 field("records", &M::records, {.null = never})};
};

template <>
struct Describe<FetchResponse::FetchableTopicResponse> {
  using M = FetchResponse::FetchableTopicResponse;
  static constexpr auto fields =
      std::tuple{field("topic", &M::topic, {.in = until(12)}),
                 field("topic_id", &M::topic_id, {.in = since(13)}), field("partitions", &M::partitions)};
};

template <>
struct Describe<FetchResponse::NodeEndpoint> {
  using M = FetchResponse::NodeEndpoint;
  static constexpr auto fields = std::tuple{field("node_id", &M::node_id), field("host", &M::host),
                                            field("port", &M::port), field("rack", &M::rack)};
};

template <>
struct Describe<FetchResponse> {
  using M = FetchResponse;
  static constexpr std::string_view name = "FetchResponse";
  static constexpr std::int16_t key = 1;
  static constexpr Versions valid{4, 18}, flexible = since(12);
  static constexpr auto fields = std::tuple{
      field("throttle_time_ms", &M::throttle_time_ms), field("error_code", &M::error_code, {.in = since(7)}),
      field("session_id", &M::session_id, {.in = since(7)}), field("responses", &M::responses),
      field("node_endpoints", &M::node_endpoints, {.in = since(16), .tag = 0})};
};

}  // namespace mq::kafka
