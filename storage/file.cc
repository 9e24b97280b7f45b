// SPDX-License-Identifier: Apache-2.0
#include "storage/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace mq::storage {
namespace {

error_code failure(int number = errno) {
  return {number, boost::system::system_category()};
}

error_code answer(int returned) {
  return returned == 0 ? error_code() : failure();
}

// Calls again while a signal interrupts it.
template <class Call>
auto restarted(Call call) {
  auto returned = call();
  while (returned == -1 && errno == EINTR) returned = call();
  return returned;
}

class RealFile final : public File {
 public:
  explicit RealFile(int descriptor) : descriptor_(descriptor) {}
  ~RealFile() override { ::close(descriptor_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  error_code write(std::span<const iovec> pieces, std::uint64_t at) override;
  Result<std::size_t> read(std::span<std::byte> into, std::uint64_t at) override;
  Result<std::size_t> read_cached(std::span<std::byte> into, std::uint64_t at) override;
  error_code sync() override {
    return answer(restarted([&] { return ::fdatasync(descriptor_); }));
  }
  error_code write_out(std::uint64_t from, std::uint64_t size) override;
  error_code allocate(std::uint64_t size) override;
  error_code resize(std::uint64_t size) override;
  Result<std::uint64_t> size() const override;
  int descriptor() const override { return descriptor_; }

 private:
  error_code fill_with_zeros(std::uint64_t size);

  const int descriptor_;
};

// The kernel takes at most IOV_MAX pieces and may write less than it was given: go on where it stopped.
error_code RealFile::write(std::span<const iovec> pieces, std::uint64_t at) {
  std::array<iovec, 64> some;
  static_assert(some.size() <= IOV_MAX);
  std::size_t skip = 0;  // of the first piece, already written
  while (!pieces.empty()) {
    const std::size_t count = std::min(pieces.size(), some.size());
    std::copy_n(pieces.begin(), count, some.begin());
    some[0].iov_base = static_cast<std::byte*>(some[0].iov_base) + skip;
    some[0].iov_len -= skip;
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < count; ++i) wanted += some[i].iov_len;

    const ssize_t written = restarted(
        [&] { return ::pwritev(descriptor_, some.data(), static_cast<int>(count), static_cast<off_t>(at)); });
    if (written < 0) return failure();
    if (written == 0 && wanted > 0) return failure(EIO);

    at += static_cast<std::uint64_t>(written);
    skip += static_cast<std::size_t>(written);
    while (!pieces.empty() && skip >= pieces.front().iov_len) {
      skip -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
  }
  return {};
}

Result<std::size_t> RealFile::read(std::span<std::byte> into, std::uint64_t at) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = restarted([&] {
      return ::pread(descriptor_, into.data() + done, into.size() - done, static_cast<off_t>(at + done));
    });
    if (got < 0) return failure();
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<std::size_t> RealFile::read_cached(std::span<std::byte> into, std::uint64_t at) {
  std::size_t done = 0;
  while (done < into.size()) {
    const iovec rest{into.data() + done, into.size() - done};
    const ssize_t got = restarted(
        [&] { return ::preadv2(descriptor_, &rest, 1, static_cast<off_t>(at + done), RWF_NOWAIT); });
    // A file system that does not know the flag says so; then a reader thread has to go.
    if (got < 0) return failure(errno == EOPNOTSUPP || errno == ENOSYS ? EWOULDBLOCK : errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

error_code RealFile::write_out(std::uint64_t from, std::uint64_t size) {
  constexpr unsigned wait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  const auto start = static_cast<off_t>(from), bytes = static_cast<off_t>(size);
  if (restarted([&] { return ::sync_file_range(descriptor_, start, bytes, wait); }) == 0) return {};
  return errno == ENOSYS || errno == ESPIPE ? error_code{}
                                            : failure();  // what cannot be done is done by the sync
}

// Not posix_fallocate: glibc would imitate it by touching every block, one write a block.
error_code RealFile::allocate(std::uint64_t size) {
  if (restarted([&] { return ::fallocate(descriptor_, 0, 0, static_cast<off_t>(size)); }) == 0) return {};
  if (errno != EOPNOTSUPP && errno != ENOSYS) return failure();
  return fill_with_zeros(size);
}

error_code RealFile::fill_with_zeros(std::uint64_t wanted) {
  static const std::array<std::byte, 64 << 10> zeros{};
  const auto now = size();
  if (!now) return now.error();
  for (std::uint64_t at = *now; at < wanted;) {
    const std::size_t count = std::min<std::uint64_t>(zeros.size(), wanted - at);
    const iovec piece{const_cast<std::byte*>(zeros.data()), count};
    if (const error_code failed = write({&piece, 1}, at)) return failed;
    at += count;
  }
  return {};
}

error_code RealFile::resize(std::uint64_t size) {
  return answer(restarted([&] { return ::ftruncate(descriptor_, static_cast<off_t>(size)); }));
}

Result<std::uint64_t> RealFile::size() const {
  struct stat about;
  if (::fstat(descriptor_, &about) != 0) return failure();
  return static_cast<std::uint64_t>(about.st_size);
}

class RealFiles final : public FileSystem {
 public:
  Result<std::shared_ptr<File>> open(const Path& path, Mode mode) override;
  error_code remove(const Path& path) override { return answer(::unlink(path.c_str())); }
  error_code rename(const Path& from, const Path& to) override {
    return answer(::rename(from.c_str(), to.c_str()));
  }
  error_code make_dir(const Path& path) override;
  error_code sync_dir(const Path& path) override;
  Result<std::vector<std::string>> list(const Path& dir) override;
  bool exists(const Path& path) override { return ::access(path.c_str(), F_OK) == 0; }
  Result<std::uint64_t> size(const Path& path) override;
  Result<std::uint64_t> free_bytes(const Path& dir) override;
};

Result<std::shared_ptr<File>> RealFiles::open(const Path& path, Mode mode) {
  int flags = O_CLOEXEC;
  if (mode == Mode::read) flags |= O_RDONLY;
  if (mode == Mode::write) flags |= O_RDWR;
  if (mode == Mode::create) flags |= O_RDWR | O_CREAT | O_TRUNC;
  const int descriptor = restarted([&] { return ::open(path.c_str(), flags, 0640); });
  if (descriptor < 0) return failure();
  return std::make_shared<RealFile>(descriptor);
}

error_code RealFiles::make_dir(const Path& path) {
  if (::mkdir(path.c_str(), 0750) == 0) return {};
  const error_code failed = failure();
  struct stat about;
  const bool there = failed.value() == EEXIST && ::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
  return there ? error_code() : failed;
}

error_code RealFiles::sync_dir(const Path& path) {
  const char* name = path.empty() ? "." : path.c_str();  // the parent of a relative path
  const int descriptor = restarted([&] { return ::open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) return failure();
  error_code synced = answer(restarted([&] { return ::fsync(descriptor); }));
  if (synced.value() == EINVAL) synced = {};  // a file system whose directories need no sync
  ::close(descriptor);
  return synced;
}

Result<std::vector<std::string>> RealFiles::list(const Path& dir) {
  DIR* const stream = ::opendir(dir.c_str());
  if (!stream) return failure();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const error_code failed = errno ? failure() : error_code();
  ::closedir(stream);
  if (failed) return failed;
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::uint64_t> RealFiles::size(const Path& path) {
  struct stat about;
  if (::stat(path.c_str(), &about) != 0) return failure();
  return static_cast<std::uint64_t>(about.st_size);
}

Result<std::uint64_t> RealFiles::free_bytes(const Path& dir) {
  struct statvfs about;
  if (restarted([&] { return ::statvfs(dir.c_str(), &about); }) != 0) return failure();
  return static_cast<std::uint64_t>(about.f_bavail) * about.f_frsize;
}

}  // namespace

FileSystem& real_files() {
  static RealFiles files;
  return files;
}

}  // namespace mq::storage
