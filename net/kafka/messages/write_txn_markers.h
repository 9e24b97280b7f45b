// SPDX-License-Identifier: Apache-2.0
// WriteTxnMarkers: a coordinator ends transactions in the partitions they wrote to. Flexible from the start.
//   v2 transaction version
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct WriteTxnMarkersRequest {
  struct WritableTxnMarkerTopic {
    std::string name;
    std::vector<std::int32_t> partition_indexes;
    bool operator==(const WritableTxnMarkerTopic&) const = default;
  };

  struct WritableTxnMarker {
    std::int64_t producer_id = 0;
    std::int16_t producer_epoch = 0;
    bool transaction_result = false;
    std::vector<WritableTxnMarkerTopic> topics;
    std::int32_t coordinator_epoch = 0;
    std::int8_t transaction_version = 0;
    bool operator==(const WritableTxnMarker&) const = default;
  };

  std::vector<WritableTxnMarker> markers;
  bool operator==(const WriteTxnMarkersRequest&) const = default;
};

template <>
struct Describe<WriteTxnMarkersRequest::WritableTxnMarkerTopic> {
  using M = WriteTxnMarkersRequest::WritableTxnMarkerTopic;
  static constexpr auto fields =
      std::tuple{field("name", &M::name), field("partition_indexes", &M::partition_indexes)};
};

template <>
struct Describe<WriteTxnMarkersRequest::WritableTxnMarker> {
  using M = WriteTxnMarkersRequest::WritableTxnMarker;
  static constexpr auto fields =
      std::tuple{field("producer_id", &M::producer_id),
                 field("producer_epoch", &M::producer_epoch),
                 field("transaction_result", &M::transaction_result),
                 field("topics", &M::topics),
                 field("coordinator_epoch", &M::coordinator_epoch),
                 field("transaction_version", &M::transaction_version, {.in = since(2)})};
};

template <>
struct Describe<WriteTxnMarkersRequest> {
  using M = WriteTxnMarkersRequest;
  static constexpr std::string_view name = "WriteTxnMarkersRequest";
  static constexpr std::int16_t key = 27;
  static constexpr Versions valid{1, 2}, flexible = always;
  static constexpr auto fields = std::tuple{field("markers", &M::markers)};
};

struct WriteTxnMarkersResponse {
  struct WritableTxnMarkerPartitionResult {
    std::int32_t partition_index = 0;
    std::int16_t error_code = 0;
    bool operator==(const WritableTxnMarkerPartitionResult&) const = default;
  };

  struct WritableTxnMarkerTopicResult {
    std::string name;
    std::vector<WritableTxnMarkerPartitionResult> partitions;
    bool operator==(const WritableTxnMarkerTopicResult&) const = default;
  };

  struct WritableTxnMarkerResult {
    std::int64_t producer_id = 0;
    std::vector<WritableTxnMarkerTopicResult> topics;
    bool operator==(const WritableTxnMarkerResult&) const = default;
  };

  std::vector<WritableTxnMarkerResult> markers;
  bool operator==(const WriteTxnMarkersResponse&) const = default;
};

template <>
struct Describe<WriteTxnMarkersResponse::WritableTxnMarkerPartitionResult> {
  using M = WriteTxnMarkersResponse::WritableTxnMarkerPartitionResult;
  static constexpr auto fields =
      std::tuple{field("partition_index", &M::partition_index), field("error_code", &M::error_code)};
};

template <>
struct Describe<WriteTxnMarkersResponse::WritableTxnMarkerTopicResult> {
  using M = WriteTxnMarkersResponse::WritableTxnMarkerTopicResult;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("partitions", &M::partitions)};
};

template <>
struct Describe<WriteTxnMarkersResponse::WritableTxnMarkerResult> {
  using M = WriteTxnMarkersResponse::WritableTxnMarkerResult;
  static constexpr auto fields =
      std::tuple{field("producer_id", &M::producer_id), field("topics", &M::topics)};
};

template <>
struct Describe<WriteTxnMarkersResponse> {
  using M = WriteTxnMarkersResponse;
  static constexpr std::string_view name = "WriteTxnMarkersResponse";
  static constexpr std::int16_t key = 27;
  static constexpr Versions valid{1, 2}, flexible = always;
  static constexpr auto fields = std::tuple{field("markers", &M::markers)};
};

}  // namespace mq::kafka
