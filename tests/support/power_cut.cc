// SPDX-License-Identifier: Apache-2.0
#include "tests/support/power_cut.h"

#include <algorithm>
#include <random>

namespace mq::test {
namespace {

using storage::File;
using storage::real_files;
using Random = std::mt19937_64;

error_code system_error(int number) {
  return {number, boost::system::system_category()};
}

std::uint64_t pick(Random& random, std::uint64_t low, std::uint64_t high) {
  return std::uniform_int_distribution<std::uint64_t>(low, high)(random);
}

bool changes_something(PowerCut::Call call) {
  using Call = PowerCut::Call;
  return call != Call::open && call != Call::read;
}

bool is_below(const Path& path, const Path& dir) {
  const std::string prefix = dir.string() + '/';
  return path.string().starts_with(prefix);
}

Path moved(const Path& path, const Path& from, const Path& to) {
  return path == from ? to : Path(to.string() + path.string().substr(from.string().size()));
}

std::vector<iovec> first_half(std::span<const iovec> pieces) {
  std::size_t left = 0;
  for (const iovec& piece : pieces) left += piece.iov_len;
  left /= 2;
  std::vector<iovec> half;
  for (iovec piece : pieces) {
    piece.iov_len = std::min(piece.iov_len, left);
    left -= piece.iov_len;
    half.push_back(piece);
  }
  return half;
}

}  // namespace

struct PowerCut::Inode {
  std::shared_ptr<File> cache;  // the real file, also when it was removed
  std::vector<std::byte> durable;
  std::map<std::uint64_t, std::uint64_t> dirty;  // begin to end, of what was written since
  std::uint64_t size_min = 0;                    // the smallest size it had since

  explicit Inode(std::shared_ptr<File> file) : cache(std::move(file)) {}

  std::uint64_t size() const { return cache->size().value(); }

  void wrote(std::uint64_t begin, std::uint64_t end) {
    if (begin == end) return;
    auto at = dirty.upper_bound(begin);
    if (at != dirty.begin() && std::prev(at)->second >= begin) {
      --at;
      begin = at->first;
    }
    while (at != dirty.end() && at->first <= end) {
      end = std::max(end, at->second);
      at = dirty.erase(at);
    }
    dirty[begin] = end;
  }

  void shrunk(std::uint64_t size) { size_min = std::min(size_min, size); }

  void copy_from_cache(std::vector<std::byte>& image, std::uint64_t begin, std::uint64_t end) const {
    end = std::min<std::uint64_t>(end, image.size());
    if (begin < end) (void)cache->read(std::span(image).subspan(begin, end - begin), begin);
  }

  void synced() {
    durable.resize(std::min<std::uint64_t>(durable.size(), size_min));
    durable.resize(size());
    for (const auto& [begin, end] : dirty) copy_from_cache(durable, begin, end);
    forget();
  }

  void all_durable() {
    dirty = {{0, size()}};
    synced();
  }

  // What a failed sync leaves: pages that count as clean and never reached the disk.
  void forget() {
    dirty.clear();
    size_min = size();
  }

  std::vector<std::byte> torn(Random& random) const {
    std::vector<std::byte> image = durable;
    if (size_min < image.size() && random() % 2) image.resize(size_min);
    const auto [low, high] = std::minmax<std::uint64_t>({image.size(), size()});
    const std::uint64_t sizes[] = {low, high, pick(random, low, high)};
    image.resize(sizes[random() % 3]);
    const std::uint64_t sector = random() % 2 ? 512 : 4096;
    for (const auto& [begin, end] : dirty)
      for (std::uint64_t at = begin; at < end; at = (at / sector + 1) * sector)
        if (random() % 2) copy_from_cache(image, at, std::min(end, (at / sector + 1) * sector));
    return image;
  }
};

struct PowerCut::Disk {
  struct NameChange {
    Call call;
    Path path, to;
    std::shared_ptr<Inode> inode;
  };
  using Names = std::map<Path, std::shared_ptr<Inode>>;

  Names now, durable;
  std::set<Path> durable_dirs;
  std::map<Path, std::vector<NameChange>> pending;  // by directory, in order

