// SPDX-License-Identifier: Apache-2.0
#include "storage/segment_files.h"

#include <boost/asio/post.hpp>
#include <cstdio>
#include <random>

#include "storage/error.h"
#include "storage/logger.h"

namespace mq::storage {

Path segment_path(const Path& dir, std::uint32_t number, const char* ending) {
  char name[32];
  std::snprintf(name, sizeof name, "%010u%s", number, ending);
  return dir / name;
}

SegmentFiles::SegmentFiles(FileSystem& file_system, Path folder, Catalogue& catalogue, Sizes sizes)
    : files(file_system), dir(std::move(folder)), catalogue_(catalogue), sizes_(sizes) {}

SegmentFiles::~SegmentFiles() {
  stop();
  thread_.join();
}

Path SegmentFiles::path(std::uint32_t number) const {
  return segment_path(dir, number, ".log");
}
Path SegmentFiles::table_path(std::uint32_t number) const {
  return segment_path(dir, number, ".ldb");
}

std::uint64_t SegmentFiles::free_bytes() const {
  const auto free = files.free_bytes(dir);
  return free ? *free : UINT64_MAX;  // a disk that cannot say is not full
}

std::uint64_t SegmentFiles::size_of(std::uint32_t number) const {
  const std::uint32_t doublings = number < 2 ? 0 : std::min<std::uint32_t>(number - 2, 16);
  return std::min(sizes_.max, sizes_.min << doublings);
}

// On a disk that is nearly full only what is left above the reserve, and a little where nothing is: trims and
// removals must go on.
std::uint64_t SegmentFiles::size_now(std::uint32_t number) const {
  constexpr std::uint64_t least = 1u << 20;
  const std::uint64_t size = size_of(number), free = free_bytes();
  const std::uint64_t left = free > sizes_.reserve ? free - sizes_.reserve : 0;
  return std::min(size, std::max(left, least));
}

void SegmentFiles::keep(std::shared_ptr<SegmentFile> ready) {
  std::lock_guard lock(mutex_);
  next_ = std::move(ready);
}

void SegmentFiles::prepare() {
  {
    std::lock_guard lock(mutex_);
    if (next_ || preparing_ || stopped_) return;
    preparing_ = true;
  }
  asio::post(thread_, [this] {
    auto made = make();
    std::lock_guard lock(mutex_);
    next_ = std::move(made);
    preparing_ = false;
    changed_.notify_all();
  });
}

Result<std::shared_ptr<SegmentFile>> SegmentFiles::take() {
  {
    std::lock_guard lock(mutex_);
    if (next_ && !*next_) next_.reset();  // there may be space by now
  }
  prepare();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopped_ || (next_ && (unsealed_ <= unsealed_max || stuck_)); });
  if (stopped_) return Errc::stopped;
  if (unsealed_ > unsealed_max) return Errc::full;
  auto taken = std::move(*next_);
  next_.reset();
  return taken;
}

void SegmentFiles::filled() {
  std::lock_guard lock(mutex_);
  unsealed_++;
}

void SegmentFiles::unfilled() {
  std::lock_guard lock(mutex_);
  unsealed_--;
  changed_.notify_all();
}

void SegmentFiles::stuck(bool is_stuck) {
  std::lock_guard lock(mutex_);
  stuck_ = is_stuck;
  changed_.notify_all();
}

void SegmentFiles::stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

Result<std::shared_ptr<SegmentFile>> SegmentFiles::open(std::uint32_t number, std::uint32_t seed,
                                                        FileSystem::Mode mode) const {
  auto file = files.open(path(number), mode);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  const int descriptor = (*file)->descriptor();
  return std::make_shared<SegmentFile>(SegmentFile{number, seed, *size, std::move(*file), descriptor});
}

Result<std::shared_ptr<SegmentFile>> SegmentFiles::make() {
  const std::uint32_t number = catalogue_.next_segment(), seed = std::random_device{}();
  const std::uint64_t size = size_now(number);
  auto file = files.open(path(number), FileSystem::Mode::create);
  error_code error = file ? (*file)->allocate(size) : file.error();
  if (!error) error = (*file)->sync();
  if (!error) error = files.sync_dir(dir);
  const bool on_disk = !error;
  if (on_disk) error = catalogue_.opened(number, seed, size);
  if (error) {
    logger().error("segment {} could not be prepared: {}", path(number).string(), error.message());
    if (!on_disk) files.remove(path(number));  // or its row may be there, although we were told otherwise
    return error == boost::system::errc::no_space_on_device ? make_error_code(Errc::full) : error;
  }
  const int descriptor = (*file)->descriptor();
  return std::make_shared<SegmentFile>(SegmentFile{number, seed, size, std::move(*file), descriptor});
}

}  // namespace mq::storage
