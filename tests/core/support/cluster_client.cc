// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/cluster_client.h"

#include "tests/core/support/cluster_run.h"

namespace mq::core {

using kafka::Error;

bool ClusterClient::is_passing(Error error) {
  switch (error) {
    case Error::kafka_storage_error:
    case Error::concurrent_transactions:
    case Error::unknown_topic_or_partition:  // a broker that has not heard of it yet
    case Error::unknown_topic_id:
      return true;
    default:
      return kafka::retriable(error);
  }
}

void ClusterClient::connect(BrokerId broker) {
  connection_ = cluster().connect(broker);
  at_ = broker;
  since_ = cluster().clock.now();
}

void ClusterClient::hang_up() {
  if (connection_) connection_->close();
  connection_.reset();
  then_ = nullptr;
  at_ = -1;
}

void ClusterClient::collect() {
  constexpr auto patience = std::chrono::seconds(8);
  if (!connection_) return;
  if (auto frame = connection_->take()) {
    const auto then = std::exchange(then_, nullptr);
    then(std::move(*frame));
    return hang_up();
  }
  if (!connection_->closed() && cluster().clock.now() - since_ < patience) return;
  hang_up();
  lost();
}

void ClusterClient::disconnect(BrokerId from) {
  if (at_ != from) return;
  hang_up();
  lost();
}

std::optional<BrokerId> ClusterClient::leader_of(const std::string& topic, std::int32_t partition) {
  const auto broker = run_.server();
  const TopicPtr known = broker ? cluster().topic(*broker, topic) : nullptr;
  if (!known) return std::nullopt;
  const PartitionState state = cluster().state(*broker, topic, partition);
  Epoch& newest = epochs_[{known->id, partition}];
  if (state.leader < 0 || !cluster().serves(state.leader) || state.leader_epoch < newest) return std::nullopt;
  newest = state.leader_epoch;
  return state.leader;
}

std::optional<BrokerId> ClusterClient::coordinator_of(std::string_view topic, const std::string& id) {
  const auto partition = static_cast<std::int32_t>(static_cast<std::uint32_t>(std::abs(java_hash(id))) %
                                                   ClusterModel::internal_partitions);
  return leader_of(std::string(topic), partition);
}

ClusterModel& ClusterClient::cluster() const {
  return run_.cluster();
}
ClusterHistory& ClusterClient::history() {
  return run_.history();
}
std::uint64_t ClusterClient::chance(std::uint64_t of) {
  return run_.chance(of);
}
void ClusterClient::note(const std::string& what) {
  run_.note(name_ + (at_ < 0 ? "" : " at broker " + std::to_string(at_)) + ": " + what);
}
void ClusterClient::violated(const std::string& what) {
  history().violated(name_ + ": " + what);
}

}  // namespace mq::core
