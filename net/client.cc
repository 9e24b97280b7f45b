// SPDX-License-Identifier: Apache-2.0
#include "net/client.h"

#include <utility>

#include "net/error.h"
#include "net/wire.h"

namespace mq::net {

namespace {

constexpr std::chrono::seconds leave_within{60};

class Caller final : public Client {
 public:
  explicit Caller(std::shared_ptr<Wire> wire) : wire_(std::move(wire)), remote_(wire_->remote()) {}
  ~Caller() override { wire_->close(Errc::closed); }

  Task<Result<Slice>> call(Pieces request, Duration timeout) override {
    return Wire::call(wire_, std::move(request), timeout, true);
  }

  Task<error_code> send(Pieces request) override { return leave(wire_, std::move(request)); }

  bool open() const override { return wire_->open(); }
  void close() override { wire_->close(Errc::closed); }
  asio::ip::tcp::endpoint remote() const override { return remote_; }

 private:
  static Task<error_code> leave(std::shared_ptr<Wire> wire, Pieces request) {
    const auto left = co_await Wire::call(std::move(wire), std::move(request), leave_within, false);
    co_return left ? error_code{} : left.error();
  }

  const std::shared_ptr<Wire> wire_;
  const asio::ip::tcp::endpoint remote_;
};

}  // namespace

Task<Result<std::shared_ptr<Client>>> Client::connect(std::string host, std::uint16_t port, Duration timeout,
                                                      std::vector<Attempt>* attempts,
                                                      std::size_t answer_bytes_max) {
  auto socket = co_await dial(std::move(host), port, timeout, attempts);
  if (!socket) co_return socket.error();
  auto wire = std::make_shared<Wire>(std::move(*socket), answer_bytes_max);
  wire->run();
  co_return std::make_shared<Caller>(std::move(wire));
}

}  // namespace mq::net
