// SPDX-License-Identifier: Apache-2.0
// Producers that want every replica's word while partitions move and brokers die, lose their disks, their
// sessions and each other, and the metadata store answers late or never: all of it chosen by a seed. What was
// acknowledged must be there in the end, once, where it was said to be, on every replica.
#pragma once

#include "tests/core/support/cluster_model.h"

namespace mq::core {

class ClusterRun {
 public:
  explicit ClusterRun(std::uint64_t seed) : cluster_(seed), random_(seed ^ 0x5eed) {}

  // Ends early when something is wrong.
  void run(int steps);
  // What must not be, if anything; for people.
  const std::vector<std::string>& violations() const { return violations_; }
  // One line for each event: when, who, what.
  const std::vector<std::string>& events() const { return events_; }
  std::size_t acknowledged() const { return acknowledged_.size(); }

 private:
  static constexpr int brokers = 3;
  static constexpr std::int32_t partitions = 2;

  // Has one batch under way at most; whatever is not acknowledged is sent again, as it was.
  struct Producer {
    std::string name;
    std::int32_t partition = 0;
    kafka::BatchProducer id = {};
    std::int32_t next_sequence = 0;
    int values = 0;
    std::string value = {}, records = {};  // under way; empty: none
    std::shared_ptr<test::VirtualConnection> connection = {};
    BrokerId at = -1;
    Epoch leader_epoch = -1;  // the newest it has heard of
    Time since = {};
  };

  void step();
  void act(Producer& producer);
  void identify(Producer& producer);
  void send(Producer& producer);
  void collect(Producer& producer);
  void answered(Producer& producer, Error error, std::int64_t offset);
  void crash();
  void move(std::int32_t partition, std::vector<BrokerId> to);
  void move_to_some();
  bool is_on_all(std::int32_t partition) const;  // in the eyes of somebody
  void spoil_store();
  void spoil_network();
  void heal();
  void check();
  std::vector<std::string> values_of(BrokerId broker, std::int32_t index);
  std::optional<BrokerId> someone_up();
  void note(const std::string& what);
  void violated(const std::string& what) { violations_.push_back(what); }
  bool is_whole() const;  // every replica runs and is in sync
  std::uint64_t chance(std::uint64_t of) { return random_() % of; }

  ClusterModel cluster_;
  std::mt19937_64 random_;
  std::shared_ptr<test::VirtualConnection> moving_;  // by which the last move was asked for
  Time moved_ = {};                                  // when
  std::vector<Producer> producers_;
  std::vector<std::string> events_, violations_;
  std::map<std::string, std::pair<std::int32_t, std::int64_t>> acknowledged_;  // value → partition, offset
  bool ending_ = false;
};

}  // namespace mq::core
