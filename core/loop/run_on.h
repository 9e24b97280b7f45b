// SPDX-License-Identifier: Apache-2.0
// Work that may block, or takes long, runs on another executor (storage/run_on.h).
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

#include "core/types.h"
#include "storage/run_on.h"

namespace mq::core {

using storage::run_on;

// Destroys on a thread of `pool` what would take long.
template <class T>
void discard(asio::thread_pool& pool, T what) {
  asio::post(pool, [what = std::move(what)]() mutable { T(std::move(what)); });
}

}  // namespace mq::core
