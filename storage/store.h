// SPDX-License-Identifier: Apache-2.0
// Small ordered key-value with atomic, synced change: a leveldb::DB in `meta/`. Holds topics and
// configurations (core's keys), manifest, catalogue, snapshots (storage's keys). Any thread. After an error
// that is not `not_found` nothing is accepted until it has been opened again.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "storage/file.h"

namespace mq::storage {

class Store {
 public:
  // All or nothing. `puts` and `erases` must not name the same key.
  struct Change {
    std::map<std::string, std::string> puts;
    std::vector<std::string> erases;
  };

  static Result<std::unique_ptr<Store>> open(FileSystem& files,
                                             const Path& dir);  // created when missing; `corrupt`
  virtual ~Store() = default;

  virtual error_code commit(const Change& change) = 0;  // durable when it returns; counts changes() up by one
  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;
  // Keys that begin with `prefix`, in order, from `from` on (a whole key, or empty), at most `limit`.
  virtual Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view prefix,
                                                                        std::string_view from,
                                                                        std::size_t limit) = 0;
  virtual std::uint64_t changes() const = 0;  // how many commits this store has seen, ever
};

inline constexpr std::size_t rows_at_once = 1000;  // of a scan that goes over all of them

// Every row whose key begins with `prefix`, in order, however many: `visit` is given what of its key is
// behind the prefix, and its value, both for the call. An error of `visit` ends it and is the answer.
error_code for_each_row(Store& store, std::string_view prefix,
                        const std::function<error_code(std::string_view key, std::string_view value)>& visit);
// They and their whole keys, added to `to`; after an error those that came before it.
error_code copy_rows(Store& store, std::string_view prefix, std::map<std::string, std::string>& to);

}  // namespace mq::storage
