// SPDX-License-Identifier: Apache-2.0
// The zigzag varints inside records (those of messages are unsigned, see codec.h). Pure functions, any
// thread.
#pragma once

#include "net/types.h"

namespace mq::kafka {

constexpr std::uint64_t zigzag(std::int64_t v) {
  return static_cast<std::uint64_t>(v) << 1 ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1 ^ (~(v & 1) + 1));
}

constexpr std::size_t varint_size(std::int64_t v) {
  std::size_t n = 1;
  for (auto rest = zigzag(v) >> 7; rest != 0; rest >>= 7) n++;
  return n;
}

// There must be room for varint_size(v) bytes, ten at most.
inline std::byte* put_varint(std::byte* to, std::int64_t v) {
  auto rest = zigzag(v);
  for (; rest >= 0x80; rest >>= 7) *to++ = static_cast<std::byte>(rest | 0x80);
  *to++ = static_cast<std::byte>(rest);
  return to;
}

// Reads records' bytes. Failure is sticky: then everything is zero and `ok` is false.
class Cursor {
 public:
  explicit Cursor(net::Bytes in) : at_(in.data()), end_(in.data() + in.size()) {}

  bool ok() const { return ok_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  std::int8_t byte() {
    if (at_ == end_) return static_cast<std::int8_t>(fail());
    return static_cast<std::int8_t>(*at_++);
  }
  std::int32_t varint() {
    const std::int64_t v = varlong(5);
    if (v < INT32_MIN || v > INT32_MAX) return fail();
    return static_cast<std::int32_t>(v);
  }
  std::int64_t varlong(int bytes_max = 10) {
    std::uint64_t v = 0;
    for (int shift = 0; at_ != end_ && shift < 7 * bytes_max; shift += 7) {
      const auto b = static_cast<std::uint64_t>(*at_++);
      v |= (b & 0x7f) << shift;
      if (b < 0x80) return unzigzag(v);
    }
    return fail();
  }
  net::Bytes bytes(std::int64_t n) {
    if (n < 0 || static_cast<std::uint64_t>(n) > left()) {
      fail();
      return {};
    }
    const net::Bytes taken(at_, static_cast<std::size_t>(n));
    at_ += n;
    return taken;
  }

 private:
  int fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }
  const std::byte* at_;
  const std::byte* end_;
  bool ok_ = true;
};

}  // namespace mq::kafka
