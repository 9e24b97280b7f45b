// SPDX-License-Identifier: Apache-2.0
// What a journal must hold: per partition every state that was asked for, and which of them was acknowledged.
// After a crash a partition has to be in the acknowledged state, or in one that was asked for later.
#pragma once

#include <map>
#include <random>

#include "tests/storage/support/opened.h"

namespace mq::test {

class Model {
 public:
  struct State {
    Offset start = 0, end = 0;
    std::vector<Seen> batches;
    friend bool operator==(const State&, const State&) = default;
  };

  explicit Model(Opened& opened) : opened_(opened) {}

  // Each asks the journal, and returns when it has answered everything; false: something failed.
  bool append(const std::vector<storage::PartitionNumber>& partitions, std::mt19937& random);
  bool truncate(storage::PartitionNumber partition, Offset end);
  bool trim(storage::PartitionNumber partition, Offset start);
  bool remove(storage::PartitionNumber partition);
  bool anything(std::mt19937& random);  // one of these

  // After errors: everything acknowledged is there, in order, and nothing twice.
  void check_loosely();
  void check();  // the journal has been opened again; what it holds is what it must hold from now on
  std::size_t acknowledged() const { return acknowledged_; }

  std::size_t partitions = 3;
  std::size_t batch_bytes_max = 300;

 private:
  struct History {
    std::vector<State> states{State{}};
    std::size_t certain = 0;  // index of the newest acknowledged one
  };
  std::map<storage::PartitionNumber, std::vector<Seen>>
      promised_;  // batches of append() that were acknowledged
  State& next(storage::PartitionNumber partition);
  bool answered(storage::PartitionNumber partition, std::size_t index, storage::error_code error);

  Opened& opened_;
  std::map<storage::PartitionNumber, History> histories_;
  std::size_t acknowledged_ = 0;
  bool failed_ = false;
  storage::PartitionNumber first_ = 1;  // removed ones are replaced by new ones
};

std::string to_string(const Model::State& state);

}  // namespace mq::test
