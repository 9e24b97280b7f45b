// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/cluster_run.h"

#include <algorithm>

namespace mq::core {

ClusterRun::ClusterRun(std::uint64_t seed, const Odds& odds)
    : odds_(odds),
      faults_{{odds.crash, &ClusterRun::crash},
              {odds.start, &ClusterRun::start_some},
              {odds.store, &ClusterRun::spoil_store},
              {odds.network, &ClusterRun::spoil_network},
              {odds.heal_network, &ClusterRun::heal_network},
              {odds.end_session, &ClusterRun::end_session},
              {odds.pass, &ClusterRun::pass},
              {odds.hold_disk, &ClusterRun::hold_disk},
              {odds.release_disk, &ClusterRun::release_disks},
              {odds.move, &ClusterRun::move_some},
              {odds.seal, &ClusterRun::seal},
              {odds.fill_disk, &ClusterRun::fill_disk}},
      cluster_(seed),
      random_(seed ^ 0x5eed) {}

void ClusterRun::note(const std::string& what) {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(cluster_.clock.now().time_since_epoch());
  events_.push_back(std::to_string(micros.count()) + " us: " + what);
}

template <class Is>
std::optional<BrokerId> ClusterRun::any_broker(Is is) {
  std::vector<BrokerId> all;
  for (BrokerId id = 1; id <= brokers; id++)
    if (is(id)) all.push_back(id);
  if (all.empty()) return std::nullopt;
  return all[chance(all.size())];
}

std::optional<BrokerId> ClusterRun::someone_up() {
  return any_broker([this](BrokerId id) { return cluster_.is_up(id); });
}

std::optional<BrokerId> ClusterRun::server() {
  return any_broker([this](BrokerId id) { return cluster_.serves(id); });
}

// Internal topics are made while everybody is there.
void ClusterRun::set_up() {
  ASSERT_EQ(cluster_.create("t", partitions), Error::none);
  const std::map<std::string, std::string> compacts{{"cleanup.policy", "compact"},
                                                    {"min.cleanable.dirty.ratio", "0.01"},
                                                    {"segment.ms", "1000"},
                                                    {"delete.retention.ms", "10000"}};
  ASSERT_EQ(cluster_.create("c", 1, 2, compacts), Error::none);
  kafka::FindCoordinatorRequest request;
  request.coordinator_keys = {"g"};
  for (const std::int8_t type : {0, 1}) {
    request.key_type = type;
    cluster_.ask<kafka::FindCoordinatorResponse>(1, request, 4);
  }
  for (int i = 0; i < 4; i++)
    clients_.push_back(
        std::make_unique<PipelinedProducer>(*this, "p" + std::to_string(i), Place("t", i % partitions)));
  for (int i = 0; i < 2; i++) {
    const std::string number = std::to_string(i);
    clients_.push_back(std::make_unique<PipelinedProducer>(*this, "k" + number, Place("c", 0), keys));
    clients_.push_back(std::make_unique<TransactionalProducer>(*this, "x" + number));
    clients_.push_back(std::make_unique<Committer>(*this, "g" + number));
    clients_.push_back(std::make_unique<Reader>(*this, "r" + number, Place("t", i)));
  }
  clients_.push_back(std::make_unique<Deleter>(*this, "deleter", Place("t", 1)));
  auto recreator = std::make_unique<Recreator>(*this, "recreator");
  recreator_ = recreator.get();
  clients_.push_back(std::move(recreator));
}

void ClusterRun::run(int steps) {
  set_up();
  for (int i = 0; i < steps && violations().empty(); i++) step();
  if (violations().empty()) heal();
  if (violations().empty()) check();
}

void ClusterRun::step() {
  constexpr int of_clients = 900;
  int faults = 0;
  for (const Weighed& weighed : faults_) faults += weighed.weight;
  int chosen = static_cast<int>(chance(static_cast<std::uint64_t>(faults + of_clients)));
  const auto fault = std::ranges::find_if(faults_, [&chosen](const Weighed& weighed) {
    chosen -= weighed.weight;
    return chosen < 0;
  });
  if (fault != faults_.end())
    (this->*fault->fault)();
  else
    act();
  for (const auto& client : clients_) client->collect();
}

void ClusterRun::act() {
  for (int i = 0; i < 2; i++) clients_[chance(clients_.size())]->act();
  cluster_.pass(std::chrono::milliseconds(chance(60)));
}

}  // namespace mq::core
