// SPDX-License-Identifier: Apache-2.0
#include "net/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

namespace mq::net {

namespace {

constexpr std::size_t slabs_spare_max = 2;

std::byte* map(std::size_t bytes) {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? nullptr : static_cast<std::byte*>(at);
}

}  // namespace

Slabs::~Slabs() {
  for (std::byte* slab : spare_) ::munmap(slab, slab_bytes);
}

const std::shared_ptr<Slabs>& Slabs::of_process() {
  static const auto slabs = std::make_shared<Slabs>();
  return slabs;
}

std::shared_ptr<std::byte> Slabs::take() {
  std::byte* slab = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (!spare_.empty()) slab = spare_.back(), spare_.pop_back();
  }
  if (!slab) slab = map(slab_bytes);
  if (!slab) return nullptr;
  return {slab, [slabs = shared_from_this()](std::byte* s) { slabs->give_back(s); }};
}

void Slabs::give_back(std::byte* slab) {
  {
    std::lock_guard lock(mutex_);
    if (spare_.size() < slabs_spare_max) return spare_.push_back(slab);
  }
  ::munmap(slab, slab_bytes);  // and not free(): that would keep the pages
}

Slice Arena::take(std::size_t bytes) {
  if (bytes <= small_bytes_max) {
    auto own = std::make_shared_for_overwrite<std::byte[]>(std::max<std::size_t>(bytes, 1));
    std::byte* const at = own.get();
    return {std::shared_ptr<std::byte>(std::move(own), at), bytes};
  }
  if (!slab_ || used_ + bytes > slab_bytes) slab_ = slabs_->take(), used_ = 0;
  if (!slab_) return {};
  Slice slice{{slab_, slab_.get() + used_}, bytes};
  used_ += (bytes + 7) & ~std::size_t{7};
  return slice;
}

Mapping::~Mapping() {
  if (data_) ::munmap(data_, size_);
}

bool Mapping::resize(std::size_t bytes) {
  if (!data_) {
    data_ = map(bytes);
    size_ = data_ ? bytes : 0;
    return data_;
  }
  void* moved = ::mremap(data_, size_, bytes, MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) return false;
  data_ = static_cast<std::byte*>(moved);
  size_ = bytes;
  return true;
}

Slice Mapping::release(std::size_t bytes) {
  std::byte* const at = std::exchange(data_, nullptr);
  const std::size_t mapped = std::exchange(size_, 0);
  return {std::shared_ptr<std::byte>(at, [mapped](std::byte* p) { ::munmap(p, mapped); }), bytes};
}

}  // namespace mq::net