  void change(NameChange change) {
    const Path dir = (change.call == Call::rename ? change.to : change.path).parent_path();
    pending[dir].push_back(std::move(change));
  }

  void apply(const NameChange& change) {
    if (change.call == Call::create) durable[change.path] = change.inode;
    if (change.call == Call::remove) durable.erase(change.path);
    if (change.call == Call::make_dir) durable_dirs.insert(change.path);
    if (change.call == Call::rename) move(durable, change.path, change.to), move_dirs(change.path, change.to);
  }

  void apply_first(const Path& dir, std::size_t count) {
    auto& changes = pending[dir];
    for (std::size_t i = 0; i < count; ++i) apply(changes[i]);
    changes.erase(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(count));
  }

  static void move(Names& names, const Path& from, const Path& to) {
    Names moving;
    for (auto at = names.begin(); at != names.end();) {
      const bool moves = at->first == from || is_below(at->first, from);
      if (moves) moving[moved(at->first, from, to)] = at->second;
      at = moves ? names.erase(at) : std::next(at);
    }
    for (auto& [path, inode] : moving) names[path] = inode;
  }

  void move_dirs(const Path& from, const Path& to) {
    std::set<Path> dirs;
    for (const Path& dir : durable_dirs)
      dirs.insert(dir == from || is_below(dir, from) ? moved(dir, from, to) : dir);
    durable_dirs = std::move(dirs);
  }

  // What happened in a renamed directory and is not durable yet, happened under its new name.
  void move_pending(const Path& from, const Path& to) {
    std::map<Path, std::vector<NameChange>> kept;
    for (auto& [dir, changes] : pending) {
      const bool moves = dir == from || is_below(dir, from);
      for (NameChange& change : changes) {
        if (!moves) continue;
        change.path = moved(change.path, from, to);
        if (!change.to.empty()) change.to = moved(change.to, from, to);
      }
      kept[moves ? moved(dir, from, to) : dir] = std::move(changes);
    }
    pending = std::move(kept);
  }
};

struct PowerCut::Verdict {
  error_code error;
  bool happens = true;  // in the cache, error or not
  bool half = false;    // of a write
  bool loses = false;   // of a sync
};

class PowerCut::CutFile final : public File {
 public:
  CutFile(PowerCut& files, Path path, std::shared_ptr<File> real, std::shared_ptr<Inode> inode)
      : files_(files),
        path_(std::move(path)),
        real_(std::move(real)),
        inode_(std::move(inode)),
        boot_(files.boot_) {}

  error_code write(std::span<const iovec> pieces, std::uint64_t at) override {
    return change(Call::write, [&](const Verdict& verdict) {
      const std::vector<iovec> all =
          verdict.half ? first_half(pieces) : std::vector(pieces.begin(), pieces.end());
      std::uint64_t end = at;
      for (const iovec& piece : all) end += piece.iov_len;
      const error_code failed = real_->write(all, at);
      inode_->wrote(at, end);
      return failed;
    });
  }

  Result<std::size_t> read(std::span<std::byte> into, std::uint64_t at) override {
    if (const error_code failed = may_read()) return failed;
    return real_->read(into, at);
  }

  Result<std::size_t> read_cached(std::span<std::byte> into, std::uint64_t at) override {
    if (const error_code failed = may_read()) return failed;
    return real_->read_cached(into, at);
  }

  error_code sync() override {
    return change(Call::sync, [&](const Verdict& verdict) {
      verdict.loses ? inode_->forget() : inode_->synced();
      return error_code();
    });
  }

  error_code write_out(std::uint64_t, std::uint64_t) override {
    return change(Call::write_out, [&](const Verdict& verdict) {
      if (verdict.loses) inode_->forget();
      return error_code();
    });
  }

  error_code allocate(std::uint64_t size) override {
    return change(Call::allocate, [&](const Verdict&) { return real_->allocate(size); });
  }

  error_code resize(std::uint64_t size) override {
    return change(Call::resize, [&](const Verdict&) {
      inode_->shrunk(size);
      return real_->resize(size);
    });
  }

  Result<std::uint64_t> size() const override { return real_->size(); }
  int descriptor() const override { return real_->descriptor(); }

