// SPDX-License-Identifier: Apache-2.0
#include "core/admin/missing.h"

#include "core/admin/usage_error.h"

namespace mq::admin {

std::string Missing::text() const {
  switch (what) {
    case What::topic:
      return why.error == kafka::Error::unknown_topic_or_partition
                 ? "topic " + in_quotes(name) + " does not exist"
                 : why.text();
    case What::partition:
      return "topic " + in_quotes(name) + " has no partition " + std::to_string(partition);
    case What::group:
      return "group " + in_quotes(name) + " does not exist";
    case What::topics:
      return "no topic matches " + in_quotes(name);
    case What::groups:
      return "no group matches " + in_quotes(name);
  }
  return "";
}

Missing missing_partition(const std::string& topic, std::int32_t partition) {
  return {.what = Missing::What::partition, .name = topic, .partition = partition};
}

}  // namespace mq::admin
