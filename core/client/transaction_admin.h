// SPDX-License-Identifier: Apache-2.0
// Transactions seen from outside: which there are, what is open in a partition, and how one that nobody ends
// any more is aborted. Each function tries again what Kafka calls retriable, until its deadline.
#pragma once

#include <string>
#include <vector>

#include "core/client/client.h"

namespace mq::client {

struct ListedTransaction {
  std::string id;
  std::int64_t producer_id = -1;
  std::string state;  // "Ongoing"
  BrokerId coordinator = -1;
};

struct DescribedTransaction {
  std::string id;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::string state;
  Duration timeout{};
  Milliseconds started = -1;  // -1: none is open
  BrokerId coordinator = -1;
  std::vector<TopicPartition> partitions;
};

// A producer with something open in a partition.
struct OpenTransaction {
  TopicPartition partition;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t coordinator_epoch = -1;
  Offset first_offset = -1;
  Milliseconds last_written = -1;
};

// Of all brokers. No states: all.
Task<Answer<std::vector<ListedTransaction>>> list_transactions(Client& client,
                                                               std::vector<std::string> states,
                                                               Time deadline);
Task<Answer<DescribedTransaction>> describe_transaction(Client& client, std::string id, Time deadline);
// What is open in these partitions, as their leaders see it; partitions without a leader are passed over.
Task<Answer<std::vector<OpenTransaction>>> open_transactions(Client& client,
                                                             std::vector<TopicPartition> partitions,
                                                             Time deadline);
// Writes the marker that ends it there, past its coordinator: for one that has forgotten about it.
Task<Answer<Nothing>> abort_transaction(Client& client, OpenTransaction transaction, Time deadline);

}  // namespace mq::client
