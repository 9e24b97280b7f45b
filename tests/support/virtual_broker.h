// SPDX-License-Identifier: Apache-2.0
// A whole broker in the test's thread: virtual time, a journal in memory, frames handed over without sockets.
// Time passes only when there is nothing else to do. The same seed gives the same run.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/endian/conversion.hpp>
#include <cstring>
#include <deque>

#include "core/broker/broker.h"
#include "storage/memory_journal.h"
#include "tests/support/frame_wire.h"
#include "tests/support/virtual_clock.h"

namespace mq::test {

class VirtualBroker;

// A connection without a socket: one request at a time, or several of which the handler says that they
// overlap; answers in the order of the requests (net/connection.h).
class VirtualConnection : public std::enable_shared_from_this<VirtualConnection> {
 public:
  VirtualConnection(boost::asio::io_context& loop, net::Handler& handler, std::shared_ptr<net::Peer> peer)
      : loop_(loop), handler_(handler), peer_(std::move(peer)) {}

  void send(net::Slice frame) {
    waiting_.push_back(std::move(frame));
    start_next();
  }
  void close() {
    peer_->gone = true;
    waiting_.clear();
    if (const auto tell = std::exchange(peer_->when_gone, nullptr)) tell();
    on_answer();
  }
  bool closed() const { return peer_->gone; }
  // Called whenever an answer may be there to be taken, or it has been closed.
  std::function<void()> on_answer = [] {};
  // The answer at the head of the line, without its length.
  std::optional<std::vector<std::byte>> take() {
    while (!answers_.empty() && answers_.front()->done && answers_.front()->frame.empty())
      answers_.pop_front();
    if (answers_.empty() || !answers_.front()->done) return std::nullopt;
    auto frame = std::move(answers_.front()->frame);
    answers_.pop_front();
    return frame;
  }

 private:
  struct Answer {
    bool done = false;
    std::vector<std::byte> frame;
  };

  void start_next() {
    while (!waiting_.empty()) {
      const bool overlaps = handler_.overlaps(waiting_.front().bytes());
      if (in_flight_ > 0 && !(overlaps && all_overlap_)) return;
      all_overlap_ = in_flight_ > 0 ? all_overlap_ : overlaps;
      in_flight_++;
      answers_.push_back(std::make_shared<Answer>());
      net::Slice frame = std::move(waiting_.front());
      waiting_.pop_front();  // it may come here again before it first suspends
      boost::asio::co_spawn(loop_, run(shared_from_this(), std::move(frame), answers_.back()),
                            boost::asio::detached);
    }
  }
  static net::Task<void> run(std::shared_ptr<VirtualConnection> self, net::Slice frame,
                             std::shared_ptr<Answer> answer) {
    const auto pieces = co_await self->handler_.handle(self->peer_, std::move(frame));
    if (!pieces) self->close();
    if (pieces) answer->frame = without_length(*pieces);
    answer->done = true;
    self->in_flight_--;
    self->on_answer();
    self->start_next();
  }
  static std::vector<std::byte> without_length(const net::Pieces& pieces) {
    std::vector<std::byte> bytes;
    for (const net::Piece& piece : pieces) {
      EXPECT_FALSE(piece.file) << "a journal in memory has no files";
      if (piece.memory)
        bytes.insert(bytes.end(), piece.memory.get() + piece.position,
                     piece.memory.get() + piece.position + piece.size);
    }
    if (!bytes.empty()) bytes.erase(bytes.begin(), bytes.begin() + 4);
    return bytes;
  }

  boost::asio::io_context& loop_;
  net::Handler& handler_;
  const std::shared_ptr<net::Peer> peer_;
  std::deque<net::Slice> waiting_;
  std::deque<std::shared_ptr<Answer>> answers_;
  std::size_t in_flight_ = 0;
  bool all_overlap_ = false;
};

class VirtualWire final : public FrameWire {
 public:
  explicit VirtualWire(VirtualBroker& broker);
  VirtualWire(const VirtualWire&) = delete;
  ~VirtualWire() override { connection_->close(); }

  using FrameWire::receive, FrameWire::send;
  void send(std::string_view bytes) override;  // whole frames
  std::vector<std::byte> receive() override;
  std::optional<std::vector<std::byte>> poll() { return connection_->take(); }  // an answer, if it is there

 private:
  VirtualBroker& broker_;
  const std::shared_ptr<VirtualConnection> connection_;
};

class VirtualBroker {
 public:
  using Wire = VirtualWire;

