// SPDX-License-Identifier: Apache-2.0
// Memory for frames: received once, never copied, freed by whoever lets go last.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "net/types.h"

namespace mq::net {

inline constexpr std::size_t slab_bytes = 4u << 20;  // four produce requests of 1 MB
inline constexpr std::size_t small_bytes_max = 1024;

// Slabs that nobody uses, the few that are kept: fresh pages cost more than the copy into them. Any thread.
class Slabs : public std::enable_shared_from_this<Slabs> {
 public:
  ~Slabs();
  static const std::shared_ptr<Slabs>& of_process();

  std::shared_ptr<std::byte> take();  // untouched pages cost nothing; null: no memory

 private:
  void give_back(std::byte* slab);

  std::mutex mutex_;
  std::vector<std::byte*> spare_;  // guarded by mutex_
};

// Hands out memory for frames, one behind the other in a slab. What is small has its own, so that a parked
// request of a few bytes does not keep a slab. Lives on its loop; the slices may be let go on any thread.
class Arena {
 public:
  explicit Arena(std::shared_ptr<Slabs> slabs) : slabs_(std::move(slabs)) {}

  Slice take(std::size_t bytes);  // at most a slab; `data` is null: no memory

 private:
  std::shared_ptr<Slabs> slabs_;
  std::shared_ptr<std::byte> slab_;
  std::size_t used_ = 0;
};

// Pages of its own for a frame larger than a slab; grows without copying while the bytes arrive.
class Mapping {
 public:
  Mapping() = default;
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  bool resize(std::size_t bytes);    // moves; false: no memory, nothing changed
  Slice release(std::size_t bytes);  // the first `bytes` of it; the mapping is empty again
  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace mq::net
