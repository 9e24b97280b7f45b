// SPDX-License-Identifier: Apache-2.0
// Stores over Consul: one in this process that a test can make do wrong, and real ones.
#pragma once

#include "core/metadata/consul_store.h"
#include "tests/core/metadata/etcd_case.h"
#include "tests/support/consul_server.h"
#include "tests/support/fake_consul.h"

namespace mq::core {

// One for all tests that do it no harm.
inline test::ConsulServer& shared_consul() {
  static test::ConsulServer server;
  return server;
}

inline std::string next_consul_prefix() {
  return next_prefix().substr(1);
}

}  // namespace mq::core
