// SPDX-License-Identifier: Apache-2.0
// What has configs, and what is done to one, in Kafka's numbers (ConfigResource.Type, AlterConfigOp.OpType).
#pragma once

#include <cstdint>

namespace mq::kafka {

enum ConfigResource : std::int8_t {
  topic_resource = 2,
  broker_resource = 4,
  broker_logger_resource = 8,
  group_resource = 32,
};

enum AlterConfigOp : std::int8_t { op_set = 0, op_delete = 1, op_append = 2, op_subtract = 3 };

}  // namespace mq::kafka
