// SPDX-License-Identifier: Apache-2.0
#include "storage/noting_store.h"

#include <cstring>

#include "storage/error.h"

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

void NotingStore::seen(PartitionNumber partition) {
  if (partition >= next_) next_ = partition + 1;
}

error_code NotingStore::load() {
  const auto next = store_->get(keys::next);
  if (!next) return next.error();
  if (!*next) return {};
  const auto number = unpacked<PartitionNumber>(**next);
  if (!number) return Errc::corrupt;
  seen(*number - 1);
  return {};
}

error_code NotingStore::commit(const Change& change) {
  Change with_next = change;
  with_next.puts[std::string(keys::next)] = packed(next_.load());
  if (const error_code error = store_->commit(with_next)) return error;
  if (!note_) return {};
  if (auto rows = encode_rows(change); !rows.empty()) note_(std::move(rows));
  return {};
}

}  // namespace mq::storage
