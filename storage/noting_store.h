// SPDX-License-Identifier: Apache-2.0
// `meta` as core and storage see it: every commit also keeps the next partition number, and a copy of core's
// rows that change is noted in the journal, from which `meta` could be rebuilt. Any thread.
#pragma once

#include <atomic>
#include <functional>

#include "storage/keys.h"
#include "storage/store.h"

namespace mq::storage {

class NotingStore final : public Store {
 public:
  using Note = std::function<void(std::string rows)>;  // any thread

  explicit NotingStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}
  void note_with(Note note) { note_ = std::move(note); }  // before anybody else uses it

  PartitionNumber next_partition() { return next_++; }
  void seen(PartitionNumber partition);  // the next ones are above it
  error_code load();                     // the next partition number

  error_code commit(const Change& change) override;
  Result<std::optional<std::string>> get(std::string_view key) override { return store_->get(key); }
  Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view prefix,
                                                                std::string_view from,
                                                                std::size_t limit) override {
    return store_->scan(prefix, from, limit);
  }
  std::uint64_t changes() const override { return store_->changes(); }

 private:
  const std::unique_ptr<Store> store_;
  Note note_;
  std::atomic<PartitionNumber> next_ = 1;
};

// Core's rows of a change, as the journal keeps them.
std::string encode_rows(const Store::Change& change);
std::optional<Store::Change> decode_rows(std::string_view rows);

}  // namespace mq::storage
