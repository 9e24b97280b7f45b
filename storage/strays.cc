// SPDX-License-Identifier: Apache-2.0
#include "storage/strays.h"

#include <boost/asio/post.hpp>

#include "storage/logger.h"
#include "storage/recovery.h"

namespace mq::storage {

void Strays::remove(bool meta_rebuilt) {
  const auto names = segments_.files.list(segments_.dir);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const auto number = static_cast<std::uint32_t>(std::strtoul(name.c_str(), nullptr, 10));
    const bool table = name.ends_with(".ldb");
    if (number > 0 && name.ends_with(".ldb.new")) segments_.files.remove(segments_.dir / name);
    if (number == 0 || (!table && !name.ends_with(".log")) || is_listed(number, table)) continue;
    catalogue_.used(number);  // or what is made next would be removed instead
    if (meta_rebuilt && (table || begun(number)))
      set_aside(name);
    else
      remove(number, table);
  }
}

bool Strays::is_listed(std::uint32_t number, bool table) const {
  const auto row = catalogue_.segment(number);
  const bool sealed = row && row->state == SegmentRow::sealed;
  return table ? sealed : row && (!sealed || row->has_file);
}

// Whether anything was written to it since it was made ready.
bool Strays::begun(std::uint32_t number) const {
  const auto file = segments_.files.open(segments_.path(number), FileSystem::Mode::read);
  const auto begin = file ? read_begin(**file, number) : Result<std::optional<Begin>>(file.error());
  return !begin || *begin;
}

void Strays::set_aside(const std::string& name) {
  const Path path = segments_.dir / name;
  logger().warn("{} is set aside: it could not be read, or was replaced", path.string());
  segments_.files.rename(path, path.string() + ".aside");
}

void Strays::remove(std::uint32_t number, bool table) {
  logger().info("segment {}: {} is left from a crash: removed", number, table ? "a table" : "a file");
  asio::post(background_,
             [&cleaner = cleaner_, number, table] { cleaner.remove_files(number, !table, table); });
}

}  // namespace mq::storage
