// SPDX-License-Identifier: Apache-2.0
// Finds out soon that another broker's process has ended: a connection to its internal listener ends with it,
// and the next one is refused. Then its session is ended, which otherwise would last until it times out. The
// controller watches all others, they watch the controller. Never does a timeout count: only that the machine
// answers and nobody listens there, twice. What is wrong about it costs an election, and nothing else. Lives
// on the loop.
#pragma once

#include <map>
#include <memory>

#include "core/loop/waiter.h"
#include "core/metadata/catalog.h"
#include "net/socket.h"

namespace mq::core {

class BrokerWatch : public std::enable_shared_from_this<BrokerWatch> {
 public:
  BrokerWatch(asio::io_context& loop, const Clock& clock, MetadataStore& store, const Catalog& catalog,
              BrokerId self)
      : loop_(loop), clock_(clock), store_(store), catalog_(catalog), self_(self) {}

  void updated();  // who lives, or who is the controller, is another
  void stop();

 private:
  using Self = std::shared_ptr<BrokerWatch>;
  struct Watched {
    BrokerEpoch epoch = -1;
    std::shared_ptr<net::Socket> socket;
  };

  static Task<void> watch(Self self, BrokerId broker, BrokerEpoch epoch);
  Task<error_code> probe(BrokerId broker, Endpoint endpoint);
  Task<void> evict(BrokerId broker, BrokerEpoch epoch);
  Task<void> pause(Time::duration time);
  std::map<BrokerId, BrokerEpoch> wanted() const;
  bool is_watched(BrokerId broker, BrokerEpoch epoch) const;

  asio::io_context& loop_;
  const Clock& clock_;
  MetadataStore& store_;
  const Catalog& catalog_;
  const BrokerId self_;
  std::map<BrokerId, Watched> watched_;
  Waiters pauses_;
  bool stopped_ = false;
};

}  // namespace mq::core
