// SPDX-License-Identifier: Apache-2.0
// `meta` as core and storage see it: every commit also keeps the next partition number, and a copy of core's
// rows that change is noted in the journal, from which `meta` could be rebuilt. Any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <shared_mutex>

#include "storage/keys.h"
#include "storage/store.h"

namespace mq::storage {

class NotingStore final : public Store {
 public:
  using Note = std::function<void(std::string rows)>;  // any thread

  using Reopen = std::function<Result<std::unique_ptr<Store>>()>;

  NotingStore(std::unique_ptr<Store> store, Reopen reopen)
      : reopen_(std::move(reopen)), store_(std::move(store)) {}
  void note_with(Note note);  // from the next commit on

  PartitionNumber next_partition() { return next_++; }
  PartitionNumber next_known() const { return next_; }  // none is at or above it
  void seen(PartitionNumber partition);                 // the next ones are above it
  error_code load();                                    // the next partition number
  error_code count_from(std::uint64_t changes);         // it was made anew, and so many were known before

  error_code commit(const Change& change) override;
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view prefix,
                                                                std::string_view from,
                                                                std::size_t limit) override;
  std::uint64_t changes() const override { return base_ + changes_; }

 private:
  template <class Ask>
  auto ask(Ask question) -> decltype(question(std::declval<Store&>()));
  bool reopen(std::uint64_t generation);

  const Reopen reopen_;
  std::shared_mutex mutex_;       // exclusive only to open again
  std::unique_ptr<Store> store_;  // null: could not be opened again
  std::uint64_t generation_ = 0;  // how often it was
  std::chrono::steady_clock::time_point reopened_{};
  std::atomic<std::uint64_t> base_ = 0;  // changes before it was made anew
  std::atomic<std::uint64_t> changes_ = store_ ? store_->changes() : 0;
  std::mutex committing_;  // a later commit does not bring an older number
  Note note_;              // guarded by committing_
  std::atomic<PartitionNumber> next_ = 1;
};

// Core's rows of a change, as the journal keeps them.
std::string encode_rows(const Store::Change& change);
std::optional<Store::Change> decode_rows(std::string_view rows);
void add_rows(Store::Change& all, Store::Change newer);  // as if one were committed after the other

}  // namespace mq::storage
