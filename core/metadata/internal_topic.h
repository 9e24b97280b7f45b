// SPDX-License-Identifier: Apache-2.0
// A topic in which coordinators keep what they must not forget: compacted by key, made when it is first
// needed, written by the broker alone, readable by everybody. Lives on the loop.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/config/config.h"
#include "core/metadata/controller.h"
#include "core/metadata/locate.h"
#include "net/kafka/batch_builder.h"
#include "net/kafka/types.h"

namespace mq::core {

inline constexpr std::string_view offsets_topic = "__consumer_offsets";
inline constexpr std::string_view transactions_topic = "__transaction_state";

bool is_internal_topic(std::string_view name);
// As the broker makes it, whoever asks first; the name must be one of the internal ones.
NewTopic new_internal_topic(std::string_view name, const Config& config, const Catalog& catalog);
// Clients may not write here, except the one that Kafka's own tools use to repair these topics.
bool may_produce(std::string_view client_id, std::string_view topic);

// The hash of Java's strings: it decides which partition a group or a transactional id belongs to, and tools
// count on that.
std::int32_t java_hash(std::string_view utf8);

// What is remembered under a key; without a value: that it is to be forgotten.
struct KeyedRecord {
  kafka::Bytes key;
  std::optional<kafka::Bytes> value;
};

class InternalTopic {
 public:
  static constexpr std::size_t batch_bytes_max = 16u << 20;
  // Of what is remembered under its name: a key has 16 bits for the length of a text, and what is longer
  // would be cut to one that somebody else has.
  static constexpr std::size_t id_bytes_max = 32'000;

  InternalTopic(Controller& controller, const Catalog& topics, const PartitionTable& partitions,
                asio::io_context& loop, const Clock& clock, const Config& config, std::string_view name);

  const std::string& name() const { return name_; }
  std::int32_t partitions() const;  // that it has, or will have
  std::int32_t partition_of(std::string_view id) const;
  BrokerId leader_of(std::string_view id) const;  // of that partition; -1: there is none
  bool may_be_led_elsewhere(std::string_view id) const;
  // Where nothing was ever written: nothing to replay.
  bool empty(std::int32_t partition) const;

  // Makes the topic when it is missing. Its partitions exist when this succeeds.
  Task<kafka::Error> ensure();

  using Done = std::function<void(kafka::Error)>;
  // One batch of these records, in one piece or not at all. Never suspends: the order of the calls is the
  // order of the records. `done` is called once, on the loop: when they are committed, or at once when they
  // are refused (coordinator_not_available: there is no topic yet; message_too_large). With a producer: what
  // a transaction has pending, until its marker follows.
  void append(std::int32_t partition, std::span<const KeyedRecord> records, Done done,
              kafka::BatchProducer producer = {});
  // Proves that this broker leads the partition still, by having `nothing` committed, a record which says
  // nothing: for who answers from memory what others may have changed since. At once as long as it is
  // certain. not_coordinator: it cannot be told within 2 s.
  Task<kafka::Error> confirm(std::int32_t partition, KeyedRecord nothing);
  void when_certain(std::function<bool()> is_certain) { is_certain_ = std::move(is_certain); }
  // A batch that was put together elsewhere: a marker.
  void append(std::int32_t partition, net::Slice batch, Done done);

  // A record as it was written; views hold during the call. A marker is a record of a control batch.
  using Visit = std::function<void(net::Bytes key, std::optional<net::Bytes> value,
                                   const kafka::BatchHead& head, Offset offset)>;
  // Everything that is durable when this is called, oldest first, in pieces between which others run; returns
  // when all of it is committed. What is damaged is left out, with a line in the log: a later record of the
  // same key makes it good. `stopped`: `goes_on`, asked before each piece is visited, said no.
  using GoesOn = std::function<bool()>;
  Task<error_code> replay(
      std::int32_t partition, Visit visit, GoesOn goes_on = [] { return true; }) const;

 private:
  std::shared_ptr<Partition> partition(std::int32_t index) const;

  asio::io_context& loop_;
  Controller& controller_;
  const Catalog& topics_;
  const PartitionTable& partitions_;
  const Clock& clock_;
  const Config& config_;
  const std::string name_;
  std::function<bool()> is_certain_ = [] { return true; };
};

}  // namespace mq::core
