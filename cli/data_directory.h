// SPDX-License-Identifier: Apache-2.0
// What can be said of a broker's data directory from outside, without making or changing anything: is it
// there, could it be made, how much room is left. For mq serve --check and mq doctor. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace mq::cli {

struct DataDirectory {
  std::filesystem::path path;     // as it was given
  std::filesystem::path nearest;  // absolute: itself, or what of the way to it there is
  bool exists = false;
  bool writable = false;  // by us: what there is of it
  std::string unfit;      // why no broker could keep its data there, behind the path; empty: it could
  std::uint64_t free_bytes = 0, all_bytes = 0;
  unsigned file_system = 0;  // statfs's number
};

DataDirectory look_at_data(const std::filesystem::path& path);

}  // namespace mq::cli
