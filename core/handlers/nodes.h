// SPDX-License-Identifier: Apache-2.0
// The brokers, as a client is told of them: each where it is reached by the listener the client came in on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/handlers/context.h"

namespace mq::core {

struct Node {
  BrokerId id = -1;
  Address address;
  std::string rack;
};

// Those that live and have such a listener; this one always.
std::vector<Node> nodes(const Context& context);
std::optional<Node> find_node(const Context& context, BrokerId id);
// Who is cut off knows less than all others, and is left only by clients that it hangs up on: told that
// nobody leads they would ask here again. True: it does, instead of an answer.
bool hangs_up(Context& context);
// Who changes topics and configurations; -1: nobody at the moment, or it cannot work.
BrokerId controller_of(const Services& broker);

}  // namespace mq::core
