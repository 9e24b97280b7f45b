// SPDX-License-Identifier: Apache-2.0
// What goes wrong in a run.
#include <algorithm>

#include "net/kafka/messages/alter_partition_reassignments.h"
#include "tests/core/support/cluster_run.h"

namespace mq::core {

void ClusterRun::start(BrokerId broker) {
  note("broker " + std::to_string(broker) + " starts");
  cluster_.start(broker);
}

void ClusterRun::start_some() {
  for (BrokerId id = 1; id <= brokers; id++)
    if (!cluster_.is_up(id) && chance(2) == 0) start(id);
}

// A disk is lost only while every replica has everything: two copies of each record are left then. One that
// is what it was some runs ago is lost, too.
void ClusterRun::crash() {
  const auto broker = someone_up();
  if (!broker) return;
  const bool loses = is_whole() && chance(100) < static_cast<std::uint64_t>(odds_.disk_losses_percent);
  const bool restores = loses && copies_.contains(*broker) && chance(2) == 0;
  note("broker " + std::to_string(*broker) + " dies" +
       (restores ? " and has what it once had"
        : loses  ? " and loses its disk"
                 : ""));
  cluster_.crash(*broker);
  for (const auto& client : clients_) client->disconnect(*broker);
  if (!loses) {
    if (chance(3) == 0) copies_[*broker] = cluster_.copy(*broker);
    return;
  }
  if (restores)
    cluster_.restore(*broker, *copies_[*broker]);
  else
    cluster_.wipe(*broker);
  if (chance(4) != 0) start(*broker);
}

void ClusterRun::spoil_store() {
  StoreLink& link = cluster_.links[static_cast<BrokerId>(1 + chance(brokers))];
  if (chance(100) < static_cast<std::uint64_t>(odds_.store_delay_percent)) {
    link = {};
    link.late = 60;
    return;
  }
  link.is_cut = chance(3) == 0;
  link.lost = static_cast<int>(chance(20));
  link.late = static_cast<int>(chance(20));
  link.mute = static_cast<int>(chance(20));
  link.delay_max = std::chrono::milliseconds(chance(2) == 0 ? 5 : 400);
}

void ClusterRun::spoil_network() {
  const auto one = static_cast<BrokerId>(1 + chance(brokers)),
             other = static_cast<BrokerId>(1 + chance(brokers));
  if (one == other) return;
  switch (chance(4)) {
    case 0:
      note(std::to_string(one) + " does not reach " + std::to_string(other));
      cluster_.network.cut(one, other);
      break;
    case 1:
      note(std::to_string(one) + " and " + std::to_string(other) + " are cut off from each other");
      cluster_.network.cut(one, other);
      cluster_.network.cut(other, one);
      break;
    case 2:
      cluster_.network.break_all(one, other);
      break;
    default:
      cluster_.network.delay_max = std::chrono::milliseconds(1 + chance(200));
  }
}

void ClusterRun::heal_network() {
  cluster_.network.heal();
  for (auto& [id, link] : cluster_.links) link = {};
}

void ClusterRun::end_session() {
  const auto broker = someone_up();
  if (!broker) return;
  note("the session of broker " + std::to_string(*broker) + " ends");
  cluster_.end_session(*broker);
}

void ClusterRun::pass() {
  cluster_.pass(std::chrono::milliseconds(chance(12'000)));
}

void ClusterRun::hold_disk() {
  if (const auto broker = someone_up()) cluster_.hold_disk(*broker);
}

void ClusterRun::release_disks() {
  for (BrokerId id = 1; id <= brokers; id++)
    if (cluster_.is_up(id)) cluster_.release_disk(id);
}

void ClusterRun::seal() {
  if (const auto broker = someone_up()) cluster_.seal(*broker);
}

void ClusterRun::move(const Place& partition, std::vector<BrokerId> to) {
  const auto broker = server();
  if (!broker) return;
  kafka::AlterPartitionReassignmentsRequest request;
  request.topics.push_back({partition.first, {{partition.second, std::move(to)}}});
  moving_ = cluster_.connect(*broker);
  moved_ = cluster_.clock.now();
  ClusterModel::send(*moving_, request, 1);
}

// Two at least: one disk may be lost.
void ClusterRun::move_some() {
  std::vector<BrokerId> to{1, 2, 3};
  std::shuffle(to.begin(), to.end(), random_);
  if (chance(3) != 0) to.pop_back();
  const Place partition("t", static_cast<std::int32_t>(chance(partitions)));
  note("t-" + std::to_string(partition.second) + " moves to " + std::to_string(to.size()) +
       " replicas, first " + std::to_string(to.front()));
  move(partition, std::move(to));
}

// Nothing is in the way of anybody any more.
void ClusterRun::make_well() {
  cluster_.network.heal();
  cluster_.network.delay_max = std::chrono::milliseconds(3);
  for (auto& [id, link] : cluster_.links) link = {};
  for (BrokerId id = 1; id <= brokers; id++) {
    if (!cluster_.is_up(id)) start(id);
    cluster_.release_disk(id);
    cluster_.free_disk(id);
  }
}

// While everybody else is well it leads nothing soon. It has room again when something else happens to it.
void ClusterRun::fill_disk() {
  make_well();
  if (!cluster_.run_until([this] { return is_whole(); }, std::chrono::seconds(40))) return;
  const auto full = static_cast<BrokerId>(1 + chance(brokers));
  note("broker " + std::to_string(full) + " has no room");
  cluster_.fill_disk(full);
  const auto leads_nothing = [&] {
    for (const auto& [id, entry] : cluster_.catalog(full).states())
      if (entry.state.leader == full && entry.state.isr.size() > 1) return false;
    return true;
  };
  if (!cluster_.run_until(leads_nothing, std::chrono::seconds(30)))
    violated("broker " + std::to_string(full) + " has no room and leads on");
  if (chance(2) == 0) cluster_.free_disk(full);
}

}  // namespace mq::core
