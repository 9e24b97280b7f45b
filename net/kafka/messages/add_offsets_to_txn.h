// SPDX-License-Identifier: Apache-2.0
// AddOffsetsToTxn: a transaction is about to commit offsets of a group.
//   v3 flexible   v4 as v3
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct AddOffsetsToTxnRequest {
  std::string transactional_id;
  std::int64_t producer_id = 0;
  std::int16_t producer_epoch = 0;
  std::string group_id;
  bool operator==(const AddOffsetsToTxnRequest&) const = default;
};

template <>
struct Describe<AddOffsetsToTxnRequest> {
  using M = AddOffsetsToTxnRequest;
  static constexpr std::string_view name = "AddOffsetsToTxnRequest";
  static constexpr std::int16_t key = 25;
  static constexpr Versions valid{0, 4}, flexible = since(3);
  static constexpr auto fields =
      std::tuple{field("transactional_id", &M::transactional_id), field("producer_id", &M::producer_id),
                 field("producer_epoch", &M::producer_epoch), field("group_id", &M::group_id)};
};

struct AddOffsetsToTxnResponse {
  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  bool operator==(const AddOffsetsToTxnResponse&) const = default;
};

template <>
struct Describe<AddOffsetsToTxnResponse> {
  using M = AddOffsetsToTxnResponse;
  static constexpr std::string_view name = "AddOffsetsToTxnResponse";
  static constexpr std::int16_t key = 25;
  static constexpr Versions valid{0, 4}, flexible = since(3);
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("error_code", &M::error_code)};
};

}  // namespace mq::kafka
