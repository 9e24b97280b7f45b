// SPDX-License-Identifier: Apache-2.0
// Connections between brokers without sockets: they take their time, break, and are cut in one direction or
// both. What was sent before a connection broke may still arrive. One thread, virtual time.
#pragma once

#include <map>
#include <set>

#include "core/cluster/cluster_member.h"
#include "tests/support/virtual_broker.h"

namespace mq::core {

class NetworkModel {
 public:
  explicit NetworkModel(const Clock& clock) : clock_(clock) {}

  // Under this name it is reached from now on; null: nobody listens there.
  void attach(BrokerId broker, test::VirtualBroker* at);
  ClusterMember::Connect connector(BrokerId from, asio::io_context& loop);
  static Endpoint endpoint(BrokerId broker) {
    return {std::string(internal_listener), std::to_string(broker), 7092};
  }

  void cut(BrokerId from, BrokerId to) { cut_.insert({from, to}); }
  void heal() { cut_.clear(); }
  bool is_cut(BrokerId from, BrokerId to) const { return cut_.contains({from, to}); }
  void break_all(BrokerId one, BrokerId other);  // connections between them

  Time::duration delay_max = std::chrono::milliseconds(3);

 private:
  class Connection;
  friend class Connection;

  const Clock& clock_;
  std::map<BrokerId, test::VirtualBroker*> brokers_;
  std::set<std::pair<BrokerId, BrokerId>> cut_;
  std::vector<std::weak_ptr<Connection>> connections_;
};

}  // namespace mq::core
