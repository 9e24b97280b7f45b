// SPDX-License-Identifier: Apache-2.0
// One thread, the only one that writes and syncs the journal: takes everything that waits in the queue,
// writes it behind each other, syncs once, and hands the whole group back. While a sync runs, the next group
// gathers. With nothing to do it sleeps.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "storage/append_queue.h"
#include "storage/journal.h"

namespace mq::storage {

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

  Writer(AppendQueue& queue, SegmentFiles& files, Settings settings, const Position& start, Finished finished,
         Changes changes);
  ~Writer();

  void stop();  // closes the queue, writes what waits in it and a closing note; joins

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

  AppendQueue& queue_;
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

  std::thread thread_;  // last: starts when the rest is ready
};

}  // namespace mq::storage
