// SPDX-License-Identifier: Apache-2.0
// EndTxn: commit or abort.
//   v3 flexible   v5 every transaction has an epoch of its own, the next one is answered
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct EndTxnRequest {
  std::string transactional_id;
  std::int64_t producer_id = 0;
  std::int16_t producer_epoch = 0;
  bool committed = false;
  bool operator==(const EndTxnRequest&) const = default;
};

template <>
struct Describe<EndTxnRequest> {
  using M = EndTxnRequest;
  static constexpr std::string_view name = "EndTxnRequest";
  static constexpr std::int16_t key = 26;
  static constexpr Versions valid{0, 5}, flexible = since(3);
  static constexpr auto fields =
      std::tuple{field("transactional_id", &M::transactional_id), field("producer_id", &M::producer_id),
                 field("producer_epoch", &M::producer_epoch), field("committed", &M::committed)};
};

struct EndTxnResponse {
  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  bool operator==(const EndTxnResponse&) const = default;
};

template <>
struct Describe<EndTxnResponse> {
  using M = EndTxnResponse;
  static constexpr std::string_view name = "EndTxnResponse";
  static constexpr std::int16_t key = 26;
  static constexpr Versions valid{0, 5}, flexible = since(3);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("error_code", &M::error_code),
                 field("producer_id", &M::producer_id, {.in = since(5)}),
                 field("producer_epoch", &M::producer_epoch, {.in = since(5)})};
};

}  // namespace mq::kafka