 private:
  template <class Effect>
  error_code change(Call call, Effect effect) {
    if (files_.watcher_) files_.watcher_(call, path_);
    const std::lock_guard lock(files_.mutex_);
    if (boot_ != files_.boot_) return system_error(EIO);
    const Verdict verdict = files_.judge(call, path_);
    if (!verdict.happens) return verdict.error;
    const error_code failed = effect(verdict);
    return verdict.error ? verdict.error : failed;
  }

  error_code may_read() {
    if (files_.watcher_) files_.watcher_(Call::read, path_);
    const std::lock_guard lock(files_.mutex_);
    if (boot_ != files_.boot_) return system_error(EIO);
    return files_.judge(Call::read, path_).error;
  }

  PowerCut& files_;
  const Path path_;
  const std::shared_ptr<File> real_;  // a description of its own, as flock and sendfile want
  const std::shared_ptr<Inode> inode_;
  const std::uint64_t boot_;
};

PowerCut::PowerCut(const Path& root) : root_(root.lexically_normal()), disk_(std::make_unique<Disk>()) {
  adopt();
}

PowerCut::~PowerCut() = default;

void PowerCut::adopt() {
  const std::lock_guard lock(mutex_);
  *disk_ = Disk();
  disk_->durable_dirs.insert(root_);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
    if (entry.is_directory()) disk_->durable_dirs.insert(entry.path());
    if (!entry.is_regular_file()) continue;
    auto inode = std::make_shared<Inode>(real_files().open(entry.path(), Mode::write).value());
    inode->all_durable();
    disk_->now[entry.path()] = disk_->durable[entry.path()] = inode;
  }
}

void PowerCut::cut() {
  const std::lock_guard lock(mutex_);
  is_cut_ = true;
}

void PowerCut::cut_at(std::uint64_t nth_change) {
  const std::lock_guard lock(mutex_);
  cut_at_ = changes_ + nth_change;
}

bool PowerCut::is_cut() const {
  return is_cut_;
}

void PowerCut::reboot(Loss loss, std::uint64_t seed) {
  Random random(seed);
  std::map<Path, std::vector<std::byte>> images;
  std::set<Path> dirs{root_};
  {
    const std::lock_guard lock(mutex_);
    ++boot_;
    faults_.clear();
    cut_at_.reset();
    is_cut_ = false;
    if (loss == Loss::none) return;
    for (auto& [dir, changes] : disk_->pending)
      if (loss == Loss::random) disk_->apply_first(dir, pick(random, 0, changes.size()));
    for (const Path& dir : disk_->durable_dirs)
      if (dir == root_ || dirs.contains(dir.parent_path())) dirs.insert(dir);
    for (const auto& [path, inode] : disk_->durable)
      if (dirs.contains(path.parent_path()))
        images[path] = loss == Loss::random ? inode->torn(random) : inode->durable;
    for (const auto& entry : std::filesystem::directory_iterator(root_))
      std::filesystem::remove_all(entry.path());
    for (const Path& dir : dirs) std::filesystem::create_directories(dir);
    for (auto& [path, image] : images) {
      const iovec piece{image.data(), image.size()};
      (void)real_files().open(path, Mode::create).value()->write({&piece, 1}, 0);
    }
  }
  adopt();
}

void PowerCut::inject(Fault fault) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(std::move(fault));
}

void PowerCut::heal() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

void PowerCut::set_free_bytes(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(mutex_);
  free_bytes_ = bytes;
}

std::uint64_t PowerCut::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

std::uint64_t PowerCut::calls(Call call) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(call);
  return found == calls_.end() ? 0 : found->second;
}

void PowerCut::watch(std::function<void(Call, const Path&)> watcher) {
  watcher_ = std::move(watcher);
}

// With the lock held.
PowerCut::Verdict PowerCut::judge(Call call, const Path& path) {
  if (is_cut_) return {system_error(EIO), false};
  ++calls_[call];
  if (changes_something(call) && ++changes_ == cut_at_) {
    is_cut_ = true;
    return {system_error(EIO), call != Call::sync && call != Call::sync_dir};
  }
  for (Fault& fault : faults_) {
    const bool meant = fault.call == call && path.string().find(fault.path_part) != std::string::npos;
    if (!meant || fault.nth == 0 || --fault.nth > 0) continue;
    if (fault.for_good) fault.nth = 1;
    const bool half = call == Call::write, loses = call == Call::sync || call == Call::write_out;
    return {system_error(fault.error), half || loses, half, loses};
  }
  return {};
}

