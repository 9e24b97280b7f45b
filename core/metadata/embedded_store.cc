// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/embedded_store.h"

#include <algorithm>
#include <charconv>

#include "core/loop/run_on.h"
#include "storage/error.h"

namespace mq::core {

namespace {

std::string row_key(std::string_view key) {
  return std::string(entry_row_prefix).append(key);
}

struct Written {
  std::optional<EntryVersion> version = {};  // nothing: a guard failed
  std::map<std::string, std::optional<MetadataEntry>> found = {};
};

// On the disk's executor.
Result<Written> write(storage::Store& meta, const MetadataChange& change) {
  Written written;
  bool holds = true;
  for (const Guard& guard : change.guards) {
    const auto row = meta.get(row_key(guard.key));
    if (!row) return row.error();
    std::optional<MetadataEntry> entry;
    if (*row) entry = parse_entry_row(**row);
    holds = holds && (guard.kind == Guard::Kind::absent ? !entry : entry && entry->version == guard.version);
    written.found[guard.key] = std::move(entry);
  }
  if (!holds) return written;
  const auto version = static_cast<EntryVersion>(meta.changes()) + 1;
  storage::Store::Change rows;
  for (const auto& [key, value] : change.puts) rows.puts[row_key(key)] = entry_row({value, version});
  for (const std::string& key : change.erases) rows.erases.push_back(row_key(key));
  if (const error_code error = meta.commit(rows)) return error;
  written.version = version;
  return written;
}

}  // namespace

std::string entry_row(const MetadataEntry& entry) {
  return std::to_string(entry.version) + " " + entry.value;
}

MetadataEntry parse_entry_row(std::string_view row) {
  MetadataEntry entry;
  const auto [end, error] = std::from_chars(row.data(), row.data() + row.size(), entry.version);
  const auto at = static_cast<std::size_t>(end - row.data());
  entry.value = row.substr(std::min(at + 1, row.size()));
  return entry;
}

Result<MetadataUpdate> EmbeddedStore::read() const {
  MetadataUpdate all{.revision = revision_, .whole = true};
  const error_code error = storage::for_each_row(meta_, entry_row_prefix, [&](auto key, auto row) {
    all.entries.emplace(key, parse_entry_row(row));
    return error_code();
  });
  if (error) return error;
  for (const auto& [key, entry] : held_) all.entries[key] = entry;
  return all;
}

void EmbeddedStore::stop() {
  stopped_ = true;
  changed_->set(true);
}

Task<Result<MetadataUpdate>> EmbeddedStore::load() {
  auto work = [this] { return read(); };
  co_return co_await run_on(disk_, std::move(work));
}

bool EmbeddedStore::allows(const std::vector<Guard>& guards) const {
  return std::all_of(guards.begin(), guards.end(), [&](const Guard& guard) {
    const auto held = held_.find(guard.key);
    if (guard.kind == Guard::Kind::held_by_me) return held != held_.end();
    if (held == held_.end()) return true;  // its row will tell
    return guard.kind == Guard::Kind::unchanged && held->second.version == guard.version;
  });
}

EmbeddedStore::Delta EmbeddedStore::put_held(MetadataChange& change) {
  Delta delta;
  for (auto& [key, entry] : held_)
    if (auto put = change.puts.extract(key)) {
      entry = {std::move(put.mapped()), next_token()};
      delta[key] = entry;
    }
  return delta;
}

EntryVersion EmbeddedStore::next_token() {
  tokens_ = std::max(tokens_, static_cast<EntryVersion>(meta_.changes())) + 1;
  return tokens_;
}

Task<Committed> EmbeddedStore::commit(MetadataChange change) {
  if (stopped_) co_return Committed{Committed::Outcome::refused, 0, "the broker stops"};
  const auto committing = committing_;  // outlives the store where the loop does
  const AsyncMutex::Hold hold = co_await committing->lock();
  Committed conflict{Committed::Outcome::conflict, 0, "it was changed meanwhile"};
  for (const auto& [key, entry] : held_) conflict.found[key] = entry;
  if (!allows(change.guards)) co_return conflict;
  std::erase_if(change.guards, [&](const Guard& guard) { return held_.contains(guard.key); });
  MetadataChange rows = change;
  for (const auto& [key, entry] : held_) rows.puts.erase(key);
  Delta delta;
  for (const auto& [key, value] : rows.puts) delta[key] = MetadataEntry{value, 0};
  for (const std::string& key : rows.erases) delta[key] = std::nullopt;
  auto work = [&meta = meta_, rows = std::move(rows)] { return write(meta, rows); };
  auto written = co_await run_on(disk_, std::move(work));
  if (!written) co_return Committed{Committed::Outcome::unknown, 0, written.error().message()};
  if (!written->version) {
    conflict.found.merge(written->found);
    co_return conflict;
  }
  for (auto& [key, entry] : delta)
    if (entry) entry->version = *written->version;
  delta.merge(put_held(change));
  tell(std::move(delta));
  co_return Committed{Committed::Outcome::done, revision_};
}

void EmbeddedStore::tell(Delta delta) {
  deltas_.emplace_back(++revision_, std::move(delta));
  if (deltas_.size() > deltas_max) deltas_.pop_front();
  std::exchange(changed_, std::make_shared<Promise<bool>>())->set(true);
}

Task<Result<MetadataUpdate>> EmbeddedStore::watch(Revision after) {
  while (!stopped_ && revision_ <= after) {
    const auto changed = changed_;
    co_await Promise<bool>::get(changed);
  }
  if (stopped_) co_return make_error_code(storage::Errc::stopped);
  if (deltas_.empty() || deltas_.front().first > after + 1) co_return co_await load();
  MetadataUpdate update{.revision = revision_};
  for (auto& [revision, delta] : deltas_)
    if (revision > after)
      for (auto& [key, entry] : delta) update.entries[key] = entry;
  while (deltas_.front().first <= after) deltas_.pop_front();
  co_return update;
}

Task<Result<std::optional<EntryVersion>>> EmbeddedStore::hold(std::string key, std::string value) {
  if (held_.contains(key)) co_return std::optional<EntryVersion>();
  const MetadataEntry entry{std::move(value), next_token()};
  held_[key] = entry;
  tell({{std::move(key), entry}});
  co_return std::optional(entry.version);
}

// There is one session: alone, nobody else holds anything.
Task<error_code> EmbeddedStore::evict(std::string key) {
  if (!held_.contains(key)) co_return error_code();
  Delta gone;
  for (const auto& [held, entry] : std::exchange(held_, {})) gone[held] = std::nullopt;
  tell(std::move(gone));
  co_return error_code();
}

}  // namespace mq::core
