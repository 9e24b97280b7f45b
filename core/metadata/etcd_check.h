// SPDX-License-Identifier: Apache-2.0
// Whether what answers is an etcd that can be worked with: asked once, at the start. Lives on the loop.
#pragma once

#include "core/metadata/etcd_client.h"
#include "core/metadata/store.h"

namespace mq::core {

// Every member is asked; it is enough that one answers.
Task<StoreCheck> check_etcd(std::shared_ptr<EtcdClient> client);

// What is wrong with a version, if anything. Pure.
struct EtcdVersionRemark {
  bool refused = false;
  std::string sentence = {};  // empty: nothing
};
EtcdVersionRemark remark_on_etcd(std::string_view version);

}  // namespace mq::core
