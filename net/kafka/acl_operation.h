// SPDX-License-Identifier: Apache-2.0
// What can be done to a resource, in Kafka's numbers, and what of it makes sense for which (AclOperation,
// AclEntry.supportedOperations). Pure.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace mq::kafka {

enum class AclOperation : std::int8_t {
  read = 3,
  write = 4,
  create = 5,
  remove = 6,  // DELETE
  alter = 7,
  describe = 8,
  cluster_action = 9,
  describe_configs = 10,
  alter_configs = 11,
  idempotent_write = 12,
};

// On what (ResourceType).
enum class AclResource : std::int8_t { any = 1, topic = 2, group = 3, cluster = 4, transactional_id = 5 };

// As answers carry them: a bit for each.
constexpr std::int32_t mask_of(std::initializer_list<AclOperation> operations) {
  std::int32_t mask = 0;
  for (const AclOperation operation : operations) mask |= 1 << static_cast<int>(operation);
  return mask;
}

constexpr std::int32_t topic_operations = mask_of(
    {AclOperation::read, AclOperation::write, AclOperation::create, AclOperation::remove, AclOperation::alter,
     AclOperation::describe, AclOperation::describe_configs, AclOperation::alter_configs});
constexpr std::int32_t group_operations =
    mask_of({AclOperation::read, AclOperation::remove, AclOperation::describe, AclOperation::describe_configs,
             AclOperation::alter_configs});
constexpr std::int32_t cluster_operations =
    mask_of({AclOperation::create, AclOperation::alter, AclOperation::describe, AclOperation::cluster_action,
             AclOperation::describe_configs, AclOperation::alter_configs, AclOperation::idempotent_write});

}  // namespace mq::kafka
