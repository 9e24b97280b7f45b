// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/consul_error.h"

#include <string>

namespace mq::core {

namespace {

class ConsulCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "consul"; }

  std::string message(int code) const override {
    switch (static_cast<ConsulErrc>(code)) {
      case ConsulErrc::unknown:
        return "no answer from Consul";
      case ConsulErrc::refused:
        return "refused by Consul";
    }
    return "unknown";
  }
};

}  // namespace

const boost::system::error_category& consul_category() {
  static const ConsulCategory instance;
  return instance;
}

error_code error_of(ConsulVerdict verdict) {
  switch (verdict) {
    case ConsulVerdict::ok:
      return {};
    case ConsulVerdict::unknown:
      return ConsulErrc::unknown;
    default:
      return ConsulErrc::refused;
  }
}

}  // namespace mq::core
