// SPDX-License-Identifier: Apache-2.0
#include "cli/records/standstill.h"

#include <algorithm>

#include "cli/frame/errors.h"
#include "cli/frame/print.h"
#include "core/admin/partition_names.h"
#include "core/admin/position.h"
#include "core/client/transaction_admin.h"

namespace mq::cli {
namespace {

constexpr auto patience = std::chrono::seconds(5);

client::Task<std::optional<client::OpenTransaction>> transaction_at(client::Client& client,
                                                                    Standstill standstill,
                                                                    client::Time deadline) {
  std::vector<core::TopicPartition> partitions{standstill.partition};
  auto open = co_await client::open_transactions(client, std::move(partitions), deadline);
  if (!open || open->empty()) co_return std::nullopt;
  co_return *std::ranges::min_element(*open, {}, &client::OpenTransaction::first_offset);
}

// As its coordinator knows it.
client::Task<std::optional<client::DescribedTransaction>> described(client::Client& client,
                                                                    std::int64_t producer_id,
                                                                    client::Time deadline) {
  std::vector<std::string> any_state;
  const auto all = co_await client::list_transactions(client, std::move(any_state), deadline);
  if (!all) co_return std::nullopt;
  const auto one = std::ranges::find(*all, producer_id, &client::ListedTransaction::producer_id);
  if (one == all->end()) co_return std::nullopt;
  auto told = co_await client::describe_transaction(client, one->id, deadline);
  if (!told) co_return std::nullopt;
  co_return std::move(*told);
}

}  // namespace

client::Task<std::string> explain(client::Client& client, Standstill standstill, bool utc) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::string text =
      admin::name_of(standstill.partition) + ": waits at offset " + std::to_string(standstill.at) + " for ";
  const auto open = co_await transaction_at(client, standstill, deadline);
  std::optional<client::DescribedTransaction> known;
  if (open) known = co_await described(client, open->producer_id, deadline);
  text += known ? "the transaction " + in_quotes(known->id) : "an open transaction";
  if (open) text += " of producer " + std::to_string(open->producer_id);
  if (known && known->started >= 0) {
    text += ", open since " + admin::format_time(known->started, utc);
  } else if (open && open->last_written >= 0) {
    text += ", last written " + admin::format_time(open->last_written, utc);
  }
  text += "; " + counted(standstill.behind, "offset") + " behind it";
  if (open && !known) text += "; no coordinator knows it: mq txn hanging " + standstill.partition.topic;
  co_return text;
}

}  // namespace mq::cli
