// SPDX-License-Identifier: Apache-2.0
// A stream of bytes, cut into frames: 4 bytes of length, then as many bytes. Pure: no socket, no clock. What
// is small arrives in the head buffer and is copied once; the rest of what is large is received where it
// stays. Memory grows with the bytes that have come, never with the length a peer claims.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <optional>

#include "net/arena.h"
#include "net/types.h"

namespace mq::net {

class Frames {
 public:
  Frames(Arena& arena, std::size_t frame_bytes_max) : arena_(arena), frame_bytes_max_(frame_bytes_max) {}

  std::array<asio::mutable_buffer, 2> space();  // where the next bytes of the stream go; never empty
  void arrived(std::size_t bytes);              // that many were put there

  // The next whole frame without its length. Empty: more bytes are needed, or the stream is broken (`error`).
  std::optional<Slice> next();

  error_code error() const { return error_; }
  bool partial() const { return open_ || have_ > 0; }              // a frame has begun and not ended
  std::size_t partial_bytes() const { return open_ ? room_ : 0; }  // the memory it occupies

 private:
  bool begin();
  bool acquire();
  void grow();
  error_code judge(std::size_t size) const;

  Arena& arena_;
  const std::size_t frame_bytes_max_;
  error_code error_;
  bool first_ = true;

  std::array<std::byte, 4096> head_;  // all that an idle connection owns
  std::size_t at_ = 0, have_ = 0;     // what is between them has not been looked at

  bool open_ = false;  // a frame is on its way: `size_` long, `got_` there, memory for `room_`
  std::size_t size_ = 0, got_ = 0, room_ = 0;
  std::byte* data_ = nullptr;
  Slice slice_;    // its memory up to a slab,
  Mapping large_;  // or beyond
};

}  // namespace mq::net
