// SPDX-License-Identifier: Apache-2.0
// ListTransactions: the transactions this broker coordinates. Flexible from the start.
//   v1 by duration   v2 by a pattern of their ids
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ListTransactionsRequest {
  std::vector<std::string> state_filters;
  std::vector<std::int64_t> producer_id_filters;
  std::int64_t duration_filter = -1;
  std::optional<std::string> transactional_id_pattern;
  bool operator==(const ListTransactionsRequest&) const = default;
};

template <>
struct Describe<ListTransactionsRequest> {
  using M = ListTransactionsRequest;
  static constexpr std::string_view name = "ListTransactionsRequest";
  static constexpr std::int16_t key = 66;
  static constexpr Versions valid{0, 2}, flexible = always;
  static constexpr auto fields = std::tuple{
      field("state_filters", &M::state_filters), field("producer_id_filters", &M::producer_id_filters),
      field("duration_filter", &M::duration_filter, {.in = since(1)}),
      field("transactional_id_pattern", &M::transactional_id_pattern, {.in = since(2)})};
};

struct ListTransactionsResponse {
  struct TransactionState {
    std::string transactional_id;
    std::int64_t producer_id = 0;
    std::string transaction_state;
    bool operator==(const TransactionState&) const = default;
  };

  std::int32_t throttle_time_ms = 0;
  std::int16_t error_code = 0;
  std::vector<std::string> unknown_state_filters;
  std::vector<TransactionState> transaction_states;
  bool operator==(const ListTransactionsResponse&) const = default;
};

template <>
struct Describe<ListTransactionsResponse::TransactionState> {
  using M = ListTransactionsResponse::TransactionState;
  static constexpr auto fields =
      std::tuple{field("transactional_id", &M::transactional_id), field("producer_id", &M::producer_id),
                 field("transaction_state", &M::transaction_state)};
};

template <>
struct Describe<ListTransactionsResponse> {
  using M = ListTransactionsResponse;
  static constexpr std::string_view name = "ListTransactionsResponse";
  static constexpr std::int16_t key = 66;
  static constexpr Versions valid{0, 2}, flexible = always;
  static constexpr auto fields =
      std::tuple{field("throttle_time_ms", &M::throttle_time_ms), field("error_code", &M::error_code),
                 field("unknown_state_filters", &M::unknown_state_filters),
                 field("transaction_states", &M::transaction_states)};
};

}  // namespace mq::kafka
