// SPDX-License-Identifier: Apache-2.0
// Reads partitions from given offsets on: one fetch under way at each leader, the next one sent before what
// came is looked at, and no more in memory than `waiting_bytes_max` and one answer of each leader. Follows
// leaders as they move. A topic that is gone ends it (unknown_topic_or_partition), and so does one that was
// created anew, where the broker knows ids (unknown_topic_id). A range that its broker cannot read ends its
// partition, or is passed over. Lives on the client's loop; made by create(), because what is under way holds
// on to it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "core/client/client.h"
#include "core/client/retry.h"
#include "net/kafka/messages/fetch.h"
#include "net/kafka/record_batch.h"

namespace mq::client {

inline constexpr Offset no_end = INT64_MAX;

struct Assignment {
  TopicPartition partition;
  Offset from = 0;
  Offset until = no_end;   // not read any more; the partition is done when its position gets there
  kafka::Uuid topic_id{};  // another topic of this name is not meant; all zero: whichever there is
};

// What one fetch brought of one partition: whole batches, back to back.
struct Fetched {
  std::size_t which = 0;  // index of the assignment
  net::Slice frame;       // what `batches` looks into
  net::Bytes batches;
  Offset from = 0, until = no_end;  // records outside were not asked for
  Offset next = 0;                  // where the partition goes on behind these
  Offset log_start = -1, high_watermark = -1;
  std::vector<kafka::FetchResponse::AbortedTransaction> aborted;
};

struct ConsumerOptions {
  std::int32_t fetch_bytes_max = 16 << 20;
  std::int32_t partition_bytes_max = 4 << 20;
  Duration wait = std::chrono::milliseconds(500);
  std::size_t waiting_bytes_max = 32 << 20;
  bool committed = true;                             // not what open or aborted transactions wrote
  bool grows = false;                                // partitions may be add()ed: it is not done() by itself
  bool skips_unreadable = false;                     // go on behind what a broker cannot read
  std::function<void(const Failure&)> trouble = {};  // it will be tried again
  std::function<void(std::size_t which, Offset from, Offset to)> skipped = {};  // records that are gone
  // The partition ends here: what follows was lost, or is damaged.
  std::function<void(std::size_t which, Offset at, const Failure&)> unreadable = {};
};

// A partition that has more, but nothing that is committed: an open transaction begins where it stands.
struct Standing {
  std::size_t which = 0;
  Offset at = 0, high_watermark = 0;
  Time since{};
};

class Consumer : public std::enable_shared_from_this<Consumer> {
 public:
  static std::shared_ptr<Consumer> create(Client& client, ConsumerOptions options,
                                          std::vector<Assignment> partitions);

  // The next that came; nothing: the deadline was first, or everything is done(). A failure is final.
  static Task<Answer<std::optional<Fetched>>> next(std::shared_ptr<Consumer> self, Time deadline);
  bool ready() const { return !queue_.empty(); }  // next() would not wait
  bool done() const { return open_ == 0 && queue_.empty() && !options_.grows; }
  void add(Assignment partition);  // its index is the next one

  // Up to where a partition was fetched, not delivered; and how much of what was asked for has not been
  // fetched.
  Offset position(std::size_t which) const { return partitions_[which].position; }
  bool delivered(std::size_t which) const;  // all of it: next() brings no more of this one
  void pause(std::size_t which, bool paused);
  void hold(bool held);  // nothing more is fetched, whichever partition
  std::vector<Standing> standing() const;
  void stop();  // next() returns What::stopped
  Time last_answer() const { return last_answer_; }

 private:
  struct Partition {
    Assignment asked;
    Offset position = 0;
    Time retry_at{};
    std::int32_t bytes_max = 0;
    bool under_way = false;  // in a fetch that has not been answered
    bool paused = false, done = false;
    int unreadable = 0;  // so many answers in a row
    Time unreadable_since{};
    Offset stable = -1, high_watermark = -1;
    Time stands_since = Time::max();
  };
  struct Asked {
    BrokerId leader;
    std::vector<std::size_t> which;
  };

  Consumer(Client& client, ConsumerOptions options, std::vector<Assignment> partitions);
  void take_in(Assignment asked);
  void pump();
  static Task<void> fetch(std::shared_ptr<Consumer> self, BrokerId leader);
  bool wanted(const Partition& partition, BrokerId leader, Time now) const;
  kafka::FetchRequest blank(Duration wait) const;
  static void ask_for(kafka::FetchRequest& request, const Partition& partition, Offset at,
                      std::int32_t bytes_max);
  kafka::FetchRequest message(BrokerId leader, std::vector<std::size_t>& which);
  Task<Answer<Reply<kafka::FetchResponse>>> send(BrokerId leader, kafka::FetchRequest request);
  Task<void> take(Reply<kafka::FetchResponse> reply, std::vector<std::size_t> which);
  static bool is_no_batch(const kafka::FetchResponse::PartitionData& data);
  void take_records(std::size_t which, const kafka::FetchResponse::PartitionData& data,
                    const net::Slice& frame, bool nothing_came);
  void advance(Partition& partition, Offset to);
  void note_standing(Partition& partition, const kafka::FetchResponse::PartitionData& data);
  Task<void> out_of_range(std::size_t which);
  Task<void> unreadable(std::size_t which, Failure failure);
  Task<std::optional<Offset>> readable_after(std::size_t which);
  Task<std::optional<bool>> is_readable(std::size_t which, Offset at);
  void end(Partition& partition);
  void later(Partition& partition, const Failure& failure, bool leader_unknown);
  void want_leaders();
  static Task<void> find_leaders(std::shared_ptr<Consumer> self);
  void judge_topics(const kafka::MetadataResponse& metadata);
  void wake_at(Time at);
  void wake() { waiter_.cancel(); }
  void fail(Failure failure);

  Client& client_;
  ConsumerOptions options_;
  std::vector<Partition> partitions_;
  std::map<TopicPartition, std::size_t> by_name_;
  std::map<kafka::Uuid, std::string> names_;
  std::size_t open_ = 0, rotation_ = 0;
  std::deque<Fetched> queue_;
  std::size_t waiting_bytes_ = 0;
  std::set<BrokerId> fetching_;
  std::optional<Failure> failure_;
  bool finding_leaders_ = false, held_ = false;
  Time last_answer_;
  Timer wake_, waiter_;
  Time wakes_ = Time::max();
};

// The records of what was fetched, one after the other: without control records, those of aborted
// transactions, and those that were not asked for. Checks each batch's checksum.
class FetchedRecords {
 public:
  explicit FetchedRecords(const Fetched& fetched);

  const kafka::Record* next();  // null: no more, or error()
  const kafka::BatchHead& head() const { return reader_->head(); }
  kafka::Error error() const { return error_; }
  void pass() { error_ = kafka::Error::none, reader_.reset(); }  // on, behind the batch with the error
  Offset at() const { return at_; }          // the base offset of the batch that is looked at
  Offset behind() const { return behind_; }  // where to go on without it

 private:
  bool next_batch();
  bool wanted(net::Bytes batch, const kafka::BatchHead& head);

  const Fetched& fetched_;
  net::Bytes rest_;
  std::optional<kafka::RecordReader> reader_;
  std::size_t next_aborted_ = 0;
  std::set<std::int64_t> aborting_;  // producers whose transaction is being passed over
  kafka::Error error_ = kafka::Error::none;
  Offset at_ = -1, behind_ = -1;
};

}  // namespace mq::client
