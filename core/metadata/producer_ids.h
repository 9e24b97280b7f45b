// SPDX-License-Identifier: Apache-2.0
// Hands out producer ids: unique in this directory for ever. Lives on the loop.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include "core/loop/async_mutex.h"
#include "storage/store.h"

namespace mq::core {

class ProducerIds {
 public:
  ProducerIds(storage::Store& meta, asio::thread_pool& disk) : meta_(meta), disk_(disk) {}

  error_code load();
  // Durable before it is handed out; one write for a thousand of them.
  Task<Result<std::int64_t>> next();

 private:
  storage::Store& meta_;
  asio::thread_pool& disk_;
  AsyncMutex changing_;
  std::int64_t next_ = 0, end_ = 0;  // ids [next_, end_) are ours to give
};

}  // namespace mq::core
