// SPDX-License-Identifier: Apache-2.0
// The one record of a control batch: its key says what it means, its value who says so.
//   v1 flexible (transaction version 2)
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct ControlRecordKey {
  std::int16_t type = 0;  // 0 abort, 1 commit
  bool operator==(const ControlRecordKey&) const = default;
};

template <>
struct Describe<ControlRecordKey> {
  using M = ControlRecordKey;
  static constexpr std::string_view name = "ControlRecordTypeSchema";
  static constexpr Versions valid{0, 0}, flexible = never;
  static constexpr auto fields = std::tuple{field("type", &M::type)};
};

struct EndTxnMarker {
  std::int32_t coordinator_epoch = 0;
  bool operator==(const EndTxnMarker&) const = default;
};

template <>
struct Describe<EndTxnMarker> {
  using M = EndTxnMarker;
  static constexpr std::string_view name = "EndTxnMarker";
  static constexpr Versions valid{0, 1}, flexible = since(1);
  static constexpr auto fields = std::tuple{field("coordinator_epoch", &M::coordinator_epoch)};
};

}  // namespace mq::kafka
