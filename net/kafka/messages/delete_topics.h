// SPDX-License-Identifier: Apache-2.0
// DeleteTopics: topics to forget, by name or, since v6, by id.
//   v4 flexible   v5 error message   v6 topic ids
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct DeleteTopicsRequest {
  struct DeleteTopicState {
    std::optional<std::string> name;
    Uuid topic_id{};
    bool operator==(const DeleteTopicState&) const = default;
  };

  std::vector<DeleteTopicState> topics;
  std::vector<std::string> topic_names;
  std::int32_t timeout_ms = 0;
  bool operator==(const DeleteTopicsRequest&) const = default;
};

template <>
struct Describe<DeleteTopicsRequest::DeleteTopicState> {
  using M = DeleteTopicsRequest::DeleteTopicState;
  static constexpr auto fields = std::tuple{field("name", &M::name), field("topic_id", &M::topic_id)};
};

template <>
struct Describe<DeleteTopicsRequest> {
  using M = DeleteTopicsRequest;
  static constexpr std::string_view name = "DeleteTopicsRequest";
  static constexpr std::int16_t key = 20;
  static constexpr Versions valid{1, 6}, flexible = since(4);
  static constexpr auto fields = std::tuple{field("topics", &M::topics, {.in = since(6)}),
                                            field("topic_names", &M::topic_names, {.in = until(5)}),
                                            field("timeout_ms", &M::timeout_ms)};
};

struct DeleteTopicsResponse {
  struct DeletableTopicResult {
    std::optional<std::string> name;
    Uuid topic_id{};
    std::int16_t error_code = 0;
    std::optional<std::string> error_message;
    bool operator==(const DeletableTopicResult&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::vector<DeletableTopicResult> responses;
  bool operator==(const DeleteTopicsResponse&) const = default;
};

template <>
struct Describe<DeleteTopicsResponse::DeletableTopicResult> {
  using M = DeleteTopicsResponse::DeletableTopicResult;
  static constexpr auto fields = std::tuple{
      field("name", &M::name, {.null = since(6)}), field("topic_id", &M::topic_id, {.in = since(6)}),
      field("error_code", &M::error_code), field("error_message", &M::error_message, {.in = since(5)})};
};

template <>
struct Describe<DeleteTopicsResponse> {
  using M = DeleteTopicsResponse;
  static constexpr std::string_view name = "DeleteTopicsResponse";
  static constexpr std::int16_t key = 20;
  static constexpr Versions valid{1, 6}, flexible = since(4);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("responses", &M::responses)};
};

}  // namespace mq::kafka
