// SPDX-License-Identifier: Apache-2.0
// One replica of a partition. While it leads it hands out offsets, judges producers, appends, and knows what
// is committed; while it follows it takes what its leader has. Lives on the loop. The log's end is what is
// durable here; readers see only what lies before the high watermark.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <set>

#include "core/loop/clock.h"
#include "core/loop/waiter.h"
#include "core/partition/acknowledgements.h"
#include "core/partition/epochs.h"
#include "core/partition/producers.h"
#include "core/partition/recovery.h"
#include "core/partition/replicas.h"
#include "core/partition/traffic.h"
#include "net/kafka/error.h"
#include "storage/log.h"

namespace mq::core {

class Partition : public std::enable_shared_from_this<Partition> {
 public:
  using Appended = core::Appended;
  using Done = Acknowledgements::Done;
  struct AppendOptions {
    Acks acks = Acks::leader;
    FirstSequence first_sequence = FirstSequence::any;
    // Of a transactional batch: before which its coordinator was asked. Not set: it need not be.
    std::optional<Producers::Verification> verification = {};
  };

  // Follows nobody, and knows of nothing that is committed, until it is told to lead or to follow.
  Partition(std::shared_ptr<storage::Log> log, PartitionNumber number, const Clock& clock,
            Timestamp producer_expiration_ms = Producers::expiration_ms);

  // ---- role
  // From now on leads as `state` says, which names `self`.
  void lead(BrokerId self, const PartitionState& state, StateVersion version);
  // From now on another leads, in this epoch, or nobody. Who waits for an answer is told so.
  void follow(Epoch leader_epoch);
  // It leads on, and yet another may: who waits is told not_leader_or_follower. What was written stays, or
  // not.
  void send_away();
  bool leads() const { return replicas_.has_value(); }
  Epoch leader_epoch() const { return leader_epoch_; }  // in which it leads or follows
  const std::optional<Replicas>& replicas() const { return replicas_; }
  // Only while it leads. What a change of who has how much, or of who is in the ISR, commits is answered
  // before this returns.
  template <class Change>
  auto change_replicas(Change change) {
    const auto result = change(*replicas_);
    advance();
    return result;
  }

  // ---- while it leads
  // One whole, checked batch, and its head. Everything up to the log's queue happens before this returns, so
  // the order of the calls is the order of the offsets. `done` is called once: at once for a refusal, on the
  // loop when the batch is durable (Acks::leader) or committed (Acks::all), or never will be.
  // A duplicate is answered with the first offset it got, not before that one is so. not_enough_replicas: the
  // ISR is below min.insync.replicas, nothing was written; not_enough_replicas_after_append: it became so,
  // and what was written stays; not_leader_or_follower: it may stay, or not. Who leads for less than 2 s says
  // that of a sequence that is ahead of what is expected, too.
  void append(net::Slice batch, const kafka::BatchHead& head, const AppendOptions& options, Done done);
  // Ends the transaction that a producer has open here, if any; written in any case, for it tells the epoch.
  // Answered when it is committed.
  void append_marker(ProducerId producer, std::int16_t epoch, kafka::Marker marker, Done done,
                     MarkerEpoch wanted = MarkerEpoch::of_transaction);
  // Before the coordinator of its transaction is asked whether a producer may write here. Nothing: it has
  // that transaction open here already, and need not be asked about.
  std::optional<Producers::Verification> begin_verification(ProducerId producer) {
    if (producers_.transactions().open(producer)) return {};
    return producers_.begin_verification(producer);
  }
  void end_verification(ProducerId producer) { producers_.end_verification(producer); }  // it may not

  // ---- while it follows
  // Whole batches as a leader has them, with its offsets, between which there may be gaps; of a last one that
  // is cut off nothing is taken. Never suspends. `done` is called once: when all are durable, or with an
  // error. offset_out_of_range: the first begins before the end, truncate; corrupt_message: one is damaged,
  // or their offsets or epochs fall; with both nothing was written.
  void replicate(const net::Slice& batches, std::function<void(error_code)> done);
  std::optional<Offset> first_lost() const;  // that cannot be read any more
  // Something that was given an offset is not durable yet. Who has begun to follow waits for that before it
  // asks its leader: what it wrote as leader would end up behind what was compared, and count as committed
  // with it.
  bool is_writing() const { return in_flight_ > 0; }
  // Forgets every batch that reaches `end`, which then never was; durable when it returns.
  Task<error_code> truncate(Offset end);
  // What is to go is still there, and must not be copied: also when this broker is elected meanwhile.
  bool is_truncating() const;
  // The leader has committed everything before it.
  void learn_high_watermark(Offset high_watermark);

