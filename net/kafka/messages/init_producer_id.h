// SPDX-License-Identifier: Apache-2.0
// InitProducerId: a number for an idempotent producer, and the epoch that fences its predecessor.
//   v2 flexible   v3 a producer that continues gives what it had   v4 PRODUCER_FENCED   v5 nothing in the
//   bytes
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct InitProducerIdRequest {
  std::optional<std::string> transactional_id;
  std::int32_t transaction_timeout_ms = 0;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  bool operator==(const InitProducerIdRequest&) const = default;
};

template <>
struct Describe<InitProducerIdRequest> {
  using M = InitProducerIdRequest;
  static constexpr std::string_view name = "InitProducerIdRequest";
  static constexpr std::int16_t key = 22;
  static constexpr Versions valid{0, 5}, flexible = since(2);
  static constexpr auto fields = std::tuple{field("transactional_id", &M::transactional_id),
                                            field("transaction_timeout_ms", &M::transaction_timeout_ms),
                                            field("producer_id", &M::producer_id, {.in = since(3)}),
                                            field("producer_epoch", &M::producer_epoch, {.in = since(3)})};
};

struct InitProducerIdResponse {
  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = 0;
  bool operator==(const InitProducerIdResponse&) const = default;
};

template <>
struct Describe<InitProducerIdResponse> {
  using M = InitProducerIdResponse;
  static constexpr std::string_view name = "InitProducerIdResponse";
  static constexpr std::int16_t key = 22;
  static constexpr Versions valid{0, 5}, flexible = since(2);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("error_code", &M::error_code),
                 field("producer_id", &M::producer_id), field("producer_epoch", &M::producer_epoch)};
};

}  // namespace mq::kafka
