// SPDX-License-Identifier: Apache-2.0
// What liblz4 reads a frame with: one for each thread that does, instead of one for each batch.
#pragma once

#include <lz4frame.h>

#include <memory>

namespace mq::kafka {

// As good as new at each call. Null: no memory for it.
inline LZ4F_dctx* lz4_context() {
  struct Free {
    void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
  };
  thread_local const std::unique_ptr<LZ4F_dctx, Free> context = [] {
    LZ4F_dctx* made = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION))) made = nullptr;
    return std::unique_ptr<LZ4F_dctx, Free>(made);
  }();
  if (context) LZ4F_resetDecompressionContext(context.get());
  return context.get();
}

}  // namespace mq::kafka
