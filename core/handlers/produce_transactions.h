// SPDX-License-Identifier: Apache-2.0
// Whether what a Produce writes in a transaction belongs to one that is open (KIP-890): older clients have
// said so before, newer ones say it by writing. Lives in the handler's coroutine.
#pragma once

#include "core/handlers/context.h"
#include "core/transaction/coordinator.h"

namespace mq::kafka {
struct ProduceRequest;
}

namespace mq::core {

// From this version of Produce on partitions are added to a transaction by writing to them.
inline constexpr std::int16_t version_adding_partitions = 12;

// What a request has to show to write to a transaction. Kept until all its appends have begun.
struct TransactionVerification {
  kafka::Error error = kafka::Error::none;  // for every transactional batch
  ProducerEpoch producer;
  std::optional<TransactionCoordinator::Addition> added;
};

// Suspends only when partitions have to be added.
Task<TransactionVerification> verify_transaction(Context& context, const kafka::ProduceRequest& request);

// Whether this transactional batch may be written, as Produce says it.
kafka::Error check_verification(const Context& context, const kafka::ProduceRequest& request,
                                const std::optional<TransactionVerification>& verification,
                                const TopicPartition& to);

}  // namespace mq::core
