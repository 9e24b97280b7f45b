// SPDX-License-Identifier: Apache-2.0
// What an Inspection is made of.
#pragma once

#include "storage/error.h"
#include "storage/inspect.h"
#include "storage/lock.h"
#include "storage/recovery.h"
#include "storage/seal.h"

namespace mq::storage {

// A store without rows, for a directory whose meta cannot be read.
class NoStore final : public Store {
 public:
  error_code commit(const Change&) override { return Errc::not_found; }
  Result<std::optional<std::string>> get(std::string_view) override { return std::nullopt; }
  Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view, std::string_view,
                                                                std::size_t) override {
    return std::vector<std::pair<std::string, std::string>>();
  }
  std::uint64_t changes() const override { return 0; }
};

class Inspector final : public Inspection {
 public:
  Inspector(FileSystem& file_system, const Path& data, std::unique_ptr<Lock> lock,
            Result<std::unique_ptr<Store>> meta)
      : lock_(std::move(lock)),
        meta_path_(data / "meta"),
        meta_error_(meta ? error_code{} : meta.error()),
        store_(meta ? std::move(*meta) : std::make_unique<NoStore>()),
        catalogue_(*store_),
        files_(file_system, data / "journal", catalogue_, {}),
        tables_(file_system, files_, catalogue_) {
    if (!meta_error_) meta_error_ = catalogue_.load();
    manifest_ = catalogue_.manifest();
  }

  Store* meta() override { return meta_error_ ? nullptr : store_.get(); }
  Result<std::vector<Segment>> segments() override;
  Result<std::vector<Partition>> partitions() override;
  error_code dump(std::uint32_t segment, const Visit& visit) override;
  Verified verify() override;

 private:
  bool living(std::uint32_t segment, PartitionNumber partition, Offset last);
  const std::map<std::uint32_t, Known>& known();
  Result<Scan> scan_open(std::uint32_t number, std::shared_ptr<SegmentFile>& file);
  error_code dump_open(std::uint32_t number, const Visit& visit);
  error_code dump_sealed(std::uint32_t number, const Visit& visit);
  std::uint64_t size_of(const Path& path) const;

  void verify_meta(Verified& out);
  void verify_open(std::uint32_t number, Verified& out);
  void verify_sealed(std::uint32_t number, const SegmentRow& row, Verified& out);
  void verify_place(const SegmentFile& file, PartitionNumber partition, const Sealed::Entry& entry,
                    Verified& out);
  void verify_catalogue(Verified& out);
  void add_lost(const Path& path, std::uint32_t number, const std::string& what, Verified& out);

  const std::unique_ptr<Lock> lock_;
  const Path meta_path_;
  error_code meta_error_;
  const std::unique_ptr<Store> store_;
  Catalogue catalogue_;
  SegmentFiles files_;
  SealedSegments tables_;
  Catalogue::Manifest manifest_;
  std::optional<std::map<std::uint32_t, Known>> known_;
  std::uint64_t changes_ = 0;  // of meta, that the journal remembers
};

}  // namespace mq::storage
