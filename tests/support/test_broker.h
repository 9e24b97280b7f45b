// SPDX-License-Identifier: Apache-2.0
// A whole broker in this process, on a real directory and a port of the kernel's choice, and a client that
// says exactly what the test wants said.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <boost/endian/conversion.hpp>
#include <future>
#include <thread>

#include "core/broker/broker.h"
#include "net/kafka/codec.h"
#include "net/kafka/header.h"
#include "tests/support/temp_dir.h"

namespace mq::test {

// One connection, blocking. Frames out, frames in.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : socket_(io_) {
    socket_.connect({net::asio::ip::address_v4::loopback(), port});
    const timeval limit{20, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  void send(std::string_view bytes) {
    net::asio::write(socket_, net::asio::buffer(bytes.data(), bytes.size()));
  }

  template <class Request>
  void send(const Request& request, kafka::Version version) {
    const auto pieces = kafka::encode_request(++correlation_, "test", request, version);
    for (const net::Piece& piece : pieces)
      net::asio::write(socket_, net::asio::buffer(piece.memory.get() + piece.position, piece.size));
  }

  // The next frame without its length; empty when the broker closed the connection.
  std::vector<std::byte> receive() {
    std::array<unsigned char, 4> length;
    net::error_code error;
    net::asio::read(socket_, net::asio::buffer(length), error);
    if (error) return {};
    std::vector<std::byte> frame(boost::endian::load_big_u32(length.data()));
    net::asio::read(socket_, net::asio::buffer(frame), error);
    return error ? std::vector<std::byte>{} : frame;
  }

  // Views in the answer stay valid until the next receive.
  template <class Response>
  Response receive(kafka::Version version) {
    frame_ = receive();
    const auto header = kafka::parse_response_header(frame_, kafka::Describe<Response>::key, version);
    EXPECT_TRUE(header) << "the broker closed the connection";
    if (!header) return {};
    auto response = kafka::decode<Response>(net::Bytes(frame_).subspan(header->body_at), version);
    EXPECT_TRUE(response);
    return response ? std::move(*response) : Response{};
  }

  template <class Response, class Request>
  Response call(const Request& request, kafka::Version version) {
    send(request, version);
    return receive<Response>(version);
  }

  bool closed_by_peer() { return receive().empty(); }

 private:
  net::asio::io_context io_;
  net::asio::ip::tcp::socket socket_;
  std::int32_t correlation_ = 0;
  std::vector<std::byte> frame_;
};

class TestBroker {
 public:
  explicit TestBroker(std::filesystem::path data, std::function<void(core::Config&)> adjust = {},
                      storage::FileSystem& files = storage::real_files()) {
    core::Config config;
    config.data = std::move(data);
    config.listeners.front().listen.port = 0;
    config.min_free_bytes = 1 << 20;
    if (adjust) adjust(config);
    broker_ = std::make_unique<core::Broker>(loop_, std::move(config), files);
    ready_ = broker_->start();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~TestBroker() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    net::asio::co_spawn(loop_, broker_->stop(), [this](std::exception_ptr) { loop_.stop(); });
    thread_.join();
    broker_.reset();
  }

  std::uint16_t port() const { return ready_.listeners.front().port(); }
  const core::Broker::Ready& ready() const { return ready_; }
  Wire connect() const { return Wire(port()); }
  net::asio::io_context& loop() { return loop_; }

 private:
  net::asio::io_context loop_{1};
  std::unique_ptr<core::Broker> broker_;
  core::Broker::Ready ready_;
  std::thread thread_;
};

}  // namespace mq::test
