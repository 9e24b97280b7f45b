// SPDX-License-Identifier: Apache-2.0
// Makes `meta` anew from the journal and its tables when it is lost, cannot be read, or is older than the
// journal says. What it held is set aside. On the opening thread, before anything else is read.
#pragma once

#include <set>

#include "storage/noting_store.h"
#include "storage/seal.h"

namespace mq::storage {

class Rebuild {
 public:
  using Start = std::function<void(PartitionNumber, Bytes start)>;

  // `start` is given the start of every batch in a sealed segment, in the order of each partition: snapshots
  // are lost.
  Rebuild(FileSystem& files, Path data, Start start);

  // Moves what is in `meta` away; core's rows in it count, where the journal has none that are newer. Nobody
  // else has it open.
  Result<std::unique_ptr<Store>> run();

  static bool has_segments(FileSystem& files, const Path& dir);  // files that something was written to

 private:
  struct Table {
    std::uint32_t number = 0,
                  order = 0;  // order: of what it holds; a segment that took over others is in their place
    Summary summary;
    SegmentRow row;
    std::shared_ptr<const Sealed> sealed;
  };
  void salvage();
  error_code set_aside();
  error_code find_files();
  error_code read_tables();
  void read_table(std::uint32_t number);
  void restore_tables();
  bool has_table(std::uint32_t number) const;
  error_code read_core_rows(const Table& table);
  void add_open(std::uint32_t number, bool newest);
  error_code place_runs();
  error_code give_starts(const Table& table, const Catalogue::Run& run);
  static bool beats(const Table& a, const Table& b);
  void apply_truncations(std::vector<std::pair<const Table*, Catalogue::Run>>& runs) const;

  FileSystem& files_;
  const Path data_;
  const Start start_;
  std::unique_ptr<leveldb::Env> env_;
  std::map<std::uint32_t, std::pair<bool, bool>> found_;  // segments with a .log, with a .ldb
  std::vector<Table> tables_;                             // in order
  std::set<std::uint32_t> replaced_;                      // by tables that took their place
  std::map<std::uint32_t, SegmentRow> segments_;
  bool incomplete_ = false;  // something of a table could not be had
  Store::Change change_;
};

}  // namespace mq::storage
