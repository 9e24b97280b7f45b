// SPDX-License-Identifier: Apache-2.0
// What can go wrong with etcd. Any thread.
#pragma once

#include "core/metadata/etcd_wire.h"

namespace mq::core {

enum class EtcdErrc {
  unknown = 1,  // no answer, or one that does not tell
  refused,      // it would be refused again; the log says why
  compacted,    // the revision is no longer there
  stale,        // an answer older than what was seen before
};

const boost::system::error_category& etcd_category();

inline boost::system::error_code make_error_code(EtcdErrc code) {
  return {static_cast<int>(code), etcd_category()};
}

error_code error_of(EtcdVerdict verdict);

}  // namespace mq::core

template <>
struct boost::system::is_error_code_enum<mq::core::EtcdErrc> : std::true_type {};
