// SPDX-License-Identifier: Apache-2.0
#include "core/admin/risk.h"

namespace mq::admin {

Risk risk_of_deletion(bool by_pattern, std::int64_t bytes) {
  constexpr std::int64_t large = std::int64_t{1} << 30;
  return by_pattern || bytes > large ? Risk::severe : Risk::guarded;
}

}  // namespace mq::admin
