// SPDX-License-Identifier: Apache-2.0
// Several whole brokers in the test's thread: virtual time, disks in memory, a network and a metadata store
// that the test may spoil. The same seed gives the same run. Which broker's turn it is is chance, too.
#pragma once

#include <map>
#include <memory>

#include "storage/error.h"
#include "tests/core/handlers/conversation.h"
#include "tests/core/support/network_model.h"
#include "tests/core/support/store_model.h"

namespace mq::core {

class ClusterModel {
 public:
  using Adjust = std::function<void(Config&)>;  // before each start of a broker; node_id says of which
  explicit ClusterModel(std::uint64_t seed, int brokers = 3, Adjust adjust = {});
  ~ClusterModel();

  void start(BrokerId broker);
  void stop(BrokerId broker);   // leaves in good order
  void crash(BrokerId broker);  // what was not synced is lost
  bool is_up(BrokerId broker) const { return node(broker).broker != nullptr; }
  bool serves(BrokerId broker) const { return is_up(broker) && node(broker).broker->serves(); }  // clients
  void hold_disk(BrokerId broker) { node(broker).broker->hold(); }  // what it writes is not durable
  void release_disk(BrokerId broker) { node(broker).broker->release(); }
  void fail_disk(BrokerId broker) {
    node(broker).broker->journal().fail_with(make_error_code(storage::Errc::io));
  }
  void mend_disk(BrokerId broker) { node(broker).broker->journal().fail_with({}); }
  // Its disk is another, empty but for who it is.
  void wipe(BrokerId broker);
  // Its directory and what its disk holds, of a broker that is down; and that put back.
  struct Copy {
    std::filesystem::path data;
    storage::MemoryDisk disk;
  };
  std::shared_ptr<const Copy> copy(BrokerId broker);
  void restore(BrokerId broker, const Copy& copy);
  // From now on there is no room for batches, or is again.
  void fill_disk(BrokerId broker) { node(broker).broker->journal().has_room_for(0); }
  void free_disk(BrokerId broker) { node(broker).broker->journal().has_room_for(UINT64_MAX); }
  void seal(BrokerId broker);  // what its journal holds, with snapshots
  // Its session ends although it is well.
  void end_session(BrokerId broker);

  // What is to be done now is done, then time passes. False: it never comes.
  template <class Done>
  bool run_until(Done done, Time::duration at_most = std::chrono::minutes(2)) {
    const Time latest = clock.now() + at_most;
    for (;;) {
      take_turns();
      if (done()) return true;
      if (!clock.advance(latest)) return false;
    }
  }
  void pass(Time::duration time) {
    run_until([] { return false; }, time);
  }

  static constexpr std::uint32_t internal_partitions = 2;  // of each internal topic

  asio::io_context& loop(BrokerId broker) { return node(broker).broker->loop(); }

  // Whether every broker runs and all know it.
  bool is_settled() const;
  std::optional<BrokerId> controller() const;                      // as the brokers know it
  TopicPtr topic(BrokerId broker, const std::string& name) const;  // as that broker knows it
  const Catalog& catalog(BrokerId broker) const { return node(broker).broker->broker().catalog(); }
  std::shared_ptr<Partition> partition(BrokerId broker, const std::string& topic, std::int32_t index) const;
  // The leader of a partition in the eyes of that broker; -1: none.
  BrokerId leader(BrokerId broker, const std::string& topic, std::int32_t index) const;
  PartitionState state(BrokerId broker, const std::string& topic, std::int32_t index) const;

  // Asks that broker and waits for the answer.
  template <class Response, class Request>
  std::optional<Response> ask(BrokerId broker, const Request& request, kafka::Version version) {
    auto connection = connect(broker);
    send(*connection, request, version);
    std::optional<std::vector<std::byte>> frame;
    run_until([&] {
      if (!connection->closed()) frame = connection->take();
      return frame || connection->closed();
    });
    return frame ? std::optional(decoded<Response>(*frame, version)) : std::nullopt;
  }
  std::shared_ptr<test::VirtualConnection> connect(BrokerId broker) {
    return node(broker).broker->open_connection();
  }
  template <class Request>
  static void send(test::VirtualConnection& connection, const Request& request, kafka::Version version) {
    std::vector<std::byte> bytes;
    for (const net::Piece& piece : kafka::encode_request(1, "test", request, version))
      bytes.insert(bytes.end(), piece.memory.get() + piece.position,
                   piece.memory.get() + piece.position + piece.size);
    const std::size_t size = bytes.size() - 4;
    const std::shared_ptr<std::byte> memory(new std::byte[size], std::default_delete<std::byte[]>());
    std::memcpy(memory.get(), bytes.data() + 4, size);
    connection.send({memory, size});
  }
  // Views in it stay valid until the next one.
  template <class Response>
  Response decoded(std::vector<std::byte> frame, kafka::Version version) {
    frame_ = std::move(frame);
    const auto header = kafka::parse_response_header(frame_, kafka::Describe<Response>::key, version);
    EXPECT_TRUE(header);
    auto response = kafka::decode<Response>(net::Bytes(frame_).subspan(header->body_at), version);
    EXPECT_TRUE(response);
    return std::move(*response);
  }

  // One line for each replica, for who reads a failure.
  std::string describe(const std::string& topic, std::int32_t index) const;

  // What tests write is old: it is kept for ever.
  Error create(const std::string& topic, std::int32_t partitions, int min_isr = 2,
               const std::map<std::string, std::string>& configs = {});

  test::VirtualClock clock;
  StoreModel store;
  NetworkModel network;
  std::map<BrokerId, StoreLink> links;  // to the store

 private:
  struct Node {
    std::filesystem::path data;
    std::unique_ptr<storage::MemoryDisk> disk;
    std::unique_ptr<test::VirtualBroker> broker;
    StoreClient* store = nullptr;
  };
  const Node& node(BrokerId broker) const { return nodes_.at(broker); }
  Node& node(BrokerId broker) { return nodes_.at(broker); }
  void take_turns();
  void look_at_sessions();

  test::TempDir dir_{test::TempDir::in_memory()};
  std::mt19937_64 random_;
  const Adjust adjust_;
  asio::io_context store_loop_{1};
  std::unique_ptr<Alarm> sessions_;
  std::map<BrokerId, Node> nodes_;
  std::vector<std::byte> frame_;
  int directories_ = 0;
};

}  // namespace mq::core
