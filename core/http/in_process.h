// SPDX-License-Identifier: Apache-2.0
// A connection to the broker of this process, without a socket: requests go through the door to its handlers
// and are answered as any other client's. Lives on the web thread.
#pragma once

#include <memory>

#include "core/http/door.h"
#include "net/client.h"
#include "net/handler.h"

namespace mq::http {

// `handler` is called on the broker's loop as long as it is there; an answer after that is `closed`. Calls do
// not time out: handlers keep their requests' own limits.
std::shared_ptr<net::Client> connect_in_process(std::shared_ptr<Door> door,
                                                std::weak_ptr<net::Handler> handler,
                                                std::shared_ptr<net::Peer> peer);

}  // namespace mq::http
