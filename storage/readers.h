// SPDX-License-Identifier: Apache-2.0
// The threads that wait for the disk on behalf of reads; made when first needed. Used from the loop.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <optional>

#include "storage/types.h"

namespace mq::storage {

class Readers {
 public:
  asio::thread_pool::executor_type executor() {
    if (!threads_) threads_.emplace(2);
    return threads_->get_executor();
  }
  void join() {  // what was begun ends first
    if (threads_) threads_->join();
  }

 private:
  std::optional<asio::thread_pool> threads_;
};

}  // namespace mq::storage
