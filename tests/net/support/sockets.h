// SPDX-License-Identifier: Apache-2.0
// A loop, a server on it and raw peers beside it, all on the test's thread: waiting means running the loop
// until an event, and failing at a deadline.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/endian/conversion.hpp>
#include <cstring>
#include <functional>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/error.h"
#include "net/server.h"
#include "net/signal.h"
#include "net/socket.h"

namespace mq::net {

using asio::ip::tcp;

inline std::string bytes_of(const Slice& slice) {
  return {reinterpret_cast<const char*>(slice.data.get()), slice.size};
}

inline std::string length_of(std::size_t size) {
  std::string length(4, '\0');
  boost::endian::store_big_u32(reinterpret_cast<unsigned char*>(length.data()),
                               static_cast<std::uint32_t>(size));
  return length;
}

inline std::string framed(const std::string& body) {
  return length_of(body.size()) + body;
}

inline Piece piece_of(std::string text) {
  auto kept = std::make_shared<const std::string>(std::move(text));
  Piece piece;
  piece.memory = {kept, reinterpret_cast<const std::byte*>(kept->data())};
  piece.size = kept->size();
  return piece;
}

// Different at every place, so that a shift or a hole is seen.
inline std::string pattern(std::size_t size, std::uint32_t seed = 1) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return text;
}

// Gives back what it got.
struct Echo final : Handler {
  std::vector<std::string> seen;
  Task<Result<Pieces>> handle(std::shared_ptr<Peer>, Slice frame) override {
    seen.push_back(bytes_of(frame));
    Pieces answer{piece_of(framed(seen.back()))};
    co_return answer;
  }
  bool overlaps(Bytes) const override { return false; }
};

// Answers when it is told to, what it is told to. All overlap but those that begin with "alone".
struct Parking final : Handler {
  struct Parked {
    std::shared_ptr<Peer> peer;
    std::string request;
    Signal told;
    std::optional<Result<Pieces>> answer;

    void say(Result<Pieces> with) {
      answer = std::move(with);
      told.notify();
    }
    void echo() { say(Pieces{piece_of(framed(request))}); }
  };
  std::vector<std::shared_ptr<Parked>> seen;

  ~Parking() override {
    for (auto& parked : seen) parked->say(Pieces{});  // nobody is left waiting
  }

  Task<Result<Pieces>> handle(std::shared_ptr<Peer> peer, Slice frame) override {
    auto parked = std::make_shared<Parked>();
    parked->peer = std::move(peer);
    parked->request = bytes_of(frame);
    seen.push_back(parked);
    while (!parked->answer) co_await parked->told.wait();
    co_return std::move(*parked->answer);
  }
  bool overlaps(Bytes frame) const override {
    return !std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()).starts_with("alone");
  }
};

class Sockets : public testing::Test {
 public:
  ~Sockets() override {
    server.reset();
    loop.restart();
    loop.poll();
  }

  void serve(Handler& handler, const Limits& limits = {}) {
    server = Server::create(loop, handler, limits);
    address = server->listen({asio::ip::address_v4::loopback(), 0}).value();
  }

  // One turn after the other until it is so.
  void until(const std::function<bool()>& so) {
    const auto deadline = Clock::now() + std::chrono::seconds(30);
    loop.restart();
    while (!so()) {
      if (Clock::now() > deadline) throw std::runtime_error("waited in vain");
      loop.run_one_until(Clock::now() + std::chrono::milliseconds(100));
      if (loop.stopped()) loop.restart();
    }
  }

  // The task's answer; the loop runs until it is there.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    std::exception_ptr failed;
    asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error, T value) {
      failed = error;
      if (!error) result = std::move(value);
    });
    until([&] { return result || failed; });
    if (failed) std::rethrow_exception(failed);
    return std::move(*result);
  }

  std::shared_ptr<Socket> peer() {
    auto socket = std::make_shared<Socket>(loop.get_executor());
    socket->connect(address);
    socket->set_option(tcp::no_delay(true));
    return socket;
  }

  void write(const std::shared_ptr<Socket>& to, std::string bytes) {
    auto kept = std::make_shared<std::string>(std::move(bytes));
    asio::async_write(*to, asio::buffer(*kept), [to, kept](error_code, std::size_t) {});
  }

  // What comes, at most `size`; less: the peer has closed.
  std::string read(const std::shared_ptr<Socket>& from, std::size_t size) {
    struct Read {
      std::string bytes;
      std::optional<std::size_t> got;
    };
    auto reading = std::make_shared<Read>(Read{std::string(size, '\0'), {}});
    asio::async_read(*from, asio::buffer(reading->bytes),
                     [from, reading](error_code, std::size_t n) { reading->got = n; });
    until([&] { return reading->got.has_value(); });
    return reading->bytes.substr(0, *reading->got);
  }

  std::string ask(const std::shared_ptr<Socket>& peer, const std::string& body, std::size_t answer_bytes) {
    write(peer, framed(body));
    return read(peer, answer_bytes);
  }

  bool closed(const std::shared_ptr<Socket>& peer) { return read(peer, 1).empty(); }

  asio::io_context loop{1};
  std::unique_ptr<Server> server;
  tcp::endpoint address;
};

// What the logger "net" has said in this process.
std::string logged();

}  // namespace mq::net
