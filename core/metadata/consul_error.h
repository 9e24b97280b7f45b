// SPDX-License-Identifier: Apache-2.0
// What can go wrong with Consul. Any thread.
#pragma once

#include "core/metadata/consul_wire.h"

namespace mq::core {

enum class ConsulErrc {
  unknown = 1,  // no answer, or one that does not tell
  refused,      // it would be refused again; the log says why
};

const boost::system::error_category& consul_category();

inline boost::system::error_code make_error_code(ConsulErrc code) {
  return {static_cast<int>(code), consul_category()};
}

error_code error_of(ConsulVerdict verdict);

}  // namespace mq::core

template <>
struct boost::system::is_error_code_enum<mq::core::ConsulErrc> : std::true_type {};
