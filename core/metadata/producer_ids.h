// SPDX-License-Identifier: Apache-2.0
// Hands out producer ids: unique in the cluster for ever. Lives on the loop.
#pragma once

#include "core/loop/async_mutex.h"
#include "core/metadata/store.h"

namespace mq::core {

class ProducerIds {
 public:
  static constexpr std::int64_t block = 1000;  // as many are taken from the store at a time

  explicit ProducerIds(MetadataStore& store) : store_(store) {}

  error_code load(const MetadataUpdate& all);  // `corrupt`: the entry cannot be read
  // Durable before it is handed out. `io`: the store cannot give a block now; nothing was handed out.
  Task<Result<std::int64_t>> next();

 private:
  Task<error_code> take_block();

  MetadataStore& store_;
  AsyncMutex changing_;
  std::int64_t next_ = 0, end_ = 0;  // ids [next_, end_) are ours to give
  std::int64_t stored_ = 0;          // the first of no block yet
  EntryVersion version_ = 0;         // as which; 0: there is no entry
};

}  // namespace mq::core
