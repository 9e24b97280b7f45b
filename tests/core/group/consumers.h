// SPDX-License-Identifier: Apache-2.0
// What tests of groups of consumers are made of: topics without a broker, and what members of either protocol
// say.
#pragma once

#include "core/group/consumer_group.h"
#include "net/kafka/records/consumer_protocol.h"
#include "net/kafka/records/framing.h"

namespace mq::core {

class ListedTopics : public TopicCatalog {
 public:
  void put(const std::string& name, std::int32_t partitions) {
    auto [at, is_new] = topics_.try_emplace(name);
    if (is_new) {
      at->second.id.front() = std::byte{1};
      at->second.id.back() = static_cast<std::byte>(++ids_);
    }
    at->second.partitions = partitions;
    version_++;
  }
  void remove(const std::string& name) {
    topics_.erase(name);
    version_++;
  }
  Uuid id(const std::string& name) const { return topics_.at(name).id; }
  std::size_t partitions() const {
    std::size_t all = 0;
    for (const auto& [name, facts] : topics_) all += static_cast<std::size_t>(facts.partitions);
    return all;
  }

  std::uint64_t version() const override { return version_; }
  std::optional<Facts> find(std::string_view name) const override {
    const auto at = topics_.find(name);
    return at == topics_.end() ? std::nullopt : std::optional(at->second);
  }
  void each_name(const std::function<void(const std::string&)>& visit) const override {
    for (const auto& [name, facts] : topics_) visit(name);
  }

 private:
  std::map<std::string, Facts, std::less<>> topics_;
  std::uint64_t version_ = 0;
  int ids_ = 0;
};

inline ConsumerGroup::Heartbeat joining(std::string id, std::set<std::string> topics = {"t"}) {
  ConsumerGroup::Heartbeat request;
  request.member_id = std::move(id);
  request.rebalance_timeout = std::chrono::seconds(30);
  request.topics = std::move(topics);
  request.owned = Assignment{};
  return request;
}

// What a consumer tells the others in its group, and what their leader tells it.
using NamedPartitions = std::map<std::string, std::set<std::int32_t>>;

inline kafka::Bytes subscription(std::vector<std::string> topics, const NamedPartitions& owned = {}) {
  kafka::ConsumerProtocolSubscription said;
  said.topics = std::move(topics);
  for (const auto& [topic, partitions] : owned)
    said.owned_partitions.push_back({topic, {partitions.begin(), partitions.end()}});
  return kafka::encode_value(said, 1);
}
inline kafka::Bytes assigned(const NamedPartitions& partitions, std::optional<kafka::Bytes> user_data = {}) {
  kafka::ConsumerProtocolAssignment said;
  for (const auto& [topic, numbers] : partitions)
    said.assigned_partitions.push_back({topic, {numbers.begin(), numbers.end()}});
  said.user_data = std::move(user_data);
  return kafka::encode_value(said, 1);
}
inline NamedPartitions read_assigned(net::Bytes assignment) {
  NamedPartitions out;
  const auto said = kafka::decode_value<kafka::ConsumerProtocolAssignment>(assignment);
  if (said)
    for (const auto& one : said->assigned_partitions)
      out[one.topic] = {one.partitions.begin(), one.partitions.end()};
  return out;
}

inline ClassicGroup::Join classic_join(std::string id, kafka::Bytes metadata,
                                       std::string protocol = "range") {
  ClassicGroup::Join join;
  join.member_id = std::move(id);
  join.session_timeout = std::chrono::seconds(10);
  join.rebalance_timeout = std::chrono::seconds(30);
  join.protocol_type = "consumer";
  join.protocols.push_back({std::move(protocol), std::move(metadata)});
  return join;
}
inline ClassicGroup::Sync classic_sync(std::string id, Generation generation) {
  ClassicGroup::Sync sync;
  sync.member_id = std::move(id);
  sync.generation = generation;
  return sync;
}

}  // namespace mq::core
