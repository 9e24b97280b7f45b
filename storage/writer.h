// SPDX-License-Identifier: Apache-2.0
// One thread, the only one that writes and syncs the journal: takes everything that waits, writes it behind
// each other, syncs once, and hands the whole group back. While a sync runs, the next group gathers. With
// nothing to do it sleeps.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "storage/journal.h"
#include "storage/record.h"
#include "storage/segment_files.h"

namespace mq::storage {

class PartitionLog;

// A record on its way into the journal.
struct Append {
  Kind kind = Kind::batch;
  PartitionNumber partition = 0;
  Offset base = 0;
  // Of its log, as the sender knows them; once it is refused, as the writer does.
  std::uint32_t refusals = 0;
  bool closes = false;  // the segment takes nothing after it
  Batch batch;          // the payload; offsets and time only of a batch
  std::shared_ptr<PartitionLog> log;
  Log::Appended done;

  error_code error;            // filled in by the writer, as is
  std::uint32_t position = 0;  // of the payload in its segment
};

// What became durable together, or failed. On failure some of the appends may be good: each says it.
struct Group {
  struct Part {  // appends from `first` on are in this segment
    std::size_t first = 0;
    std::shared_ptr<SegmentFile> segment;
  };
  struct Closed {
    std::shared_ptr<SegmentFile> segment;
    std::uint64_t end = 0;  // what is behind it does not count
  };
  std::vector<Append> appends;
  std::vector<Part> parts;
  std::vector<Closed> closed;  // segments that take nothing any more
};

class Writer {
 public:
  struct Settings {
    Flush flush = Flush::sync;
    std::uint64_t min_free_bytes = 0;
    std::size_t segment_records_max = 0;
    std::chrono::seconds segment_age_max{};
  };
  // Where recovery left off; no segment: in the next file.
  struct Position {
    std::shared_ptr<SegmentFile> segment;
    std::uint64_t end = 0;
    std::size_t records = 0;
    std::uint32_t previous = 0;  // the segment before the next one, when there is no segment
    std::uint64_t previous_end = 0;
  };
  using Finished = std::function<void(std::unique_ptr<Group>)>;  // on the writer thread
  using Changes = std::function<std::uint64_t()>;                // how many commits meta has seen

  Writer(SegmentFiles& files, Settings settings, const Position& start, Finished finished, Changes changes);
  ~Writer();

  void submit(std::vector<Append> appends);  // any thread; in this order
  void stop();                               // writes what waits and a closing note; joins

  // When it has stopped: up to where the journal is on the disk; no segment: nobody knows.
  std::pair<std::uint32_t, std::uint64_t> end() const;

  // Any thread.
  bool full() const { return refusing_; }
  bool failed() const { return fenced_; }
  const char* activity() const { return activity_; }  // what it does now, or waits for
  std::uint64_t groups() const { return groups_; }
  std::uint64_t written_bytes() const { return written_bytes_; }
  std::uint64_t syncs() const { return syncs_; }

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  std::unique_ptr<Group>
  next();  // waits; null: a second has passed, and there is something to be said or synced
  std::unique_ptr<Group> gather();
  void write(Group& group);
  void write_note(Group& group, bool clean);
  void finish(std::unique_ptr<Group> group);
  void fail(Group& group, std::size_t first, const error_code& error);
  error_code count_failure(const error_code& error);

  error_code refusal(const Append& append) const;
  void look_at_free_space();
  void refuse_for_space(bool low, std::uint64_t free);
  error_code make_room(Group& group, std::size_t index, std::size_t bytes);
  error_code close_segment(Group& group);
  error_code open_segment();
  error_code put(Header header, Bytes payload);
  error_code add(Bytes bytes);
  error_code flush();
  error_code zero_ahead();
  error_code commit();  // afterwards everything put is as durable as an answer promises
  error_code sync();
  std::uint64_t position() const { return at_ + waiting_; }

  SegmentFiles& files_;
  const Settings settings_;
  const Finished finished_;
  const Changes changes_;

  // The writer thread's own.
  std::shared_ptr<SegmentFile> segment_;
  std::uint64_t at_ = 0, committed_ = 0, durable_ = 0;  // written; answered for; synced
  std::uint64_t zeroed_ = 0;                            // before it all is data to the file system
  std::size_t waiting_ = 0, records_ = 0;               // bytes in pieces_; records in the segment
  std::uint32_t group_ = 0;
  std::uint32_t previous_ = 0;  // the segment before this one, and where it ended
  std::uint64_t previous_end_ = 0;
  Clock::time_point opened_, synced_ = Clock::now();
  std::optional<Clock::time_point> failed_, looked_, took_nothing_;
  std::optional<Clock::time_point> note_due_;  // a second after the last group
  std::vector<iovec> pieces_;
  std::unique_ptr<std::byte[]> staging_;  // headers and small payloads of what is in pieces_
  std::size_t staged_ = 0;

  std::atomic<bool> refusing_ = false, fenced_ = false;
  std::atomic<const char*> activity_ = "nothing";
  std::atomic<std::uint64_t> groups_ = 0, written_bytes_ = 0, syncs_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::vector<Append>> queue_;  // guarded by mutex_
  bool stopping_ = false;                  // guarded by mutex_
  std::thread thread_;                     // last: starts when the rest is ready
};

}  // namespace mq::storage
