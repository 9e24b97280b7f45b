// SPDX-License-Identifier: Apache-2.0
// Reading what the page cache does not have.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/storage/support/opened.h"

namespace mq::storage {
namespace {

// A file that lies on the disk, and how much of it is in memory.
class OnDisk {
 public:
  explicit OnDisk(const Path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), size_(std::filesystem::file_size(path)) {
    ::fdatasync(descriptor_);
    ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_DONTNEED);
  }
  ~OnDisk() { ::close(descriptor_); }
  OnDisk(const OnDisk&) = delete;
  OnDisk& operator=(const OnDisk&) = delete;

  std::size_t cached_bytes() const {
    constexpr std::size_t page = 4096;
    void* const memory = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor_, 0);
    std::vector<unsigned char> pages((size_ + page - 1) / page);
    EXPECT_EQ(::mincore(memory, size_, pages.data()), 0);
    ::munmap(memory, size_);
    const auto there = std::ranges::count_if(pages, [](unsigned char one) { return (one & 1) != 0; });
    return static_cast<std::size_t>(there) * page;
  }

 private:
  int descriptor_;
  std::size_t size_;
};

TEST(ColdRead, BringsWhatWillBeWantedNextToo) {
  constexpr std::size_t batch_bytes = 128u << 10, batches = 30;
  const test::TempDir dir(std::filesystem::current_path());
  test::Opened opened(real_files(), dir.path());
  opened.options.tail_bytes = 0;
  opened.options.segment_bytes_min = opened.options.segment_bytes_max = 8u << 20;
  opened.open();
  for (std::size_t i = 0; i < 2 * batches; i++)
    ASSERT_FALSE(opened.put(static_cast<PartitionNumber>(1 + i % 2), 1, batch_bytes));
  ASSERT_FALSE(opened.put(3, 1, 2u << 20));  // the segment is full, and sealed
  opened.stop();
  opened.open();

  const OnDisk segment(dir / "data/journal/0000000001.log");
  if (segment.cached_bytes() > 0) GTEST_SKIP() << "the build directory is in memory";
  const auto read = test::wait_for(opened.loop, opened.journal->log(1)->read(0, batch_bytes, 1000));
  ASSERT_TRUE(read);
  ASSERT_EQ(test::batches_of(*read).size(), 1u);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (segment.cached_bytes() < 5 * batch_bytes && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_GE(segment.cached_bytes(), 5 * batch_bytes) << "it, and four times as much";
  EXPECT_LT(segment.cached_bytes(), 10 * batch_bytes);
}

}  // namespace
}  // namespace mq::storage
