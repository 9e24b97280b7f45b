// SPDX-License-Identifier: Apache-2.0
// Clients of all kinds while partitions move and brokers die, lose their disks, their sessions and each
// other, come back with what they had long ago or have no room, and the metadata store answers late or never:
// all of it chosen by a seed. What was promised must hold in the end, on every replica.
#pragma once

#include "tests/core/support/cluster_clients.h"

namespace mq::core {

class ClusterRun {
 public:
  static constexpr int brokers = 3;
  static constexpr std::int32_t partitions = 2;  // of topic "t"
  static constexpr int keys = 3;                 // of each who writes to topic "c", which is compacted

  // How often things happen: weights, of about 1,200, and percent. Some mistakes need more of some of them.
  struct Odds {
    int crash = 20, start = 60, store = 20, network = 40, heal_network = 20, end_session = 20, pass = 20,
        hold_disk = 20, release_disk = 40, move = 20, seal = 12, fill_disk = 3;
    int disk_losses_percent = 33;  // of deaths when everything is whole
    int store_delay_percent = 0;   // of what is spoiled of the store: nothing but late
  };

  explicit ClusterRun(std::uint64_t seed) : ClusterRun(seed, Odds()) {}
  ClusterRun(std::uint64_t seed, const Odds& odds);

  // Ends early when something is wrong.
  void run(int steps);
  // What must not be, if anything; for people.
  const std::vector<std::string>& violations() const { return history_.violations(); }
  // One line for each event: when, who, what.
  const std::vector<std::string>& events() const { return events_; }

  // ---- for its clients
  ClusterModel& cluster() { return cluster_; }
  ClusterHistory& history() { return history_; }
  void acknowledge_key(const std::string& key, const std::string& value) { keys_[key] = value; }
  bool is_ending() const { return ending_; }  // nothing new is begun
  std::optional<BrokerId> someone_up();
  std::optional<BrokerId> server();  // any that lets clients in
  std::uint64_t chance(std::uint64_t of) { return random_() % of; }
  void note(const std::string& what);

 private:
  template <class Is>
  std::optional<BrokerId> any_broker(Is is);
  using Fault = void (ClusterRun::*)();
  using Place = ClusterHistory::Place;
  using Batches = std::vector<std::vector<std::byte>>;
  struct Weighed {
    int weight;
    Fault fault;
  };

  void set_up();
  void step();
  void act();

  // ---- what goes wrong (cluster_faults.cc)
  void crash();
  void start_some();
  void spoil_store();
  void spoil_network();
  void heal_network();
  void end_session();
  void pass();
  void hold_disk();
  void release_disks();
  void move_some();
  void seal();
  void fill_disk();
  void move(const Place& partition, std::vector<BrokerId> to);
  void start(BrokerId broker);
  void make_well();

  // ---- the end (cluster_checks.cc)
  std::vector<Place> places() const;              // every partition there is, in the eyes of the first broker
  bool is_in_sync(const Place& partition) const;  // in the eyes of everybody, and all of them run
  bool is_whole() const;                          // all are
  bool is_on_all(const Place& partition) const;
  bool is_even(const Place& partition) const;  // every replica has all, and knows that it is committed
  bool rests();
  void heal();
  void check();
  void check_log(const Place& partition);
  void check_memory(const std::string& where, const Partition& here, const Batches& batches);
  void check_compacted(const Place& partition);
  Batches batches_of(BrokerId broker, const Place& partition, Offset from);
  std::map<std::string, std::pair<Offset, std::string>> newest_of(BrokerId broker, const Place& partition);
  void violated(const std::string& what) { history_.violated(what); }

  const Odds odds_;
  const std::vector<Weighed> faults_;
  ClusterModel cluster_;
  std::mt19937_64 random_;
  std::shared_ptr<test::VirtualConnection> moving_;  // by which the last move was asked for
  Time moved_ = {};                                  // when
  std::map<BrokerId, std::shared_ptr<const ClusterModel::Copy>> copies_;  // of disks, as they were once
  std::vector<std::unique_ptr<ClusterClient>> clients_;
  const Recreator* recreator_ = nullptr;
  ClusterHistory history_;
  std::map<std::string, std::string> keys_;  // what was acknowledged last
  std::vector<std::string> events_;
  bool ending_ = false;
};

}  // namespace mq::core
