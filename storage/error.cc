// SPDX-License-Identifier: Apache-2.0
#include "storage/error.h"

#include <string>

namespace mq::storage {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "mq.storage"; }

  std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::corrupt:
        return "stored data is damaged";
      case Errc::io:
        return "the disk could not be read or written";
      case Errc::not_found:
        return "not found";
      case Errc::in_use:
        return "the data directory is in use by another process";
      case Errc::offset_out_of_range:
        return "offset out of range";
      case Errc::full:
        return "the disk is nearly full";
      case Errc::fenced:
        return "the store failed before and must be opened again";
      case Errc::stopped:
        return "the store is stopping";
    }
    return "storage error " + std::to_string(code);
  }
};

}  // namespace

const boost::system::error_category& storage_category() noexcept {
  static const Category category;
  return category;
}

}  // namespace mq::storage
