// SPDX-License-Identifier: Apache-2.0
// Files that meta does not list: what a crash left of sealing, cleaning or unlinking. They are removed in the
// background; when meta was made anew nobody knows whose they are, and they are set aside. On the opening
// thread, before the cleaner or the sealer has anything to do: a file they are making is not listed either.
#pragma once

#include "storage/cleaner.h"

namespace mq::storage {

class Strays {
 public:
  Strays(const SegmentFiles& segments, Catalogue& catalogue, Cleaner& cleaner, asio::thread_pool& background)
      : segments_(segments), catalogue_(catalogue), cleaner_(cleaner), background_(background) {}

  void remove(bool meta_rebuilt);

 private:
  void remove(std::uint32_t number, bool table);
  void set_aside(const std::string& name);
  bool is_listed(std::uint32_t number, bool table) const;
  bool begun(std::uint32_t number) const;

  const SegmentFiles& segments_;
  Catalogue& catalogue_;
  Cleaner& cleaner_;
  asio::thread_pool& background_;
};

}  // namespace mq::storage
