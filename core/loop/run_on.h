// SPDX-License-Identifier: Apache-2.0
// Work that may block, or takes long, runs on another executor (storage/run_on.h).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "core/types.h"
#include "storage/run_on.h"

namespace mq::core {

using storage::run_on;

// Destroys elsewhere what would take long.
template <class T>
void discard(const asio::any_io_executor& where, T what) {
  asio::post(where, [what = std::move(what)]() mutable { T(std::move(what)); });
}

}  // namespace mq::core
