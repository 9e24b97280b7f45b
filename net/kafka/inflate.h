// SPDX-License-Identifier: Apache-2.0
// What zlib reads a gzip stream with.
#pragma once

#include <zlib.h>

namespace mq::kafka {

struct Inflate {
  z_stream stream{};
  bool ready = inflateInit2(&stream, 15 + 16) == Z_OK;  // the largest window, a gzip header
  ~Inflate() { inflateEnd(&stream); }
};

}  // namespace mq::kafka
