// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/producer_ids.h"

#include <charconv>

#include "core/loop/run_on.h"
#include "core/metadata/records.h"

namespace mq::core {

namespace {
constexpr std::int64_t block = 1000;
}

error_code ProducerIds::load() {
  const auto stored = meta_.get(producer_id_key);
  if (!stored) return stored.error();
  if (*stored) std::from_chars((*stored)->data(), (*stored)->data() + (*stored)->size(), next_);
  end_ = next_;
  return {};
}

Task<Result<std::int64_t>> ProducerIds::next() {
  if (next_ < end_) co_return next_++;
  const AsyncMutex::Hold hold = co_await changing_.lock();
  if (next_ < end_) co_return next_++;
  storage::Store::Change change;
  change.puts[std::string(producer_id_key)] = std::to_string(end_ + block);
  auto work = [this, change = std::move(change)] { return meta_.commit(change); };
  const error_code error = co_await run_on(disk_, std::move(work));
  if (error) co_return error;
  end_ += block;
  co_return next_++;
}

}  // namespace mq::core
