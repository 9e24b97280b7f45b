// SPDX-License-Identifier: Apache-2.0
// Writes records to one topic: gathers them to batches, sends several at a time, repeats what failed, in
// order, each record once (idempotent, unless acks is not all). Lives on the client's loop; made by create(),
// because what is under way holds on to it. Never waits in append(): whoever appends looks at full().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "core/client/client.h"
#include "core/client/lane.h"
#include "core/client/partitioner.h"
#include "core/client/retry.h"
#include "core/client/transactions.h"
#include "net/kafka/messages/produce.h"
#include "net/kafka/record_batch.h"

namespace mq::client {

// What became of one batch.
struct Delivery {
  std::int32_t partition = 0;
  Offset base_offset = -1;            // -1: not told (acks = 0, or a duplicate of long ago)
  Milliseconds log_append_time = -1;  // -1: the records keep their own
  const Sealed& batch;
  const Failure* failure = nullptr;  // null: it is in the log
};

struct ProducerOptions {
  std::string topic;
  std::int16_t acks = -1;
  bool idempotent = true;                   // with acks = -1 only
  kafka::Codec codec = kafka::Codec::none;  // many clients read nothing else but gzip as they are installed
  int level = 0;
  std::size_t batch_bytes_max = 256 << 10;
  Duration linger = std::chrono::milliseconds(5);
  std::size_t in_flight_max = 5;  // requests to each broker
  Duration give_up = std::chrono::minutes(2);
  std::size_t waiting_bytes_max = 64 << 20;
  std::optional<TransactionOptions> transactions = {};  // all that is written belongs to one
  std::function<void(const Delivery&)> delivered = {};
  std::function<void(const Failure&)> trouble = {};  // it will be tried again
};

class Producer : public std::enable_shared_from_this<Producer> {
 public:
  static std::shared_ptr<Producer> create(Client& client, ProducerOptions options);

  // Finds the topic and, when idempotent, gets a producer id. An unknown topic is a failure at once.
  static Task<Answer<Nothing>> start(std::shared_ptr<Producer> self);
  std::int32_t partitions() const { return static_cast<std::int32_t>(slots_.size()); }

  // Copies the record. `partition` -1: by key. `number` comes back in Delivery.
  void append(std::int32_t partition, Milliseconds timestamp, std::optional<net::Bytes> key,
              std::optional<net::Bytes> value, std::span<const kafka::Header> headers, std::uint64_t number);
  void send_open();  // does not wait for `linger`

  bool full() const { return waiting_bytes_ >= options_.waiting_bytes_max; }
  static Task<void> room(std::shared_ptr<Producer> self);  // until not full, or stopped
  // Sends what is open and waits until nothing is unanswered. False: the deadline came first.
  static Task<bool> flush(std::shared_ptr<Producer> self, Time deadline);
  // Of what was appended and flushed since the last end. After a failure there is no other transaction.
  static Task<Answer<Nothing>> end_transaction(std::shared_ptr<Producer> self, bool commit, Time deadline);
  void stop();  // whoever waits goes on; nothing more is sent

  std::uint64_t delivered_records() const { return delivered_records_; }
  std::uint64_t failed_records() const { return failed_records_; }
  Time last_progress() const { return last_progress_; }
  bool idle() const { return unanswered_ == 0; }

 private:
  struct Slot {
    explicit Slot(std::size_t batch_bytes_max, bool numbered) : open(batch_bytes_max), lane(numbered) {}
    kafka::BatchBuilder open;
    Numbers numbers;
    Time opened;
    Lane lane;
  };
  struct Sent {
    std::int32_t partition;
    Batch batch;
  };
  using Request = std::vector<Sent>;

  Producer(Client& client, ProducerOptions options);
  Task<Answer<Nothing>> learn_topic(Time deadline);
  Task<Answer<Nothing>> learn_id(Time deadline);
  TopicPartition id(std::int32_t partition) const { return {options_.topic, partition}; }

  void close(std::int32_t partition);
  void pump();
  template <class Act>
  void for_each_ready(Act act);
  void give_up_old(std::int32_t partition, Time now);
  bool offer(std::int32_t partition, Time now, std::map<BrokerId, Request>& requests);
  static Task<void> send(std::shared_ptr<Producer> self, BrokerId leader, Request request);
  kafka::ProduceRequest message(const Request& request) const;
  void apply(const Sent& sent, const kafka::ProduceResponse& response, const Broker& from);
  void succeed(const Sent& sent, Offset base_offset, Milliseconds log_append_time);
  void try_again(const Sent& sent, Failure failure);
  void fail(const Sent& sent, const Failure& failure, bool appended_never);
  void report_failed(std::int32_t partition, const Batch& batch, const Failure& failure);
  bool halve(const Sent& sent);
  void want_in_transaction(std::int32_t partition);
  static Task<void> add_partitions(std::shared_ptr<Producer> self);
  void fail_all(const Failure& failure);
  void want_leaders();
  static Task<void> find_leaders(std::shared_ptr<Producer> self);
  void wake_at(Time at);
  void tick();
  void progress();

  Client& client_;
  ProducerOptions options_;
  kafka::BatchProducer identity_;
  std::optional<Transactions> transactions_;
  std::set<TopicPartition> joining_;  // partitions that must be in the transaction first
  bool adding_ = false;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::int32_t> open_;  // partitions with an open batch, oldest first
  std::set<std::int32_t> ready_;    // those with batches to send, and perhaps some that have none any more
  Sticky sticky_;
  std::map<BrokerId, std::size_t> in_flight_;
  std::size_t waiting_bytes_ = 0, unanswered_ = 0;
  std::uint64_t delivered_records_ = 0, failed_records_ = 0;
  Time last_progress_;
  bool finding_leaders_ = false, stopped_ = false;
  Timer wake_, waiter_;
  Time wakes_ = Time::max();
};

}  // namespace mq::client
