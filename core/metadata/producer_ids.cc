// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/producer_ids.h"

#include "core/metadata/entries.h"
#include "storage/error.h"

namespace mq::core {

error_code ProducerIds::load(const MetadataUpdate& all) {
  const auto found = all.entries.find(std::string(producer_id_entry));
  if (found == all.entries.end() || !found->second) return {};
  const auto next = parse_producer_id(found->second->value);
  if (!next) return next.error();
  stored_ = *next;
  version_ = found->second->version;
  return {};
}

// What another broker took meanwhile is read before it is tried again.
Task<error_code> ProducerIds::take_block() {
  constexpr int attempts = 10;
  const std::string key(producer_id_entry);
  for (int i = 0; i < attempts; i++) {
    const auto all = co_await store_.load();
    if (!all) co_return all.error();
    if (const error_code error = load(*all)) co_return error;
    MetadataChange change;
    const auto kind = version_ == 0 ? Guard::Kind::absent : Guard::Kind::unchanged;
    change.guards.push_back({kind, key, version_});
    change.puts[key] = producer_id_to_json(stored_ + block);
    const Committed committed = co_await store_.commit(std::move(change));
    if (committed.outcome == Committed::Outcome::conflict) continue;
    if (committed.outcome != Committed::Outcome::done) break;
    next_ = stored_;
    end_ = stored_ + block;
    co_return error_code();
  }
  co_return make_error_code(storage::Errc::io);
}

Task<Result<std::int64_t>> ProducerIds::next() {
  if (next_ < end_) co_return next_++;
  const AsyncMutex::Hold hold = co_await changing_.lock();
  if (next_ == end_)
    if (const error_code error = co_await take_block()) co_return error;
  co_return next_++;
}

}  // namespace mq::core
