// SPDX-License-Identifier: Apache-2.0
// One partition: hands out offsets, judges producers, appends, reads, wakes waiters.
// Lives on the loop. Readers see only what is durable.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>

#include "core/loop/clock.h"
#include "core/loop/waiter.h"
#include "core/partition/epochs.h"
#include "core/partition/producers.h"
#include "net/kafka/error.h"
#include "storage/log.h"

namespace mq::core {

class Partition : public std::enable_shared_from_this<Partition> {
 public:
  struct Appended {
    kafka::Error error = kafka::Error::none;
    Offset first = -1;
    Timestamp time = -1;  // the broker's, when the topic says LogAppendTime
  };

  Partition(std::shared_ptr<storage::Log> log, PartitionNumber number, const Clock& clock,
            Timestamp producer_expiration_ms = Producers::expiration_ms);

  // One whole, checked batch. Everything up to the log's queue happens before this returns, so the order of
  // the calls is the order of the offsets. `done` is called once: at once for a refusal, on the loop when the
  // batch is durable. A duplicate is answered with the first offset it got, not before that one is durable.
  void append(net::Slice batch, std::function<void(Appended)> done,
              FirstSequence first_sequence = FirstSequence::any);
  // Ends the transaction that a producer has open here, if any; written in any case, for it tells the epoch.
  void append_marker(ProducerId producer, std::int16_t epoch, kafka::Marker marker,
                     std::function<void(Appended)> done, MarkerEpoch wanted = MarkerEpoch::of_transaction);

  // Nothing that reaches `until`.
  Task<Result<storage::Read>> read(Offset from, std::size_t bytes_max, Offset until = storage::offset_max) {
    return log_->read(from, bytes_max, until);
  }
  Offset readable_from(Offset from) const { return log_->readable_from(from); }
  Task<error_code> trim(Offset start);

  // The first record that reaches `timestamp`: its offset and time. {-1, -1} when none does.
  struct At {
    Offset offset = -1;
    Timestamp time = -1;
  };
  // A worker looks into the batch: it may have to be read, and unpacked.
  Task<Result<At>> at_time(Timestamp timestamp, asio::any_io_executor workers);
  Task<Result<At>> at_time_max(asio::any_io_executor workers);  // the first record with the largest

  // What lies here, oldest first.
  Task<Result<std::vector<storage::Range>>> ranges(Offset from, storage::Grain grain, std::size_t count_max) {
    return log_->ranges(from, grain, count_max);
  }

  // Of all batches since this object was made; only grows.
  std::uint64_t appended_bytes() const { return appended_bytes_; }
  // `grown` is called once, when that is more than `bytes`; at once when it is already.
  using Grown = std::function<void(PartitionNumber)>;
  void when_appended(std::uint64_t bytes, Grown grown);

  Offset start() const { return log_->start(); }
  Offset high_watermark() const { return log_->end(); }  // alone, what is durable is committed
  // Of everything before it is known whether it was committed. Never goes back.
  Offset last_stable_offset() const {
    return std::max(start(), producers_.transactions().stable(high_watermark()));
  }
  Offset end() const { return log_->end(); }
  std::uint64_t bytes() const { return log_->bytes(); }
  PartitionNumber number() const { return number_; }
  const Epochs& epochs() const { return epochs_; }  // of what was written
  Epoch leader_epoch() const { return leader_epoch_; }
  Epochs::End end_of(Epoch epoch) const { return epochs_.end_of(epoch, leader_epoch_, end()); }

  const Producers& producers() const { return producers_; }
  void recover(Producers producers, Epochs epochs);
  // As of what is durable now; nothing when nobody produced with an id and there was one epoch.
  std::string snapshot() const;

  void wait(const std::shared_ptr<Waiter>& waiter) { waiters_.add(waiter); }
  void wait_stable(const std::shared_ptr<Waiter>& waiter) { stable_waiters_.add(waiter); }
  // The topic is gone: appends are refused, waiters wake to find that out.
  void close();
  bool closed() const { return closed_; }

 private:
  kafka::Error refusal() const;
  void go_on();
  void submit(const net::Slice& batch, const kafka::BatchHead& head, Offset first,
              std::function<void(Appended)> done);
  void appended(error_code error, Offset first, Timestamp time, const std::function<void(Appended)>& done);
  void advance();
  void tell_grown();
  void answer_when_durable(const Producers::Batch& batch, std::function<void(Appended)> done);
  void answer_duplicates();
  using Look = std::function<Result<At>(kafka::RecordReader& records, Offset start)>;
  Task<Result<At>> look_into(Offset base, Look look, asio::any_io_executor workers);

  const std::shared_ptr<storage::Log> log_;
  const PartitionNumber number_;
  const Clock& clock_;
  const Timestamp producer_expiration_ms_;
  Offset next_;                // to be given to the next batch
  std::size_t in_flight_ = 0;  // appends not answered yet
  Epoch leader_epoch_ = 0;     // in which we lead: alone, for ever
  Epochs epochs_;
  Producers producers_;
  struct Duplicate {
    Producers::Batch batch;
    std::function<void(Appended)> done;
  };
  std::vector<Duplicate> duplicates_;  // of batches that are not durable yet
  Waiters waiters_, stable_waiters_;
  Offset stable_ = 0;  // as stable_waiters_ were told
  Grown grown_;        // nobody wants to know: not set
  std::uint64_t appended_bytes_ = 0, grown_above_ = 0;
  bool closed_ = false;
  // Appends that failed: those in flight behind them fail too, then it goes on from the log's end.
  std::vector<Offset> failed_;
};

}  // namespace mq::core
