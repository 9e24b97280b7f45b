// SPDX-License-Identifier: Apache-2.0
// Runs the transactions of this broker: lets their states decide, writes every step down before it counts,
// puts markers into the partitions that a transaction wrote to, and ends those that took too long. Lives on
// the loop; its one timer runs only while a transaction can run out of time or an id can expire.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <unordered_map>

#include "core/loop/async_mutex.h"
#include "core/loop/waiter.h"
#include "core/metadata/coordinator_shards.h"
#include "core/metadata/internal_topic.h"
#include "core/metadata/peers.h"
#include "core/metadata/producer_ids.h"
#include "core/transaction/state.h"

namespace mq::kafka {
struct WriteTxnMarkersRequest;
}

namespace mq::core {

class TransactionCoordinator : public std::enable_shared_from_this<TransactionCoordinator> {
 public:
  static constexpr std::size_t ids_max = 100'000;  // then one that was not used for long is forgotten
  // Whoever comes while a step is on its way, or markers are, waits for a moment before it is told to ask
  // again: it is over in less, and clients wait long before they ask.
  static constexpr std::chrono::milliseconds patience{500};

  struct Entry {
    std::string id;
    std::int32_t partition = 0;  // of __transaction_state
    Epoch epoch = 0;             // in which that was led here when this was made; markers carry it
    TransactionState state;
    AsyncMutex writers;  // that add partitions by writing to them
    Waiters waiters;     // for the step that is on its way, and for the markers
    std::optional<Timestamp> due;
  };
  using EntryPtr = std::shared_ptr<Entry>;
  using Entries = std::unordered_map<std::string, EntryPtr>;

  TransactionCoordinator(asio::io_context& loop, const Clock& clock, const Config& config,
                         const Catalog& topics, const PartitionTable& partitions, ProducerIds& ids,
                         InternalTopic& log);

  // The others, where partitions and ids may be; before that, and alone, all is here.
  struct Others {
    BrokerId self = -1;
    std::unique_ptr<Peers> markers, questions;  // apart: a marker waits until it is committed
  };
  void know(Others others) { others_ = std::move(others); }

  // Called when a marker in a partition of __consumer_offsets is durable.
  using OffsetsEnded = std::function<void(std::int32_t partition, ProducerId producer, bool committed)>;
  void tell_ended(OffsetsEnded ended) { offsets_ended_ = std::move(ended); }

  // This broker leads that partition of the log: what it remembers is read, while others are served already;
  // what was being ended is ended.
  void lead(std::int32_t partition, Epoch epoch);
  // Or does no more: its ids are forgotten at once, and who waits is sent to the next coordinator.
  void resign(std::int32_t partition);
  void stop();

  Task<kafka::Error> ready(std::string id);  // as serves; makes the topic when it is missing
  kafka::Error serves(const std::string& id) const;
  bool is_loading() const { return shards_.loading() > 0; }

  struct Answer {
    kafka::Error error = kafka::Error::none;
    ProducerEpoch producer;
  };
  Task<Answer> init(std::string id, std::int32_t timeout_ms, ProducerEpoch given);
  Task<kafka::Error> add(std::string id, ProducerEpoch who, std::set<TopicPartition> partitions,
                         ClientVersion version);
  Task<Answer> end(std::string id, ProducerEpoch who, bool commit, ClientVersion version);
  kafka::Error verify(const std::string& id, ProducerEpoch who, const TopicPartition& partition) const;
  // Whether another broker coordinates the id, if anybody does.
  bool is_elsewhere(const std::string& id) const;
  // The same as verify, of one that is coordinated elsewhere; or adds the partition to its transaction.
  enum class Ask { whether_it_has, to_add };
  Task<kafka::Error> ask_coordinator(std::string id, ProducerEpoch who, TopicPartition partition, Ask ask);

  // Adds partitions for a client that does so by writing to them. As long as the addition is kept, whoever
  // comes later for the same id waits: so writes stay in order although the first of them suspends.
  struct Addition {
    kafka::Error error = kafka::Error::none;
    EntryPtr entry;  // outlives the hold
    std::optional<AsyncMutex::Hold> hold;
  };
  Task<Addition> add_by_writing(std::string id, ProducerEpoch who, std::set<TopicPartition> partitions);

  // Ends a transaction in one partition. `done` is called once: at once for a refusal, else when it is
  // durable.
  void write_marker(const TopicPartition& to, ProducerEpoch producer, kafka::Marker marker,
                    std::function<void(kafka::Error)> done, MarkerEpoch wanted = MarkerEpoch::of_transaction);

  // What the alarm does; tests that move the clock do it themselves.
  void wake();

  EntryPtr find(const std::string& id) const;
  const Entries& all() const { return entries_; }

 private:
  using Step = TransactionState::Step;
  using Decide = std::function<Step(const TransactionState&, ProducerId fresh, Timestamp now)>;
  enum class Unknown { refused, made };
  enum class Ids { never, maybe };  // whether the step may need a new producer id
  Task<Step> step(std::string id, Unknown unknown, Ids ids, Decide decide);
  Task<kafka::Error> store(EntryPtr entry, Transaction next);
  Task<kafka::Error> write(EntryPtr entry, KeyedRecord record);
  EntryPtr make(const std::string& id);
  EntryPtr find_or_make(const std::string& id);  // null: there are too many
  bool make_room();

  using Self = std::shared_ptr<TransactionCoordinator>;
  static Task<error_code> load(Self self, std::int32_t partition, Epoch epoch);
  void forget_partition(std::int32_t partition);
  // What comes back to one that is not has come too late: its partition is led by another, or was read anew.
  bool is_current(const Entry& entry) const { return shards_.is_current(entry.partition, entry.epoch); }
  void loaded(const std::string& id, Transaction transaction);
  static Task<void> finish(Self self, EntryPtr entry);
  using TopicPartitions = std::vector<TopicPartition>;
  Task<TopicPartitions> write_markers(EntryPtr entry, TopicPartitions partitions);
  BrokerId leader_of(const TopicPartition& partition) const;  // -1: nobody, or there is no such partition
  Task<void> send_markers(BrokerId leader, kafka::WriteTxnMarkersRequest request, TopicPartitions partitions,
                          TopicPartitions* failed);
  static Task<void> time_out(Self self, EntryPtr entry);
  static Task<void> forget(Self self, EntryPtr entry);
  Task<void> pause();

  void plan(const EntryPtr& entry, Timestamp not_before = 0);
  void set_alarm();

  asio::io_context& loop_;
  const Clock& clock_;
  const Config& config_;
  const Catalog& topics_;
  const PartitionTable& partitions_;
  ProducerIds& ids_;
  InternalTopic& log_;
  Others others_;
  OffsetsEnded offsets_ended_;
  Entries entries_;
  CoordinatorShards shards_;
  bool stopped_ = false;

  std::map<std::pair<Timestamp, std::string>, EntryPtr> due_;  // and its id
  const std::unique_ptr<Alarm> alarm_;
  Waiters pauses_;
};

}  // namespace mq::core
