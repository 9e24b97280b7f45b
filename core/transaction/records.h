// SPDX-License-Identifier: Apache-2.0
// Transactions as __transaction_state has them: Kafka's records, so that its tools can read them. Pure.
#pragma once

#include "core/metadata/internal_topic.h"
#include "core/transaction/state.h"

namespace mq::core {

KeyedRecord record_of(const std::string& id, const Transaction& transaction);
KeyedRecord forgotten(const std::string& id);

struct Remembered {
  std::string id;
  std::optional<Transaction> transaction;  // nothing: forgotten
};
// Nothing: of a kind or version that we do not know, or damaged.
std::optional<Remembered> read_record(net::Bytes key, std::optional<net::Bytes> value);

}  // namespace mq::core
