// SPDX-License-Identifier: Apache-2.0
// Why a reader of committed records comes no further though there is more: whose open transaction stands in
// its way.
#pragma once

#include <string>

#include "core/client/client.h"

namespace mq::cli {

struct Standstill {
  core::TopicPartition partition;
  client::Offset at = 0;      // where the transaction begins: the last stable offset
  client::Offset behind = 0;  // offsets that wait, its own included
};

// `orders[2]: waits at offset 17 for the transaction "payments-1" of producer 4, open since …`: as much of it
// as the brokers tell.
client::Task<std::string> explain(client::Client& client, Standstill standstill, bool utc);

}  // namespace mq::cli
