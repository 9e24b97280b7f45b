// SPDX-License-Identifier: Apache-2.0
// The replicas that are hosted here: which partition of which topic lies under which number in the journal.
// Its rows in meta are this directory's own. Lives on the loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "core/partition/partition.h"
#include "storage/journal.h"

namespace mq::core {

class PartitionTable {
 public:
  // By partition index; null: not here.
  using Partitions = std::span<const std::shared_ptr<Partition>>;
  static constexpr std::size_t steps_to_open = 8;  // a partition, to give it a role, or to close it: see Pace

  PartitionTable(storage::Journal& journal, const Clock& clock, asio::any_io_executor disk,
                 Timestamp producer_expiration_ms = Producers::expiration_ms);

  // At start: every row, with what recovery found of the partitions. Blocks.
  error_code load(PartitionRecovery::Recovered recovered);

  std::shared_ptr<Partition> find(const Uuid& topic, std::int32_t index) const;
  std::shared_ptr<Partition> find(PartitionNumber number) const;
  Partitions of(const Uuid& topic) const;
  std::vector<Uuid> topics() const;  // of which anything is here
  std::size_t size() const { return by_number_.size(); }

  // What went in and out: of a topic's partitions since one is here (null: none is), and of all there were.
  const Traffic* traffic(const Uuid& topic) const;
  const Traffic& traffic() const { return *traffic_; }

  // These partitions of the topic, which are not here, are hosted from now on and begin empty. One durable
  // change. After an error none of them is.
  using Indices = std::vector<std::int32_t>;
  Task<error_code> host(Uuid topic, Indices indices);
  error_code host_at_start(const Uuid& topic, const Indices& indices);  // the same; blocks
  // The same of single partitions, which are replicas of it no more.
  Task<error_code> drop(Uuid topic, Indices indices, std::function<void(Partitions)> closed);

  // What is here of a topic that nobody knows, and since when that is noted.
  const std::map<Uuid, Timestamp>& strays() const { return strays_; }
  Task<error_code> note_stray(Uuid topic, std::optional<Timestamp> since);  // nothing: it is known again

  // Closes what is here of a topic; `closed` is called with some at a time, before they go.
  Task<error_code> remove(Uuid topic, std::function<void(Partitions)> closed);

 private:
  using Row = std::vector<std::shared_ptr<Partition>>;

  std::shared_ptr<Partition> open(const Uuid& topic, PartitionNumber number);
  Row row_with_room(const Uuid& topic, const Indices& indices) const;
  storage::Store::Change row_of(const Uuid& topic, const Row& row) const;

  storage::Journal& journal_;
  const Clock& clock_;
  const asio::any_io_executor disk_;
  const Timestamp producer_expiration_ms_;
  std::map<Uuid, Row> rows_;
  const std::shared_ptr<Traffic> traffic_ = std::make_shared<Traffic>();
  std::map<Uuid, std::weak_ptr<Traffic>> traffic_of_;  // its partitions own it
  std::map<Uuid, Timestamp> strays_;
  std::map<PartitionNumber, std::shared_ptr<Partition>> by_number_;  // ordered: it never takes a turn to grow
};

}  // namespace mq::core
