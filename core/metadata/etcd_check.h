// SPDX-License-Identifier: Apache-2.0
// Whether what answers is an etcd that can be worked with: asked once, at the start. Lives on the loop.
#pragma once

#include "core/metadata/etcd_client.h"

namespace mq::core {

struct EtcdCheck {
  std::string refusal = {};                // a whole sentence; empty: it will do
  std::vector<std::string> warnings = {};  // whole sentences
  std::string version = {};                // of the first member that answered
  std::string cluster_id = {};
};

// Every member is asked; it is enough that one answers.
Task<EtcdCheck> check_etcd(std::shared_ptr<EtcdClient> client);

// What is wrong with a version, if anything. Pure.
struct EtcdVersionRemark {
  bool refused = false;
  std::string sentence = {};  // empty: nothing
};
EtcdVersionRemark remark_on_etcd(std::string_view version);

}  // namespace mq::core
