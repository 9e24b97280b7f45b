// SPDX-License-Identifier: Apache-2.0
#include "storage/opening.h"

#include <algorithm>

#include "storage/error.h"
#include "storage/load_rows.h"
#include "storage/logger.h"
#include "storage/rebuild.h"
#include "storage/sealed_check.h"
#include "storage/strays.h"

namespace mq::storage {
namespace fs = std::filesystem;

Result<Opened> Opening::run() {
  const auto began = std::chrono::steady_clock::now();
  auto lock = this->lock();
  if (!lock) return lock.error();
  const auto loaded = load();
  if (!loaded) return loaded.error();
  const auto position = replay(**loaded);
  if (!position) return position.error();
  const auto took = std::chrono::steady_clock::now() - began;
  recovery_.took = std::chrono::duration_cast<std::chrono::milliseconds>(took);
  say();
  return Opened{std::move(*lock), std::move((*loaded)->parts), recovery_, *position};
}

Result<std::unique_ptr<Lock>> Opening::lock() {
  const Path& data = options_.data;
  const Path dir = data / "journal";
  const bool first = !files_.exists(dir);
  error_code error = first ? files_.make_dir(data) : error_code{};
  if (!error && first) error = files_.sync_dir(fs::absolute(data).parent_path());
  if (error) return error;
  auto taken = Lock::take(files_, data, "mq serve");
  if (!taken && taken.error() != Errc::in_use)
    logger().error("{}: {}", (data / "LOCK").string(), taken.error().message());
  if (!taken) return taken;
  if (first) error = files_.make_dir(dir);
  if (!error && first) error = files_.sync_dir(data);
  if (error) return error;
  return taken;
}

// ---------------------------------------------------------------------------------------------- meta

// Missing beside a journal it is lost, not new.
Result<std::unique_ptr<Store>> Opening::open_meta() {
  auto store = Store::open(files_, options_.data / "meta");
  if (!store) return store.error() == Errc::corrupt ? rebuild() : std::move(store);
  const bool empty = (*store)->changes() == 0;
  if (!empty || !Rebuild::has_segments(files_, options_.data / "journal")) return store;
  store->reset();
  return rebuild();
}

Result<std::unique_ptr<Store>> Opening::rebuild() {
  recovery_.meta_rebuilt = true;
  return Rebuild(files_, options_.data, options_.on_start).run();
}

// What cannot be read in meta, or is older than the journal, is made anew: once.
Result<Opening::LoadedPtr> Opening::load() {
  auto meta = open_meta();
  if (!meta) return meta.error();
  const bool rebuilt = recovery_.meta_rebuilt;
  auto loaded = load(std::move(*meta));
  if (loaded || loaded.error() != Errc::corrupt || rebuilt) return loaded;
  auto anew = rebuild();
  if (!anew) return anew.error();
  return load(std::move(*anew));
}

Result<Opening::LoadedPtr> Opening::load(std::unique_ptr<Store> store) {
  auto parts = std::make_unique<JournalParts>(files_, loop_, options_, std::move(store));
  auto loaded = std::make_unique<Loaded>(std::move(parts), recovery_);
  error_code error = read_manifest(*loaded);
  if (!error) error = read_rows(*loaded);
  if (error) return error;
  return loaded;
}

// How many commits of meta the journal knows of is said by what is not sealed, also where meta does not list
// it.
error_code Opening::read_manifest(Loaded& loaded) {
  JournalParts& parts = *loaded.parts;
  error_code error = parts.meta.load();
  if (!error) error = parts.catalogue.load();
  if (!error) error = load_stopped(loaded);
  if (!error) error = loaded.unsealed.scan(loaded.stopped);
  if (error) return error;
  const std::uint64_t unlisted = changes_unlisted(files_, parts.segments.dir, parts.catalogue.manifest());
  const std::uint64_t changes = std::max(unlisted, loaded.unsealed.changes());
  const bool is_old = changes > parts.meta.changes() || loaded.unsealed.sealed_unknown_to_meta();
  if (!is_old) return {};
  return recovery_.meta_rebuilt ? parts.meta.count_from(changes) : make_error_code(Errc::corrupt);
}

error_code Opening::read_rows(Loaded& loaded) {
  JournalParts& parts = *loaded.parts;
  if (const error_code error = SealedCheck(parts.segments, parts.catalogue, parts.sealed).run()) return error;
  auto removed = load_rows(parts, loaded.replay);
  if (!removed) return removed.error();
  Strays(parts.segments, parts.catalogue, parts.cleaner, parts.background).remove(recovery_.meta_rebuilt);
  parts.cleaner.remove_partitions(std::move(*removed));  // what it writes anew would be taken for a stray
  return {};
}

error_code Opening::load_stopped(Loaded& loaded) {
  const auto text = loaded.parts->meta.get(keys::stopped);
  if (!text) return text.error();
  const auto row = *text ? unpacked<StopRow>(**text) : StopRow{};
  if (!row) return Errc::corrupt;
  loaded.stopped = *row;
  return {};
}

// ---------------------------------------------------------------------------------------------- replay

Result<Writer::Position> Opening::replay(Loaded& loaded) {
  JournalParts& parts = *loaded.parts;
  const auto manifest = parts.catalogue.manifest();
  const bool has_sealed = std::ranges::any_of(
      manifest, [](const auto& segment) { return segment.second.state == SegmentRow::sealed; });
  const bool is_empty = !has_sealed && !loaded.unsealed.written();
  recovery_.clean = is_empty || loaded.stopped_in_order();
  const auto position = loaded.unsealed.replay(loaded.replay);
  if (!position) return position;
  const Store::Change& rows = loaded.replay.core_rows;
  if (recovery_.meta_rebuilt && !(rows.puts.empty() && rows.erases.empty()))
    if (const error_code error = parts.meta.commit(rows)) return error;
  if (const error_code error = note_opened(loaded)) return error;
  return position;
}

// Where the journal ended when it was stopped is true until something is written.
error_code Opening::note_opened(Loaded& loaded) {
  if (!loaded.stopped_in_order()) return {};
  loaded.stopped.opened_since = 1;
  Store::Change change;
  change.puts[std::string(keys::stopped)] = packed(loaded.stopped);
  return loaded.parts->meta.commit(change);
}

void Opening::say() const {
  const Recovery& r = recovery_;
  logger().info(
      "journal opened in {} ms: {} unsealed segments, {} batches, {} bytes replayed, {} torn bytes dropped",
      r.took.count(), r.segments, r.batches_scanned, r.bytes_scanned, r.torn_bytes);
}

}  // namespace mq::storage
