// SPDX-License-Identifier: Apache-2.0
#include "storage/env.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

namespace mq::storage {

using leveldb::Slice;
using leveldb::Status;

namespace {

iovec as_piece(const char* data, std::size_t size) {
  return {const_cast<char*>(data), size};
}

// One directory that LevelDB writes to: how many of its names are durable, and whether something in it was
// lost.
class Directory {
 public:
  Directory(FileSystem& files, Path path) : files_(files), path_(std::move(path)) {}

  // A name was added. Durable when made_durable() was called with the number returned, or a later one.
  std::uint64_t changed() {
    const std::lock_guard lock(mutex_);
    return ++changes_;
  }

  Status made_durable(std::uint64_t change) {
    const std::lock_guard lock(mutex_);
    if (durable_ >= change) return Status::OK();
    const std::uint64_t covered = changes_;
    const Status synced = leveldb_status(path_, files_.sync_dir(path_));
    if (synced.ok()) durable_ = covered;
    if (!synced.ok() && lost_.ok()) lost_ = synced;  // a second sync would say yes to names that are lost
    return synced;
  }

  void lost(const Status& why) {
    const std::lock_guard lock(mutex_);
    if (lost_.ok()) lost_ = why;
  }

  Status lost() {
    const std::lock_guard lock(mutex_);
    return lost_;
  }

 private:
  FileSystem& files_;
  const Path path_;
  std::mutex mutex_;
  std::uint64_t changes_ = 0, durable_ = 0;
  Status lost_;
};

class Writable final : public leveldb::WritableFile {
 public:
  Writable(Path path, std::shared_ptr<File> file, std::uint64_t at, std::shared_ptr<Directory> directory,
           std::uint64_t change)
      : path_(std::move(path)),
        file_(std::move(file)),
        at_(at),
        directory_(std::move(directory)),
        change_(change) {
    buffer_.reserve(buffer_bytes);
  }

  // LevelDB deletes a full log without closing it, and then counts on what is in it.
  ~Writable() override {
    if (!file_) return;
    const Status closed = Close();
    if (!closed.ok() && is_log()) directory_->lost(closed);
  }

  Status Append(const Slice& data) override;
  Status Flush() override { return write_buffer(); }
  Status Sync() override;
  Status Close() override;

 private:
  static constexpr std::size_t buffer_bytes = 64 << 10;

  bool is_log() const { return path_.extension() == ".log"; }
  Status write(const iovec& piece);
  Status write_buffer();
  Status failed(Status why) { return failed_ = std::move(why); }

  const Path path_;
  std::shared_ptr<File> file_;
  std::uint64_t at_;
  const std::shared_ptr<Directory> directory_;
  const std::uint64_t change_;
  std::string buffer_;
  Trickle trickle_;
  bool unsynced_ = false;
  Status failed_;  // where the file ends is unknown after a failure: it takes nothing more
};

Status Writable::Append(const Slice& data) {
  if (!failed_.ok()) return failed_;
  if (buffer_.size() + data.size() <= buffer_bytes) {
    buffer_.append(data.data(), data.size());
    return Status::OK();
  }
  if (const Status written = write_buffer(); !written.ok()) return written;
  if (data.size() >= buffer_bytes) return write(as_piece(data.data(), data.size()));
  buffer_.assign(data.data(), data.size());
  return Status::OK();
}

Status Writable::write_buffer() {
  if (!failed_.ok() || buffer_.empty()) return failed_;
  const Status written = write(as_piece(buffer_.data(), buffer_.size()));
  buffer_.clear();
  return written;
}

Status Writable::write(const iovec& piece) {
  if (const Status lost = directory_->lost(); !lost.ok()) return failed(lost);
  unsynced_ = true;
  const error_code error = file_->write({&piece, 1}, at_);
  if (error) return failed(leveldb_status(path_, error));
  at_ += piece.iov_len;
  if (const error_code lost = trickle_.wrote(*file_, at_)) return failed(leveldb_status(path_, lost));
  return Status::OK();
}

Status Writable::Sync() {
  if (const Status written = write_buffer(); !written.ok()) return written;
  if (const Status lost = directory_->lost(); !lost.ok()) return failed(lost);
  if (const error_code error = file_->sync()) return failed(leveldb_status(path_, error));
  unsynced_ = false;
  if (path_.extension() == ".dbtmp") return Status::OK();  // renamed at once, and that is what is synced
  if (const Status named = directory_->made_durable(change_); !named.ok()) return failed(named);
  return Status::OK();
}

Status Writable::Close() {
  Status closed = write_buffer();
  if (closed.ok() && unsynced_ && is_log()) closed = Sync();
  file_.reset();
  if (failed_.ok()) failed_ = Status::IOError(path_.string(), "closed");
  return closed;
}

class Sequential final : public leveldb::SequentialFile {
 public:
  Sequential(Path path, std::shared_ptr<File> file) : path_(std::move(path)), file_(std::move(file)) {}

  Status Read(std::size_t size, Slice* result, char* scratch) override {
    const auto got = file_->read(std::as_writable_bytes(std::span(scratch, size)), at_);
    if (!got) return leveldb_status(path_, got.error());
    at_ += *got;
    *result = Slice(scratch, *got);
    return Status::OK();
  }

  Status Skip(std::uint64_t size) override {
    at_ += size;
    return Status::OK();
  }

 private:
  const Path path_;
  const std::shared_ptr<File> file_;
  std::uint64_t at_ = 0;
};

class RandomAccess final : public leveldb::RandomAccessFile {
 public:
  RandomAccess(Path path, std::shared_ptr<File> file) : path_(std::move(path)), file_(std::move(file)) {}

