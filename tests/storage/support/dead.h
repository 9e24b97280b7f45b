// SPDX-License-Identifier: Apache-2.0
// A journal that died without a last word, and whose files a test may change before it is opened again.
#pragma once

#include <fstream>

#include "storage/record.h"
#include "tests/storage/support/model.h"
#include "tests/support/power_cut.h"

namespace mq::test {

inline std::string content(const storage::Path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void replace(const storage::Path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class Dead {
 public:
  explicit Dead(std::size_t segment_bytes = 8192) {
    opened.options.segment_bytes_min = opened.options.segment_bytes_max = segment_bytes;
    opened.options.tail_bytes = 0;
    opened.open();
  }
  storage::Path file(std::uint32_t segment, const char* ending = ".log") {
    char name[32];
    std::snprintf(name, sizeof name, "%010u%s", segment, ending);
    return opened.options.data / "journal" / name;
  }
  void die() {
    files.cut();
    opened.close();
    files.reboot(PowerCut::Loss::none);
  }
  void reopen_with(const storage::Path& path, const std::string& bytes) {
    opened.close();
    replace(path, bytes);
    reopen();
  }
  void reopen() {
    opened.close();
    files.adopt();
    opened.open();
  }
  // A group of appends that become durable together.
  void group(const std::vector<storage::PartitionNumber>& partitions) {
    std::mt19937 random(1);
    ASSERT_TRUE(model.append(partitions, random));
  }
  error_code read_error(storage::PartitionNumber partition, Offset offset) {
    const auto read = wait_for(opened.loop, opened.journal->log(partition)->read(offset, 10'000));
    return read ? error_code{} : read.error();
  }

  TempDir disk;
  PowerCut files{disk.path()};
  Opened opened{files, disk.path()};
  Model model{opened};
};

// Where the records of a segment begin, without the unused rest.
inline std::vector<std::uint64_t> records_of(const std::string& segment) {
  std::vector<std::uint64_t> positions;
  for (std::uint64_t at = 0; at + sizeof(storage::Header) <= segment.size();) {
    const auto header =
        storage::load<storage::Header>(storage::bytes_of(std::string_view(segment)).subspan(at));
    if (header.length == 0 && header.crc == 0) break;
    positions.push_back(at);
    at += storage::record_bytes(header.length);
  }
  return positions;
}

}  // namespace mq::test
