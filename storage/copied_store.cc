// SPDX-License-Identifier: Apache-2.0
#include "storage/copied_store.h"

#include <cstdlib>

#include "storage/error.h"

namespace mq::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece_bytes = 1 << 20;

class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "mq-storage-XXXXXX").string();
    if (::mkdtemp(name.data())) path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const Path& path() const { return path_; }  // empty: it could not be made

 private:
  Path path_;
};

error_code copy_file(FileSystem& files, const Path& from, const Path& to) {
  const auto source = files.open(from, FileSystem::Mode::read);
  if (!source) return source.error();
  const auto copy = real_files().open(to, FileSystem::Mode::create);
  if (!copy) return copy.error();
  std::vector<std::byte> piece(piece_bytes);
  for (std::uint64_t at = 0;;) {
    const auto got = (*source)->read(piece, at);
    if (!got) return got.error();
    if (*got == 0) return {};
    const iovec part{piece.data(), *got};
    if (const error_code error = (*copy)->write({&part, 1}, at)) return error;
    at += *got;
  }
}

class CopiedStore final : public Store {
 public:
  CopiedStore(std::unique_ptr<Scratch> scratch, std::unique_ptr<Store> store)
      : scratch_(std::move(scratch)), store_(std::move(store)) {}

  error_code commit(const Change& change) override { return store_->commit(change); }
  Result<std::optional<std::string>> get(std::string_view key) override { return store_->get(key); }
  Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view prefix,
                                                                std::string_view from,
                                                                std::size_t limit) override {
    return store_->scan(prefix, from, limit);
  }
  std::uint64_t changes() const override { return store_->changes(); }

 private:
  const std::unique_ptr<Scratch> scratch_;  // after the store is closed
  const std::unique_ptr<Store> store_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_copy(FileSystem& files, const Path& dir) {
  if (!files.exists(dir)) return make_error_code(Errc::not_found);
  const auto names = files.list(dir);
  if (!names) return names.error();
  auto scratch = std::make_unique<Scratch>();
  if (scratch->path().empty()) return error_code(errno, boost::system::system_category());
  for (const std::string& name : *names)
    if (const error_code error = copy_file(files, dir / name, scratch->path() / name)) return error;
  auto store = Store::open(real_files(), scratch->path());
  if (!store) return store.error();
  return std::unique_ptr<Store>(std::make_unique<CopiedStore>(std::move(scratch), std::move(*store)));
}

}  // namespace mq::storage