  Status Read(std::uint64_t at, std::size_t size, Slice* result, char* scratch) const override {
    const auto got = file_->read(std::as_writable_bytes(std::span(scratch, size)), at);
    if (!got) return leveldb_status(path_, got.error());
    *result = Slice(scratch, *got);
    return Status::OK();
  }

 private:
  const Path path_;
  const std::shared_ptr<File> file_;
};

class NamedLock final : public leveldb::FileLock {
 public:
  explicit NamedLock(std::string locked) : name(std::move(locked)) {}
  const std::string name;
};

class FileSystemEnv final : public leveldb::EnvWrapper {
 public:
  explicit FileSystemEnv(FileSystem& files) : EnvWrapper(leveldb::Env::Default()), files_(files) {}

  Status NewSequentialFile(const std::string& name, leveldb::SequentialFile** file) override {
    return open_for_reading<Sequential>(name, file);
  }
  Status NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** file) override {
    return open_for_reading<RandomAccess>(name, file);
  }
  Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override {
    return open_for_writing(name, FileSystem::Mode::create, file);
  }
  Status NewAppendableFile(const std::string& name, leveldb::WritableFile** file) override {
    return open_for_writing(name, files_.exists(name) ? FileSystem::Mode::write : FileSystem::Mode::create,
                            file);
  }

  bool FileExists(const std::string& name) override { return files_.exists(name); }
  Status GetChildren(const std::string& dir, std::vector<std::string>* names) override;
  Status GetFileSize(const std::string& name, std::uint64_t* size) override;
  Status CreateDir(const std::string& name) override { return leveldb_status(name, files_.make_dir(name)); }
  Status RemoveFile(const std::string& name) override { return leveldb_status(name, files_.remove(name)); }
  Status RenameFile(const std::string& from, const std::string& to) override;
  Status LockFile(const std::string& name, leveldb::FileLock** lock) override;
  Status UnlockFile(leveldb::FileLock* lock) override;

 private:
  template <class Reader, class Interface>
  Status open_for_reading(const Path& path, Interface** result);
  Status open_for_writing(const Path& path, FileSystem::Mode mode, leveldb::WritableFile** result);
  std::shared_ptr<Directory> directory_of(const Path& path);

  FileSystem& files_;
  std::mutex mutex_;
  std::map<Path, std::shared_ptr<Directory>> directories_;
  std::set<std::string> locked_;
};

template <class Reader, class Interface>
Status FileSystemEnv::open_for_reading(const Path& path, Interface** result) {
  *result = nullptr;
  auto file = files_.open(path, FileSystem::Mode::read);
  if (!file) return leveldb_status(path, file.error());
  *result = new Reader(path, std::move(*file));
  return Status::OK();
}

Status FileSystemEnv::open_for_writing(const Path& path, FileSystem::Mode mode,
                                       leveldb::WritableFile** result) {
  *result = nullptr;
  const auto directory = directory_of(path);
  if (const Status lost = directory->lost(); !lost.ok()) return lost;
  auto file = files_.open(path, mode);
  if (!file) return leveldb_status(path, file.error());
  const auto size = (*file)->size();
  if (!size) return leveldb_status(path, size.error());
  *result = new Writable(path, std::move(*file), *size, directory, directory->changed());
  return Status::OK();
}

Status FileSystemEnv::GetChildren(const std::string& dir, std::vector<std::string>* names) {
  names->clear();
  auto listed = files_.list(dir);
  if (!listed) return leveldb_status(dir, listed.error());
  *names = std::move(*listed);
  return Status::OK();
}

Status FileSystemEnv::GetFileSize(const std::string& name, std::uint64_t* size) {
  *size = 0;
  const auto bytes = files_.size(name);
  if (!bytes) return leveldb_status(name, bytes.error());
  *size = *bytes;
  return Status::OK();
}

Status FileSystemEnv::RenameFile(const std::string& from, const std::string& to) {
  const auto directory = directory_of(to);
  if (const Status lost = directory->lost(); !lost.ok()) return lost;
  if (const error_code error = files_.rename(from, to)) return leveldb_status(from, error);
  return directory->made_durable(directory->changed());
}

// LOCK in the data directory keeps other processes out; this keeps one process from opening a database twice.
Status FileSystemEnv::LockFile(const std::string& name, leveldb::FileLock** lock) {
  *lock = nullptr;
  const std::lock_guard guard(mutex_);
  if (!locked_.insert(name).second) return Status::IOError(name, "already open in this process");
  *lock = new NamedLock(name);
  return Status::OK();
}

Status FileSystemEnv::UnlockFile(leveldb::FileLock* lock) {
  const std::unique_ptr<NamedLock> named(static_cast<NamedLock*>(lock));
  const std::lock_guard guard(mutex_);
  locked_.erase(named->name);
  return Status::OK();
}

std::shared_ptr<Directory> FileSystemEnv::directory_of(const Path& path) {
  const Path parent = path.parent_path();
  const std::lock_guard guard(mutex_);
  auto& directory = directories_[parent];
  if (!directory) directory = std::make_shared<Directory>(files_, parent);
  return directory;
}

}  // namespace

std::unique_ptr<leveldb::Env> make_env(FileSystem& files) {
  return std::make_unique<FileSystemEnv>(files);
}

Status leveldb_status(const Path& path, const error_code& error) {
  if (!error) return Status::OK();
  if (error == boost::system::errc::no_such_file_or_directory)
    return Status::NotFound(path.string(), error.message());
  return Status::IOError(path.string(), error.message());
}

}  // namespace mq::storage
