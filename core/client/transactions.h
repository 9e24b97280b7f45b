// SPDX-License-Identifier: Apache-2.0
// The transactions of a producer, one after the other: who it is, which partitions take part, and how each
// ends. Fences whoever had the same id before. Lives on the client's loop; one call at a time.
#pragma once

#include <set>
#include <string>

#include "core/client/client.h"
#include "net/kafka/record_batch.h"

namespace mq::client {

struct TransactionOptions {
  std::string id;
  Duration timeout = std::chrono::minutes(1);  // then the coordinator aborts one by itself
};

class Transactions {
 public:
  Transactions(Client& client, TransactionOptions options) : client_(client), options_(std::move(options)) {}

  const std::string& id() const { return options_.id; }

  // Ends what an earlier producer of this id has left open, which may take a moment.
  Task<Answer<kafka::BatchProducer>> start(Time deadline);

  // Before the first batch of a transaction is sent to a partition, it must be in.
  bool has(const TopicPartition& partition) const { return partitions_.contains(partition); }
  Task<Answer<Nothing>> add(std::set<TopicPartition> partitions, Time deadline);
  bool open() const { return !partitions_.empty(); }

  // When everything that was sent has been answered. Nothing was added: nothing to do.
  Task<Answer<Nothing>> end(bool commit, Time deadline);

 private:
  Client& client_;
  TransactionOptions options_;
  kafka::BatchProducer producer_;
  std::set<TopicPartition> partitions_;
};

}  // namespace mq::client
