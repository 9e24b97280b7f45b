// SPDX-License-Identifier: Apache-2.0
// A Log without a disk, for tests of what uses one: the same promises, forgotten with the object. Lives on
// the loop.
#pragma once

#include <deque>

#include "storage/log.h"

namespace mq::storage {

class MemoryLog final : public Log {
 public:
  explicit MemoryLog(Executor loop) : loop_(std::move(loop)) {}

  void append(Batch batch, Appended done) override;  // answers in the loop's next turn, in order
  Task<Result<Read>> read(Offset from, std::size_t bytes_max, Offset until = offset_max) override;
  Task<Result<Offset>> at_time(std::int64_t timestamp) override;
  Task<Result<Offset>> at_time_max() override;
  Task<Result<std::vector<Range>>> ranges(Offset from, Grain grain, std::size_t count_max) override;
  Task<error_code> truncate(Offset end) override;
  Task<error_code> trim(Offset start) override;
  Offset start() const override { return start_; }
  Offset end() const override { return end_; }
  std::uint64_t bytes() const override { return state_->bytes; }

  void fail_with(error_code error) {
    state_->failure = error;
  }  // what appends answer from now on; none: they work

 private:
  struct State {
    std::deque<Batch> batches;  // durable
    std::vector<std::pair<Batch, Appended>> waiting;
    std::uint64_t bytes = 0;
    error_code failure;
  };
  void complete();
  std::deque<Batch>::const_iterator find(Offset from) const;

  const Executor loop_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  Offset start_ = 0, end_ = 0;
};

}  // namespace mq::storage
