// SPDX-License-Identifier: Apache-2.0
#include "storage/noting_store.h"

#include <cstring>

#include "storage/error.h"
#include "storage/logger.h"

namespace mq::storage {
namespace {

constexpr std::uint32_t erased = 0xffffffff;  // as the length of a value

void put(std::string& out, std::uint32_t number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::optional<std::uint32_t> take(std::string_view& in) {
  std::uint32_t number;
  if (in.size() < sizeof number) return {};
  std::memcpy(&number, in.data(), sizeof number);
  in.remove_prefix(sizeof number);
  return number;
}

std::optional<std::string> take(std::string_view& in, std::uint32_t size) {
  if (in.size() < size) return {};
  std::string text(in.substr(0, size));
  in.remove_prefix(size);
  return text;
}

}  // namespace

std::string encode_rows(const Store::Change& change) {
  std::string out;
  for (const auto& [key, value] : change.puts) {
    if (!key.starts_with(keys::core)) continue;
    put(out, static_cast<std::uint32_t>(key.size()));
    out += key;
    put(out, static_cast<std::uint32_t>(value.size()));
    out += value;
  }
  for (const auto& key : change.erases) {
    if (!key.starts_with(keys::core)) continue;
    put(out, static_cast<std::uint32_t>(key.size()));
    out += key;
    put(out, erased);
  }
  return out;
}

std::optional<Store::Change> decode_rows(std::string_view rows) {
  Store::Change change;
  while (!rows.empty()) {
    const auto key_size = take(rows);
    auto key = key_size ? take(rows, *key_size) : std::nullopt;
    const auto size = key ? take(rows) : std::nullopt;
    if (!size) return {};
    if (*size == erased) {
      change.erases.push_back(std::move(*key));
      continue;
    }
    auto value = take(rows, *size);
    if (!value) return {};
    change.puts[std::move(*key)] = std::move(*value);
  }
  return change;
}

void add_rows(Store::Change& all, Store::Change newer) {
  for (auto& key : newer.erases) {
    all.puts.erase(key);
    std::erase(all.erases, key);
    all.erases.push_back(std::move(key));
  }
  for (auto& [key, value] : newer.puts) {
    std::erase(all.erases, key);
    all.puts[key] = std::move(value);
  }
}

void NotingStore::seen(PartitionNumber partition) {
  if (partition >= next_) next_ = partition + 1;
}

error_code NotingStore::load() {
  const auto base = get(keys::base);
  if (!base) return base.error();
  if (*base) base_ = unpacked<std::uint64_t>(**base).value_or(0);
  const auto next = get(keys::next);
  if (!next) return next.error();
  if (!*next) return {};
  const auto number = unpacked<PartitionNumber>(**next);
  if (!number) return Errc::corrupt;
  seen(*number - 1);
  return {};
}

error_code NotingStore::count_from(std::uint64_t changes) {
  Change change;
  change.puts[std::string(keys::base)] = packed(changes);
  if (const error_code error = commit(change)) return error;
  base_ = changes;
  return {};
}

// An answer that is an error came from a store that accepts nothing more.
template <class Ask>
auto NotingStore::ask(Ask question) -> decltype(question(std::declval<Store&>())) {
  std::shared_lock lock(mutex_);
  const std::uint64_t generation = generation_;
  auto answer = store_ ? question(*store_) : decltype(question(*store_))(make_error_code(Errc::fenced));
  if (answer) return answer;
  lock.unlock();
  if (!reopen(generation)) return answer;
  lock.lock();
  return store_ ? question(*store_) : std::move(answer);
}

// At most once a second; true when it is worth asking again.
bool NotingStore::reopen(std::uint64_t generation) {
  std::unique_lock lock(mutex_);
  if (generation != generation_) return true;
  const auto now = std::chrono::steady_clock::now();
  if (generation_ > 0 && now - reopened_ < std::chrono::seconds(1)) return false;
  reopened_ = now;
  generation_++;
  store_.reset();
  auto opened = reopen_();
  if (!opened) {
    logger().error("meta failed and cannot be opened again: {}", opened.error().message());
    return false;
  }
  store_ = std::move(*opened);
  logger().warn("meta failed and was opened again");
  return true;
}

// What is sealed and cleaned while the journal opens commits already.
void NotingStore::note_with(Note note) {
  std::lock_guard in_order(committing_);
  note_ = std::move(note);
}

error_code NotingStore::commit(const Change& change) {
  std::unique_lock in_order(committing_);
  Change with_next = change;
  with_next.puts[std::string(keys::next)] = packed(next_.load());
  const auto committed = ask([&](Store& store) -> Result<std::uint64_t> {
    if (const error_code error = store.commit(with_next)) return error;
    return store.changes();
  });
  if (!committed) return committed.error();
  for (auto known = changes_.load();
       known < *committed && !changes_.compare_exchange_weak(known, *committed);) {
  }
  if (!note_) return {};
  if (auto rows = encode_rows(change); !rows.empty()) note_(std::move(rows));
  return {};
}

Result<std::optional<std::string>> NotingStore::get(std::string_view key) {
  return ask([&](Store& store) { return store.get(key); });
}

Result<std::vector<std::pair<std::string, std::string>>> NotingStore::scan(std::string_view prefix,
                                                                           std::string_view from,
                                                                           std::size_t limit) {
  return ask([&](Store& store) { return store.scan(prefix, from, limit); });
}

}  // namespace mq::storage
