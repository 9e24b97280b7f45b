// SPDX-License-Identifier: Apache-2.0
// Looks into a data directory that no broker uses: what lies where, and whether all of it can be read.
// Repairs nothing, and needs no right to write. Blocks; one thread. Holds the directory's LOCK while it
// lives.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "storage/journal.h"

namespace mq::storage {

class Inspection {
 public:
  // `in_use` when a broker has it, `not_found` when there is no journal. A meta that cannot be read is no
  // error here.
  static Result<std::unique_ptr<Inspection>> open(FileSystem& files, const Path& data);
  virtual ~Inspection() = default;

  virtual Store* meta() = 0;  // null: it could not be opened; verify() says why

  struct Segment {
    std::uint32_t number = 0;
    bool sealed = false;
    std::uint64_t file_bytes = 0, table_bytes = 0;  // 0: there is none
    std::uint64_t batches = 0, batch_bytes = 0;
    std::uint64_t living_bytes = 0;  // of batches that were not trimmed, truncated or removed
    std::size_t partitions = 0;
  };
  virtual Result<std::vector<Segment>> segments() = 0;

  struct Partition {
    PartitionNumber number = 0;
    Offset start = 0, end = 0;
    std::uint64_t batches = 0, bytes = 0;
    std::size_t segments = 0;
  };
  virtual Result<std::vector<Partition>> partitions() = 0;  // with anything in them, in order

  // What lies in a segment, in the order of the file or, when it is sealed, of its table.
  struct Record {
    std::uint32_t segment = 0;
    std::uint64_t position = 0;  // of the payload in the .log; 0: it lies in the table
    std::string kind;  // begin, batch, truncate, trim, note, rows; lost: offsets that cannot be read
    PartitionNumber partition = 0;
    Offset first = 0, last = 0;  // of a batch; where a truncation or trim is
    std::int64_t time_max = -1;
    std::size_t size = 0;  // of the payload
    bool living = true;    // false: a batch that was trimmed, truncated or removed
    Bytes payload;         // valid during the visit; empty when it could not be read
  };
  using Visit = std::function<bool(const Record&)>;  // false: enough
  virtual error_code dump(std::uint32_t segment, const Visit& visit) = 0;

  struct Problem {
    Path file;
    std::uint64_t position = 0;
    PartitionNumber partition = 0;  // 0: not known, or not about one
    Offset from = 0, to = 0;        // offsets that cannot be read; equal: not known
    std::string what;
  };
  struct Verified {
    std::uint64_t segments = 0, batches = 0, bytes = 0;
    std::uint64_t torn_bytes = 0;  // behind the last record: never acknowledged, no problem
    std::vector<Problem> problems;
  };
  virtual Verified verify() = 0;  // reads everything, checks every CRC
};

}  // namespace mq::storage
