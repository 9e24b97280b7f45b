// SPDX-License-Identifier: Apache-2.0
// The metadata store of a broker that is alone: rows of its own LevelDB. Its session never ends.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <memory>

#include "core/loop/async_mutex.h"
#include "core/loop/promise.h"
#include "core/metadata/store.h"
#include "storage/store.h"

namespace mq::core {

class EmbeddedStore final : public MetadataStore {
 public:
  static constexpr std::size_t deltas_max = 1000;  // that are kept for whoever has not heard of them yet

  // `disk` runs one job at a time: a change is checked and made in one of them.
  EmbeddedStore(storage::Store& meta, asio::any_io_executor disk) : meta_(meta), disk_(std::move(disk)) {}

  Result<MetadataUpdate> read() const;  // as load; blocks

  Task<Result<MetadataUpdate>> load() override;
  // unknown: LevelDB failed, and has to be opened again.
  Task<Committed> commit(MetadataChange change) override;
  Task<Result<MetadataUpdate>> watch(Revision after) override;
  Session session() const override { return Session::alive; }
  void on_session(SessionChanged) override {}  // it never becomes another
  Task<Result<std::optional<EntryVersion>>> hold(std::string key, std::string value) override;
  Task<error_code> evict(std::string key) override;
  void stop() override;

 private:
  using Delta = std::map<std::string, std::optional<MetadataEntry>>;

  bool allows(const std::vector<Guard>& guards) const;  // as far as they are about what is held
  Delta put_held(MetadataChange& change);               // and leaves the rest of it
  EntryVersion next_token();
  void tell(Delta delta);

  storage::Store& meta_;
  const asio::any_io_executor disk_;
  Revision revision_ = 0;
  std::deque<std::pair<Revision, Delta>> deltas_;
  std::map<std::string, MetadataEntry> held_;
  EntryVersion tokens_ = 0;
  const std::shared_ptr<AsyncMutex> committing_ = std::make_shared<AsyncMutex>();
  std::shared_ptr<Promise<bool>> changed_ = std::make_shared<Promise<bool>>();
  bool stopped_ = false;
};

// The row of an entry, for who reads a directory without a broker.
inline constexpr std::string_view entry_row_prefix = "core/cluster/";  // + key
MetadataEntry parse_entry_row(std::string_view row);
std::string entry_row(const MetadataEntry& entry);

}  // namespace mq::core
