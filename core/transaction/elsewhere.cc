// SPDX-License-Identifier: Apache-2.0
// What the coordinator of transactions does where others lead: markers in their partitions, questions about
// ids that they coordinate.
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>

#include "core/loop/wait_group.h"
#include "core/partition/mistakes.h"
#include "core/transaction/coordinator.h"
#include "net/kafka/codec_definitions.h"
#include "net/kafka/messages/add_partitions_to_txn.h"
#include "net/kafka/messages/write_txn_markers.h"

namespace mq::core {

using kafka::Error;
using Status = Transaction::Status;

namespace {

constexpr kafka::Version markers_version = 1;  // the epoch is that of the transaction
constexpr kafka::Version add_version = 5;

// Another leader, more replicas, a disk with room: the marker is to be written then.
bool passes_by_itself(Error error) {
  return error == Error::kafka_storage_error || error == Error::not_leader_or_follower ||
         error == Error::not_enough_replicas || error == Error::not_enough_replicas_after_append ||
         error == Error::request_timed_out;
}

}  // namespace

BrokerId TransactionCoordinator::leader_of(const TopicPartition& partition) const {
  const TopicPtr topic = topics_.find(partition.topic);
  return topic && topic->has(partition.partition) ? topics_.state(*topic, partition.partition).leader : -1;
}

// Gives back those that have to be tried again; what was deleted meanwhile needs no end.
Task<TransactionCoordinator::TopicPartitions> TransactionCoordinator::write_markers(
    EntryPtr entry, TopicPartitions partitions) {
  const ProducerEpoch producer = entry->state.now().producer;
  const kafka::Marker marker{entry->state.now().status == Status::prepare_commit, entry->epoch};
  TopicPartitions failed;
  std::map<BrokerId, TopicPartitions> elsewhere;
  WaitGroup markers;
  bool threw = false;  // while it sent some: nobody knows which have arrived
  for (const TopicPartition& at : partitions) {
    const BrokerId leader = leader_of(at);
    if (others_.markers && leader >= 0 && leader != others_.self) {
      elsewhere[leader].push_back(at);
      continue;
    }
    markers.add();
    write_marker(at, producer, marker, [&at, &markers, &failed](Error error) {
      if (passes_by_itself(error)) failed.push_back(at);
      markers.done();
    });
  }
  for (auto& [leader, there] : elsewhere) {
    kafka::WriteTxnMarkersRequest request;
    auto& asked = request.markers.emplace_back();
    asked.producer_id = producer.id;
    asked.producer_epoch = producer.epoch;
    asked.transaction_result = marker.commit;
    asked.coordinator_epoch = marker.coordinator_epoch;
    for (const TopicPartition& at : there) {  // in order: those of a topic are together
      if (asked.topics.empty() || asked.topics.back().name != at.topic)
        asked.topics.push_back({at.topic, {}});
      asked.topics.back().partition_indexes.push_back(at.partition);
    }
    markers.add();
    asio::co_spawn(loop_, send_markers(leader, std::move(request), std::move(there), &failed),
                   [&markers, &threw](std::exception_ptr thrown) {
                     threw = threw || thrown;
                     markers.done();
                   });
  }
  co_await markers.wait();
  if (threw) failed = partitions;  // written twice is written once
  if (makes(Mistake::forgets_failed_markers)) failed.clear();
  if (!failed.empty())
    spdlog::error("transactional id \"{}\": {} partitions have no marker yet; tried again", entry->id,
                  failed.size());
  std::sort(failed.begin(), failed.end());
  co_return failed;
}

// A topic counts as gone when this catalog says so, not that of the other.
Task<void> TransactionCoordinator::send_markers(BrokerId leader, kafka::WriteTxnMarkersRequest request,
                                                TopicPartitions partitions, TopicPartitions* failed) {
  const Self self = shared_from_this();
  const auto response = co_await others_.markers->ask<kafka::WriteTxnMarkersResponse>(
      leader, std::move(request), markers_version);
  std::set<TopicPartition> written;
  if (response)
    for (const auto& of_producer : response->markers)
      for (const auto& topic : of_producer.topics)
        for (const auto& partition : topic.partitions) {
          const Error error = kafka::error_of(partition.error_code);
          if (!passes_by_itself(error) && error != Error::unknown_topic_or_partition)
            written.insert({topic.name, partition.partition_index});
        }
  for (TopicPartition& at : partitions)
    if (!written.contains(at)) failed->push_back(std::move(at));
}

bool TransactionCoordinator::is_elsewhere(const std::string& id) const {
  return others_.questions && topics_.find(log_.name()) && log_.leader_of(id) != others_.self;
}

Task<Error> TransactionCoordinator::ask_coordinator(std::string id, ProducerEpoch who,
                                                    TopicPartition partition, Ask ask) {
  const BrokerId coordinator = log_.leader_of(id);
  if (coordinator < 0) co_return Error::coordinator_not_available;
  const Self self = shared_from_this();
  kafka::AddPartitionsToTxnRequest request;
  auto& transaction = request.transactions.emplace_back();
  transaction.transactional_id = std::move(id);
  transaction.producer_id = who.id;
  transaction.producer_epoch = who.epoch;
  transaction.verify_only = ask == Ask::whether_it_has;
  transaction.topics.push_back({std::move(partition.topic), {partition.partition}});
  const auto response = co_await others_.questions->ask<kafka::AddPartitionsToTxnResponse>(
      coordinator, std::move(request), add_version);
  if (!response) co_return Error::coordinator_not_available;
  if (response->error_code != 0) co_return kafka::error_of(response->error_code);
  for (const auto& result : response->results_by_transaction)
    for (const auto& topic : result.topic_results)
      for (const auto& answer : topic.results_by_partition)
        co_return kafka::error_of(answer.partition_error_code);
  co_return Error::coordinator_not_available;
}

}  // namespace mq::core
