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
#include "tests/support/frame_wire.h"
#include "tests/support/temp_dir.h"

namespace mq::test {

class TestBroker;

// One connection, blocking. Frames out, frames in.
class Wire final : public FrameWire {
 public:
  explicit Wire(const TestBroker& broker);
  explicit Wire(std::uint16_t port) : socket_(io_) {
    socket_.connect({net::asio::ip::address_v4::loopback(), port});
    const timeval limit{20, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  using FrameWire::receive, FrameWire::send;
  void send(std::string_view bytes) override {
    net::asio::write(socket_, net::asio::buffer(bytes.data(), bytes.size()));
  }
  std::vector<std::byte> receive() override {
    std::array<unsigned char, 4> length;
    net::error_code error;
    net::asio::read(socket_, net::asio::buffer(length), error);
    if (error) return {};
    std::vector<std::byte> frame(boost::endian::load_big_u32(length.data()));
    net::asio::read(socket_, net::asio::buffer(frame), error);
    return error ? std::vector<std::byte>{} : frame;
  }

 private:
  net::asio::io_context io_;
  net::asio::ip::tcp::socket socket_;
};

class TestBroker {
 public:
  using Wire = test::Wire;

  explicit TestBroker(std::filesystem::path data, std::function<void(core::Config&)> adjust = {},
                      storage::FileSystem& files = storage::real_files()) {
    core::Config config;
    config.data = std::move(data);
    config.listeners.front().listen.port = 0;
    config.min_free_bytes = 1 << 20;
    config.http.at.reset();  // unless a test wants it
    if (adjust) adjust(config);
    broker_ = std::make_unique<core::Broker>(loop_, std::move(config), core::World{.files = &files});
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

  static core::Time now() { return core::real_clock().now(); }
  static core::Timestamp wall_ms() { return core::real_clock().wall_ms(); }
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

inline Wire::Wire(const TestBroker& broker) : Wire(broker.port()) {}

}  // namespace mq::test