  // `disk` and `clock` may have been another broker's before; `data` holds node.json.
  VirtualBroker(const std::filesystem::path& data, storage::MemoryDisk& disk, VirtualClock& clock,
                const std::function<void(core::Config&)>& adjust = {},
                const std::function<void(core::World&)>& adjust_world = {})
      : clock_(clock) {
    core::Config config;
    config.data = data;
    if (adjust) adjust(config);
    core::World world;
    world.clock = &clock;
    world.disk = world.workers = loop_.get_executor();
    world.listens = false;
    world.open_journal =
        [this, &disk](storage::JournalOptions options) -> storage::Result<std::unique_ptr<storage::Journal>> {
      auto sync = [this](std::function<void()> done) { syncs_ ? held_.push_back(std::move(done)) : done(); };
      auto journal =
          std::make_unique<storage::MemoryJournal>(disk, loop_, std::move(options), std::move(sync));
      journal_ = journal.get();
      return std::unique_ptr<storage::Journal>(std::move(journal));
    };
    if (adjust_world) adjust_world(world);
    broker_ = std::make_unique<core::Broker>(loop_, std::move(config), std::move(world));
    std::filesystem::create_directories(data);
    broker_->start([this](const core::Broker::Ready&) { serves_ = true; });
    loop_.poll();
  }
  ~VirtualBroker() { stop(); }

  using Stop = core::Broker::Stop;
  void stop(Stop how = Stop::in_order) {
    if (!broker_) return;
    begin_stop(how);
    EXPECT_TRUE(run_until([&] { return has_stopped_; })) << "it does not stop";
    loop_.restart();
    loop_.poll();  // who was sent away goes while all is there that it holds
    broker_.reset();
    journal_ = nullptr;
    clock_.forget(loop_);
  }
  // Of one that needs others to stop: they are given turns until it has.
  void begin_stop(Stop how = Stop::in_order) {
    if (std::exchange(stops_, true)) return;
    release();
    boost::asio::co_spawn(loop_, broker_->stop(how), [&](std::exception_ptr) { has_stopped_ = true; });
  }
  bool has_stopped() const { return has_stopped_; }
  bool serves() const { return serves_; }  // clients are let in
  // What was not synced is lost, and nothing is written any more; then everybody who waits is sent away.
  void crash() {
    journal_->crash();
    stop(Stop::at_once);
  }

  Wire connect() { return Wire(*this); }
  std::shared_ptr<VirtualConnection> open_connection(std::string_view listener = core::Listener().name) {
    auto peer = std::make_shared<net::Peer>();
    peer->id = ++peers_;
    peer->listener = listener;
    peer->local = {boost::asio::ip::address_v4::loopback(), port()};
    peer->remote = {boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(40'000 + peers_)};
    return std::make_shared<VirtualConnection>(loop_, broker_->handler(), std::move(peer));
  }
  static constexpr std::uint16_t port() { return 9092; }
  core::Time now() const { return clock_.now(); }
  core::Timestamp wall_ms() const { return clock_.wall_ms(); }
  storage::MemoryJournal& journal() { return *journal_; }
  core::Broker& broker() { return *broker_; }
  boost::asio::io_context& loop() { return loop_; }

  // What is to be done now is done, then time passes; an hour at most. False: it never comes.
  template <class Done>
  bool run_until(Done done) {
    const core::Time latest = clock_.now() + std::chrono::hours(1);
    for (;;) {
      loop_.restart();
      loop_.poll();
      if (done()) return true;
      if (!clock_.advance(latest)) return false;
    }
  }
  void pass(core::Time::duration time) {
    const core::Time until = clock_.now() + time;
    do {
      loop_.restart();
      loop_.poll();
    } while (clock_.advance(until));
  }

  // From now on what is written waits until release().
  void hold() { syncs_ = true; }
  void release() {
    syncs_ = false;
    sync();
  }
  // What waits now is written; what comes is held again.
  void sync() {
    for (auto& done : std::exchange(held_, {})) done();
  }
  void wait_for_sync() {
    EXPECT_TRUE(run_until([this] { return !held_.empty(); })) << "nothing is written";
  }

 private:
  VirtualClock& clock_;
  boost::asio::io_context loop_{1};
  bool syncs_ = false;  // are held
  std::vector<std::function<void()>> held_;
  bool stops_ = false, has_stopped_ = false, serves_ = false;
  std::unique_ptr<core::Broker> broker_;
  storage::MemoryJournal* journal_ = nullptr;
  std::uint64_t peers_ = 0;
};

inline VirtualWire::VirtualWire(VirtualBroker& broker)
    : broker_(broker), connection_(broker.open_connection()) {}

inline void VirtualWire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ASSERT_GE(bytes.size(), 4u) << "only whole frames travel here";
    const std::size_t size =
        boost::endian::load_big_u32(reinterpret_cast<const unsigned char*>(bytes.data()));
    ASSERT_GE(bytes.size(), 4 + size);
    const std::shared_ptr<std::byte> memory(new std::byte[size], std::default_delete<std::byte[]>());
    std::memcpy(memory.get(), bytes.data() + 4, size);
    connection_->send({memory, size});
    bytes.remove_prefix(4 + size);
  }
  broker_.loop().restart();
  broker_.loop().poll();
}

inline std::vector<std::byte> VirtualWire::receive() {
  std::optional<std::vector<std::byte>> frame;
  const bool answered = broker_.run_until([&] {
    frame = connection_->take();
    return frame || connection_->closed();
  });
  EXPECT_TRUE(answered) << "nothing answers";
  return frame ? std::move(*frame) : std::vector<std::byte>{};
}

}  // namespace mq::test
