// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/network_model.h"

#include <cstring>

#include "core/loop/waiter.h"
#include "net/error.h"

namespace mq::core {

class NetworkModel::Connection final : public net::Client {
 public:
  Connection(NetworkModel& network, asio::io_context& loop, BrokerId from, BrokerId to,
             std::shared_ptr<test::VirtualConnection> server)
      : network_(network), loop_(loop), from_(from), to_(to), server_(std::move(server)) {}
  ~Connection() override { close(); }

  Task<net::Result<net::Slice>> call(net::Pieces request, Duration timeout) override {
    const Time deadline = network_.clock_.now() + timeout;
    net::Slice frame = without_length(request);
    co_await travel();
    if (!open_) co_return make_error_code(net::Errc::closed);
    if (network_.is_cut(from_, to_)) co_return co_await time_out(deadline);
    server_->on_answer = [this] { waiters_.wake_all(); };
    server_->send(std::move(frame));
    const std::uint64_t number = sent_++;
    std::optional<std::vector<std::byte>> answer;
    while (open_ && !server_->closed() && !(answer = take(number))) {
      const auto waiter = std::make_shared<Waiter>(loop_, network_.clock_, deadline);
      waiters_.add(waiter);
      if (!co_await Waiter::wait(waiter)) co_return co_await time_out(deadline);
    }
    if (answer) co_await travel();
    if (!answer || !open_) {
      close();
      co_return make_error_code(net::Errc::closed);
    }
    if (network_.is_cut(to_, from_)) co_return co_await time_out(deadline);
    const std::shared_ptr<std::byte> memory(new std::byte[answer->size()],
                                            std::default_delete<std::byte[]>());
    std::memcpy(memory.get(), answer->data(), answer->size());
    co_return net::Slice{memory, answer->size()};
  }
  Task<error_code> send(net::Pieces) override { co_return make_error_code(net::Errc::closed); }
  bool open() const override { return open_; }
  void close() override {
    if (!std::exchange(open_, false)) return;
    server_->on_answer = [] {};
    if (server_alive()) server_->close();
    waiters_.wake_all();
  }
  // The other end is gone: there is nobody to tell.
  void lose() {
    open_ = false;
    server_->on_answer = [] {};
    waiters_.wake_all();
  }
  bool is_between(BrokerId one, BrokerId other) const {
    return (from_ == one && to_ == other) || (from_ == other && to_ == one);
  }
  bool is_to(BrokerId broker) const { return to_ == broker; }
  boost::asio::ip::tcp::endpoint remote() const override { return {}; }

 private:
  bool server_alive() const { return !server_->closed(); }
  // Answers come in the order of the requests.
  std::optional<std::vector<std::byte>> take(std::uint64_t number) {
    while (auto answer = server_->take()) answers_[answered_++] = std::move(*answer);
    const auto found = answers_.find(number);
    if (found == answers_.end()) return std::nullopt;
    return std::move(answers_.extract(found).mapped());
  }
  Task<void> travel() {
    const auto nanos = static_cast<std::uint64_t>(std::max<Time::rep>(network_.delay_max.count(), 1));
    const Time until = network_.clock_.now() + Time::duration(network_.clock_.random() % nanos);
    co_await Waiter::wait(std::make_shared<Waiter>(loop_, network_.clock_, until));
  }
  Task<net::Result<net::Slice>> time_out(Time deadline) {
    const auto waiter = std::make_shared<Waiter>(loop_, network_.clock_, deadline);
    waiters_.add(waiter);
    if (open_) co_await Waiter::wait(waiter);
    const bool was_open = open_;
    close();
    co_return make_error_code(was_open ? net::Errc::timed_out : net::Errc::closed);
  }
  static net::Slice without_length(const net::Pieces& pieces) {
    std::vector<std::byte> bytes;
    for (const net::Piece& piece : pieces)
      bytes.insert(bytes.end(), piece.memory.get() + piece.position,
                   piece.memory.get() + piece.position + piece.size);
    const std::size_t size = bytes.size() - 4;
    const std::shared_ptr<std::byte> memory(new std::byte[size], std::default_delete<std::byte[]>());
    std::memcpy(memory.get(), bytes.data() + 4, size);
    return {memory, size};
  }

  NetworkModel& network_;
  asio::io_context& loop_;
  const BrokerId from_, to_;
  const std::shared_ptr<test::VirtualConnection> server_;
  Waiters waiters_;
  std::uint64_t sent_ = 0, answered_ = 0;
  std::map<std::uint64_t, std::vector<std::byte>> answers_;  // by the numbers of their requests
  bool open_ = true;
};

namespace {

Task<Result<std::shared_ptr<net::Client>>> refused(net::Errc error) {
  co_return make_error_code(error);
}

}  // namespace

void NetworkModel::attach(BrokerId broker, test::VirtualBroker* at) {
  brokers_[broker] = at;
  if (at) return;
  for (const auto& connection : std::exchange(connections_, {}))
    if (const auto alive = connection.lock()) {
      if (alive->is_to(broker))
        alive->lose();
      else
        connections_.push_back(alive);
    }
}

ClusterMember::Connect NetworkModel::connector(BrokerId from, asio::io_context& loop) {
  return [this, from, &loop](const Endpoint& endpoint) -> Task<Result<std::shared_ptr<net::Client>>> {
    const auto to = static_cast<BrokerId>(std::stoi(endpoint.host));
    test::VirtualBroker* broker = brokers_[to];
    if (!broker) return refused(net::Errc::closed);
    if (is_cut(from, to)) return refused(net::Errc::timed_out);
    auto connection =
        std::make_shared<Connection>(*this, loop, from, to, broker->open_connection(internal_listener));
    connections_.push_back(connection);
    return [](std::shared_ptr<net::Client> made) -> Task<Result<std::shared_ptr<net::Client>>> {
      co_return made;
    }(std::move(connection));
  };
}

void NetworkModel::break_all(BrokerId one, BrokerId other) {
  for (const auto& connection : connections_)
    if (const auto alive = connection.lock(); alive && alive->is_between(one, other)) alive->close();
}

}  // namespace mq::core