Result<std::shared_ptr<File>> PowerCut::open(const Path& given, Mode mode) {
  const Path path = given.lexically_normal();
  const Call call = mode == Mode::create ? Call::create : Call::open;
  if (watcher_) watcher_(call, path);
  const std::lock_guard lock(mutex_);
  const Verdict verdict = judge(call, path);
  if (!verdict.happens) return verdict.error;
  auto real = real_files().open(path, mode);
  if (!real) return real.error();
  if (!disk_->now.contains(path)) {
    auto inode = std::make_shared<Inode>(real_files().open(path, Mode::write).value());
    disk_->now[path] = inode;
    if (mode == Mode::create) {
      disk_->change({Call::create, path, {}, inode});
    } else {  // the test put it there
      inode->all_durable();
      disk_->durable[path] = inode;
    }
  }
  const auto& inode = disk_->now[path];
  if (mode == Mode::create) inode->shrunk(0);
  if (verdict.error) return verdict.error;
  return std::make_shared<CutFile>(*this, path, std::move(*real), inode);
}

error_code PowerCut::remove(const Path& given) {
  const Path path = given.lexically_normal();
  if (watcher_) watcher_(Call::remove, path);
  const std::lock_guard lock(mutex_);
  const Verdict verdict = judge(Call::remove, path);
  if (!verdict.happens) return verdict.error;
  if (const error_code failed = real_files().remove(path)) return failed;
  disk_->now.erase(path);
  disk_->change({Call::remove, path, {}, {}});
  return verdict.error;
}

error_code PowerCut::rename(const Path& given_from, const Path& given_to) {
  const Path from = given_from.lexically_normal(), to = given_to.lexically_normal();
  if (watcher_) watcher_(Call::rename, from);
  const std::lock_guard lock(mutex_);
  const Verdict verdict = judge(Call::rename, from);
  if (!verdict.happens) return verdict.error;
  if (const error_code failed = real_files().rename(from, to)) return failed;
  Disk::move(disk_->now, from, to);
  disk_->move_pending(from, to);
  disk_->change({Call::rename, from, to, {}});
  return verdict.error;
}

error_code PowerCut::make_dir(const Path& given) {
  const Path path = given.lexically_normal();
  if (watcher_) watcher_(Call::make_dir, path);
  const std::lock_guard lock(mutex_);
  const Verdict verdict = judge(Call::make_dir, path);
  if (!verdict.happens) return verdict.error;
  const bool is_new = !real_files().exists(path);
  if (const error_code failed = real_files().make_dir(path)) return failed;
  if (is_new) disk_->change({Call::make_dir, path, {}, {}});
  return verdict.error;
}

error_code PowerCut::sync_dir(const Path& given) {
  const Path path = given.lexically_normal();
  if (watcher_) watcher_(Call::sync_dir, path);
  const std::lock_guard lock(mutex_);
  const Verdict verdict = judge(Call::sync_dir, path);
  if (!verdict.happens) return verdict.error;
  if (!real_files().exists(path)) return system_error(ENOENT);
  disk_->apply_first(path, disk_->pending[path].size());
  return verdict.error;
}

Result<std::vector<std::string>> PowerCut::list(const Path& dir) {
  if (is_cut_) return system_error(EIO);
  return real_files().list(dir);
}

bool PowerCut::exists(const Path& path) {
  return !is_cut_ && real_files().exists(path);
}

Result<std::uint64_t> PowerCut::size(const Path& path) {
  if (is_cut_) return system_error(EIO);
  return real_files().size(path);
}

Result<std::uint64_t> PowerCut::free_bytes(const Path& dir) {
  {
    const std::lock_guard lock(mutex_);
    if (is_cut_) return system_error(EIO);
    ++calls_[Call::free_bytes];
    if (free_bytes_) return *free_bytes_;
  }
  return real_files().free_bytes(dir);
}

}  // namespace mq::test
