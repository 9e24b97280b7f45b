// SPDX-License-Identifier: Apache-2.0
// Sockets of a loop, and how pieces leave through one: large ranges of files by sendfile, all else gathered.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>

#include "net/types.h"

namespace mq::net {

using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Clock = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

// How far something has come that a peer has to move: `unit` things finished, `bytes` in all.
struct Progress {
  bool waiting = false;  // for the peer, at this moment
  std::uint64_t unit = 0, bytes = 0;
};

// For both ends: small requests leave at once, a dead peer is found by the kernel (after some four minutes),
// raw calls do not block.
error_code prepare(Socket& socket);

// As many as are worth gathering for one send.
inline constexpr std::size_t pieces_per_send_max = 256;

// Returns when all is with the kernel, or the connection is broken. The caller keeps socket and progress; one
// at a time. The pieces are let go as they leave. SIGPIPE must be ignored where pieces are files.
Task<error_code> send(Socket& socket, Pieces pieces, Progress& progress);

}  // namespace mq::net
