// SPDX-License-Identifier: Apache-2.0
// Hands out producer ids: unique in this directory for ever. Lives on the loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "core/loop/async_mutex.h"
#include "storage/store.h"

namespace mq::core {

class ProducerIds {
 public:
  ProducerIds(storage::Store& meta, asio::any_io_executor disk) : meta_(meta), disk_(std::move(disk)) {}

  error_code load();
  // Durable before it is handed out; one write for a thousand of them.
  Task<Result<std::int64_t>> next();

 private:
  storage::Store& meta_;
  const asio::any_io_executor disk_;
  AsyncMutex changing_;
  std::int64_t next_ = 0, end_ = 0;  // ids [next_, end_) are ours to give
};

}  // namespace mq::core
