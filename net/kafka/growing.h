// SPDX-License-Identifier: Apache-2.0
// Memory that is filled from the front and grows, up to a bound, without being cleared first. One owner, any
// thread.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <new>
#include <span>
#include <utility>

#include "net/types.h"

namespace mq::kafka {

class Growing {
 public:
  // Begins behind `head` free bytes, which count neither for `expected` nor for `bytes_max`.
  explicit Growing(std::size_t expected = 0, std::size_t bytes_max = SIZE_MAX / 2, std::size_t head = 0)
      : bytes_max_(bytes_max), head_(head), size_(head) {
    reserve(head + std::min(expected, bytes_max));
  }
  Growing(Growing&& other) noexcept { swap(other); }
  Growing& operator=(Growing&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Growing() { std::free(data_); }

  std::byte* data() { return data_; }
  std::size_t size() const { return size_; }  // with the head
  bool allows(std::size_t more) const { return more <= bytes_max_ - std::min(bytes_max_, size_ - head_); }

  // At least `least` bytes to write to; `filled` says how many it were. False: more than the bound.
  std::span<std::byte> room(std::size_t least = 1) {
    if (capacity_ - size_ < least) reserve(std::max(size_ + least, grown()));
    return {data_ + size_, capacity_ - size_};
  }
  bool filled(std::size_t n) {
    size_ += n;
    return size_ - head_ <= bytes_max_;
  }

  void clear() { size_ = head_; }

  // What was filled, head included. Nothing is left, and nothing more may be filled in.
  net::Slice take() {
    net::Slice slice{{std::exchange(data_, nullptr), std::free}, size_};
    capacity_ = size_ = head_ = 0;
    return slice;
  }

 private:
  // Twice as much, but hardly more than the bound: one byte, by which going over it shows.
  std::size_t grown() const {
    constexpr std::size_t least = 4096;
    return std::max(std::min(2 * capacity_ + least, head_ + bytes_max_ + 1), size_ + 1);
  }
  void reserve(std::size_t n) {
    if (n <= capacity_) return;
    void* more = std::realloc(data_, n);
    if (!more) throw std::bad_alloc();
    data_ = static_cast<std::byte*>(more);
    capacity_ = n;
  }
  void swap(Growing& other) noexcept {
    std::swap(bytes_max_, other.bytes_max_);
    std::swap(head_, other.head_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  std::size_t bytes_max_ = 0, head_ = 0;  // the bound; free bytes in front
  std::byte* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace mq::kafka
