// SPDX-License-Identifier: Apache-2.0
// Whether what answers is a Consul that can be worked with: asked once, at the start. Lives on the loop.
#pragma once

#include "core/metadata/consul_client.h"
#include "core/metadata/store.h"

namespace mq::core {

// Every agent is asked; it is enough that one answers.
Task<StoreCheck> check_consul(std::shared_ptr<ConsulClient> client);

// What is wrong with a version. Pure; empty: nothing.
std::string refusal_of_consul(std::string_view version);

}  // namespace mq::core
