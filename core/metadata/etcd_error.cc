// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/etcd_error.h"

#include <string>

namespace mq::core {

namespace {

class EtcdCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "etcd"; }

  std::string message(int code) const override {
    switch (static_cast<EtcdErrc>(code)) {
      case EtcdErrc::unknown:
        return "no answer from etcd";
      case EtcdErrc::refused:
        return "refused by etcd";
      case EtcdErrc::compacted:
        return "etcd has compacted this revision away";
      case EtcdErrc::stale:
        return "an answer of etcd's that is older than one before";
    }
    return "unknown";
  }
};

}  // namespace

const boost::system::error_category& etcd_category() {
  static const EtcdCategory instance;
  return instance;
}

error_code error_of(EtcdVerdict verdict) {
  switch (verdict) {
    case EtcdVerdict::ok:
      return {};
    case EtcdVerdict::unknown:
      return EtcdErrc::unknown;
    case EtcdVerdict::compacted:
      return EtcdErrc::compacted;
    default:
      return EtcdErrc::refused;
  }
}

}  // namespace mq::core
