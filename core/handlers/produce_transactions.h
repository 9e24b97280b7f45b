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
  bool adds = false;  // partitions are added one by one, by a coordinator that is elsewhere
};

// Suspends only when partitions have to be added.
Task<TransactionVerification> verify_transaction(Context& context, const kafka::ProduceRequest& request);

// Whether the producer may write to this partition, as Produce says it. Its coordinator is asked before the
// first batch of a transaction; while that is open there, nobody is.
struct VerifiedBatch {
  kafka::Error error = kafka::Error::none;
  std::optional<Producers::Verification> verification;  // for the append
};
Task<VerifiedBatch> verify_batch(Context& context, const kafka::ProduceRequest& request,
                                 const std::optional<TransactionVerification>& verification, TopicPtr topic,
                                 std::int32_t index, ProducerId producer);

}  // namespace mq::core
