// SPDX-License-Identifier: Apache-2.0
#include "core/client/consumer_protocol.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>

#include "net/kafka/records/consumer_protocol.h"
#include "net/kafka/records/framing.h"

namespace mq::client {
namespace {

namespace endian = boost::endian;

constexpr kafka::Version ours = 2;  // owned partitions and their generation; racks are of no use to us

template <class List>
void put(List& list, const std::vector<TopicPartition>& partitions) {
  for (const TopicPartition& partition : partitions) {
    auto topic = std::ranges::find(list, partition.topic, [](const auto& t) { return t.topic; });
    if (topic == list.end()) {
      list.emplace_back().topic = partition.topic;
      topic = std::prev(list.end());
    }
    topic->partitions.push_back(partition.partition);
  }
}

template <class List>
std::vector<TopicPartition> taken(const List& list) {
  std::vector<TopicPartition> partitions;
  for (const auto& topic : list)
    for (const std::int32_t number : topic.partitions) partitions.push_back({topic.topic, number});
  std::ranges::sort(partitions);
  return partitions;
}

}  // namespace

kafka::Bytes subscription_bytes(const Subscriber& subscriber, const Assignor& assignor) {
  kafka::ConsumerProtocolSubscription subscription;
  subscription.topics = subscriber.topics;
  if (assignor.cooperative) {
    put(subscription.owned_partitions, subscriber.owned);
    subscription.generation_id = subscriber.generation;
    auto& generation =
        subscription.user_data.emplace(sizeof subscriber.generation);  // for those who know no v2
    endian::store_big_s32(reinterpret_cast<unsigned char*>(generation.data()), subscriber.generation);
  }
  return kafka::encode_value(subscription, ours);
}

Subscriber parse_subscription(std::string member, std::optional<std::string> instance, net::Bytes bytes) {
  Subscriber subscriber{std::move(member), std::move(instance), {}, {}, -1};
  const auto subscription = kafka::decode_value<kafka::ConsumerProtocolSubscription>(bytes);
  if (!subscription) return subscriber;
  subscriber.topics = subscription->topics;
  subscriber.owned = taken(subscription->owned_partitions);
  subscriber.generation = subscription->generation_id;
  const auto& data = subscription->user_data;
  if (subscriber.generation < 0 && data && data->size() == sizeof subscriber.generation)
    subscriber.generation = endian::load_big_s32(reinterpret_cast<const unsigned char*>(data->data()));
  return subscriber;
}

kafka::Bytes assignment_bytes(const std::vector<TopicPartition>& share) {
  kafka::ConsumerProtocolAssignment assignment;
  put(assignment.assigned_partitions, share);
  return kafka::encode_value(assignment, 0);
}

std::vector<TopicPartition> parse_assignment(net::Bytes bytes) {
  const auto assignment = kafka::decode_value<kafka::ConsumerProtocolAssignment>(bytes);
  return assignment ? taken(assignment->assigned_partitions) : std::vector<TopicPartition>{};
}

}  // namespace mq::client