  // ---- reading
  // Nothing that reaches `until`.
  Task<Result<storage::Read>> read(Offset from, std::size_t bytes_max, Offset until = storage::offset_max) {
    return log_->read(from, bytes_max, until);
  }
  Offset readable_from(Offset from) const { return log_->readable_from(from); }
  // Every batch that is durable when this is called, oldest first, in pieces between which others run. What
  // is damaged or trimmed meanwhile is left out; `lost`, if set, hears where. `stopped`: `goes_on`, if set,
  // asked before each piece is visited, said no.
  struct Walk {
    std::function<void(net::Bytes batch)> visit;
    std::function<void(Offset at)> lost = {};
    std::function<bool()> goes_on = {};
  };
  Task<error_code> walk(Walk walk);
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

  // Where it is counted; given before anything is written.
  void count_in(std::shared_ptr<Traffic> traffic) { traffic_ = std::move(traffic); }
  void sent(Offset offsets, std::size_t bytes) {  // to a consumer
    if (traffic_) traffic_->went_out(static_cast<std::uint64_t>(offsets), bytes);
  }

  Offset start() const { return log_->start(); }
  // Everything before it is committed, as far as is known here.
  Offset high_watermark() const { return high_watermark_; }
  // Of everything before it is known whether its transaction was committed. Never goes back.
  Offset last_stable_offset() const {
    return std::max(start(), producers_.transactions().stable(high_watermark_));
  }
  Offset end() const;
  std::uint64_t bytes() const { return log_->bytes(); }
  PartitionNumber number() const { return number_; }
  const Epochs& epochs() const { return epochs_; }  // of what was written
  Epochs::End end_of(Epoch epoch) const { return epochs_.end_of(epoch, leader_epoch_, end()); }

  const Producers& producers() const { return producers_; }
  void recover(PartitionSnapshot recovered);
  void was_here() { was_here_ = true; }  // when the broker started: it may have led, and refused
  // Reads every batch's head once more where what producers did is not known exactly: after more was
  // truncated than can be undone. Takes nothing until then.
  Task<error_code> rebuild();
  bool is_exact() const { return is_exact_; }
  // As of what is durable now; nothing as long as nobody produced with an id and there was one epoch. Once
  // there was one, it is said that there is nothing any more: the journal keeps the one before.
  std::string snapshot();

  // Is told whenever the end, the high watermark, the start or the role may be another. Until it is gone.
  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void changed(PartitionNumber partition) = 0;
  };
  void observe(const std::shared_ptr<Observer>& observer) { observers_.push_back(observer); }
  void wait(const std::shared_ptr<Waiter>& waiter) { waiters_.add(waiter); }
  void wait_stable(const std::shared_ptr<Waiter>& waiter) { stable_waiters_.add(waiter); }
  // The topic is gone: appends are refused, waiters wake to find that out.
  void close();
  bool closed() const { return closed_; }

 private:
  // One batch under way to the log.
  struct Submitted {
    Offset first = 0, last = 0;
    Timestamp time = -1;
    std::size_t size = 0;
    Acks acks = Acks::leader;
    Epoch leader_epoch = 0;
    std::uint32_t records = 0;  // 0: a marker
  };

  kafka::Error refusal(Acks acks) const;
  bool is_new_leader() const;
  void submit(const net::Slice& batch, const kafka::BatchHead& head, Offset first, Acks acks, Done done);
  void written(error_code error, const Submitted& submitted, const Done& done);
  void replicated(error_code error, Offset first);
  void go_on();
  Offset durable_end() const;  // of what is durable and is to stay
  void advance();
  void advance_high_watermark();
  void wake_readers();
  void wake_all();
  void tell_grown();
  using Look = std::function<Result<At>(kafka::RecordReader& records, Offset start)>;
  Task<Result<At>> look_into(Offset base, Look look, asio::any_io_executor workers);

  const std::shared_ptr<storage::Log> log_;
  std::shared_ptr<Traffic> traffic_;  // null: nobody counts
  const PartitionNumber number_;
  const Clock& clock_;
  const Timestamp producer_expiration_ms_;
  Offset next_;                        // to be given to the next batch
  std::size_t in_flight_ = 0;          // batches that the log has not answered yet
  std::multiset<Offset> truncations_;  // that are under way: nothing is appended
  Epoch leader_epoch_ = 0;
  std::optional<Replicas> replicas_;  // while it leads
  Time leads_since_ = {};
  bool was_here_ = false;
  Offset high_watermark_ = 0, leader_high_watermark_ = 0;
  Epochs epochs_;
  Producers producers_;
  bool is_exact_ = true, had_snapshot_ = false;
  Acknowledgements acknowledgements_;
  Waiters waiters_, stable_waiters_;
  std::vector<std::weak_ptr<Observer>> observers_;
  Offset stable_ = 0;  // as stable_waiters_ were told
  Grown grown_;        // nobody wants to know: not set
  std::uint64_t appended_bytes_ = 0, grown_above_ = 0;
  bool closed_ = false;
  // Appends that failed: those in flight behind them fail too, then it goes on from the log's end.
  std::vector<Offset> failed_;
};

}  // namespace mq::core
