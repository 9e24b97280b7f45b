// SPDX-License-Identifier: Apache-2.0
// Accepts connections at one address, for servers of every kind. Lives on the loop.
#pragma once

#include <functional>
#include <memory>

#include "net/socket.h"

namespace mq::net {

// Bound, and not listened on yet: who connects is refused until then. Port 0: the kernel chooses.
Result<std::shared_ptr<Acceptor>> bind_acceptor(const Executor& executor, const asio::ip::tcp::endpoint& at);

// Each connection is welcomed, until the acceptor is closed. While the process is short of descriptors they
// are turned away, with the reason, and closed: the last ones are for files, so that storage can go on when
// clients take all they can get.
Task<void> accept_all(std::shared_ptr<Acceptor> acceptor, std::function<void(Socket)> welcome,
                      std::function<void(const Socket&, error_code)> turn_away);

// 192.0.2.1, and not ::ffff:192.0.2.1, wherever it came in.
asio::ip::tcp::endpoint as_written(const asio::ip::tcp::endpoint& endpoint);

}  // namespace mq::net
