// SPDX-License-Identifier: Apache-2.0
// Bytes in, records out: the ways in which `mq produce` understands its input. A source sees one input
// (stdin, a file, one -m) from its first byte to its last. Used by one thread; no I/O.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/records/format.h"
#include "core/admin/record.h"

namespace mq::cli {

struct SourceOptions {
  enum class Encoding { raw, hex, base64 };
  std::string delimiter = "\n";
  bool crlf = false;  // a carriage return before the delimiter goes, too
  std::optional<std::string> key_separator = {};
  bool key_optional = false;
  bool empty_null = false;  // an empty value is a null, a tombstone
  std::optional<std::string> null_marker = {};
  bool skip_empty = false;
  Encoding key_encoding = Encoding::raw, value_encoding = Encoding::raw;
  std::size_t record_bytes_max = 100 << 20;
};

class RecordSource {
 public:
  enum class Got { record, more, broken };

  explicit RecordSource(SourceOptions options) : options_(std::move(options)) {}
  virtual ~RecordSource() = default;

  // `at_end`: nothing follows. Views in records end here.
  virtual void feed(std::string_view block, bool at_end) = 0;
  // A record; or more is needed (behind the last block: there is no more); or this one cannot be understood,
  // and the next call goes on behind it.
  virtual Got next(admin::Record& record) = 0;

  std::uint64_t line() const { return line_; }  // of the last record, from 1; a record number if not by lines
  const std::string& wrong() const { return wrong_; }  // why `broken`

 protected:
  Got broken(std::string why);
  static std::string too_large(std::size_t bytes_max);
  // Encodings, markers and tombstones. `skip`: the record is a blank line that was asked to be left out.
  Got dress(admin::Record& record, bool& skip);
  bool decode(SourceOptions::Encoding encoding, std::optional<std::string_view>& bytes);

  SourceOptions options_;
  std::uint64_t line_ = 0;
  std::string wrong_;
  admin::Decoded decoded_;
};

std::unique_ptr<RecordSource> line_source(SourceOptions options);  // a record for each delimiter
std::unique_ptr<RecordSource> raw_source(SourceOptions options);   // all of it is one record
std::unique_ptr<RecordSource> json_source(SourceOptions options);  // an envelope for each line
std::unique_ptr<RecordSource> csv_source(
    SourceOptions options);  // first row: key,value,timestamp,partition,header:NAME
std::unique_ptr<RecordSource> format_source(SourceOptions options, std::shared_ptr<const Format> format);

}  // namespace mq::cli
