// SPDX-License-Identifier: Apache-2.0
#include "net/frames.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <cstring>
#include <string_view>

#include "net/error.h"

namespace mq::net {

namespace {

constexpr std::size_t length_bytes = 4;

// Handshake and alert records: what a TLS client says first, and what a TLS server says to a plaintext one.
bool looks_like_tls(const std::byte* head) {
  const auto type = std::to_integer<int>(head[0]);
  return (type == 0x16 || type == 0x15) && head[1] == std::byte{3} && head[2] <= std::byte{4};
}

bool looks_like_http(const std::byte* head) {
  const std::string_view word(reinterpret_cast<const char*>(head), length_bytes);
  for (const std::string_view start :
       {"GET ", "POST", "HEAD", "PUT ", "DELE", "OPTI", "PATC", "CONN", "TRAC", "PRI ", "HTTP"})
    if (word == start) return true;
  return false;
}

}  // namespace

std::array<asio::mutable_buffer, 2> Frames::space() {
  const asio::mutable_buffer head(head_.data() + have_, head_.size() - have_);
  if (!open_) return {head, asio::mutable_buffer()};
  const asio::mutable_buffer rest(data_ + got_, room_ - got_);
  return {rest, room_ == size_ ? head : asio::mutable_buffer()};  // the frame's end, and what follows it
}

void Frames::arrived(std::size_t bytes) {
  if (open_) {
    const std::size_t n = std::min(bytes, room_ - got_);
    got_ += n, bytes -= n;
  }
  have_ += bytes;
}

std::optional<Slice> Frames::next() {
  if (error_ || (!open_ && !begin())) return std::nullopt;
  if (got_ < size_) {
    if (got_ == room_) grow();
    return std::nullopt;
  }
  open_ = false;
  return large_.data() ? large_.release(size_) : std::move(slice_);
}

bool Frames::begin() {
  const std::size_t left = have_ - at_;
  if (left < length_bytes) {
    std::memmove(head_.data(), head_.data() + at_, left);
    at_ = 0, have_ = left;
    return false;
  }
  const std::byte* const from = head_.data() + at_;
  size_ = boost::endian::load_big_u32(reinterpret_cast<const unsigned char*>(from));
  error_ = judge(size_);
  if (error_ || !acquire()) return false;

  got_ = std::min(size_, left - length_bytes);
  std::memcpy(data_, from + length_bytes, got_);
  at_ += length_bytes + got_;
  if (at_ == have_) at_ = have_ = 0;
  first_ = false;
  return open_ = true;
}

// A frame that starts like another protocol would be far too long; saying what it is helps whoever reads the
// log.
error_code Frames::judge(std::size_t size) const {
  const std::byte* const head = head_.data() + at_;
  if (!first_ && size <= frame_bytes_max_) return {};
  if (looks_like_tls(head)) return Errc::looks_like_tls;
  if (looks_like_http(head)) return Errc::looks_like_http;
  if (size > 0x7fffffff) return Errc::malformed;  // negative
  return size > frame_bytes_max_ ? Errc::too_large : error_code{};
}

bool Frames::acquire() {
  room_ = std::min(size_, slab_bytes);
  if (size_ > slab_bytes) {
    if (!large_.resize(room_)) error_ = Errc::no_memory;
    data_ = large_.data();
  } else {
    slice_ = arena_.take(size_);
    if (!slice_.data) error_ = Errc::no_memory;
    data_ = slice_.data.get();
  }
  return !error_;
}

void Frames::grow() {
  const std::size_t room = std::min(size_, 2 * room_);
  if (!large_.resize(room))
    error_ = Errc::no_memory;
  else
    room_ = room, data_ = large_.data();
}

}  // namespace mq::net
