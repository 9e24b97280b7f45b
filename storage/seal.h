// SPDX-License-Identifier: Apache-2.0
// Writes the table of a closed segment: its batches sorted by partition and offset, small ones whole, large
// ones as their place; behind them a summary from which the catalogue could be rebuilt. Background thread.
#pragma once

#include <leveldb/options.h>
#include <leveldb/table_builder.h>

#include <atomic>

#include "storage/sealed.h"

namespace mq::storage {

// What is to be sealed, as of the moment when sealing began.
struct Sealing {
  struct Part {
    PartitionNumber partition = 0;
    std::shared_ptr<const std::vector<Place>> places;  // null: only truncated or trimmed
    std::size_t skip = 0, count = 0;
    PartitionRow row;
    std::shared_ptr<PartitionLog> log;
    // Set where a truncation is in the segment: what is known to be lost of what it left.
    std::optional<std::vector<std::pair<Offset, Offset>>> lost = {};
  };
  std::shared_ptr<SegmentFile> segment;
  std::uint64_t end = 0;
  std::vector<Part> parts;  // a partition once, in order
  std::vector<Place> core_rows;
  std::vector<std::pair<PartitionNumber, Offset>> truncations, trims;

  bool empty() const;  // holds nothing that anybody will look for
};

// The last entry of a table.
struct Summary {
  std::uint32_t segment = 0, seed = 0;
  std::uint64_t end = 0;
  std::vector<Catalogue::Run> runs;
  std::vector<std::pair<PartitionNumber, Offset>> truncations, trims;
  std::vector<std::uint32_t> replaced;  // segments that this one took the place of
  std::vector<std::uint32_t> sources;   // others that had what it has, and may still look as if

  std::string encode() const;
  static std::optional<Summary> decode(std::string_view text);
};

// A table on its way to the disk, its entries in order.
class TableFile {
 public:
  static Result<std::unique_ptr<TableFile>> create(leveldb::Env& env, const Path& path);
  ~TableFile();
  error_code add(const std::string& key, std::string_view value);
  error_code finish(const Summary& summary);  // behind everything else; synced
  std::uint64_t bytes() const { return builder_->FileSize(); }

 private:
  error_code answer(const leveldb::Status& status) const;

  std::string path_;
  leveldb::Options options_;
  std::unique_ptr<leveldb::WritableFile> out_;
  std::unique_ptr<leveldb::TableBuilder> builder_;
  bool finished_ = false;
};

struct Table {
  SegmentRow row;
  std::vector<Catalogue::Run> runs;
};
// The table is on the disk when it returns; the catalogue does not know of it yet.
Result<Table> write_table(leveldb::Env& env, const Path& path, const Sealing& sealing,
                          const std::atomic<bool>& stopping);

}  // namespace mq::storage
