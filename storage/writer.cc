// SPDX-License-Identifier: Apache-2.0
#include "storage/writer.h"

#include <algorithm>
#include <array>

#include "storage/error.h"
#include "storage/logger.h"
#include "storage/partition_log.h"

namespace mq::storage {
namespace {

constexpr std::size_t write_bytes_max =
    256u << 10;  // of one pwritev: larger ones take large page-cache folios, at half the rate
constexpr std::size_t copy_bytes_max =
    4096;  // small pieces are copied together: cheaper than a place in the iovec
constexpr std::size_t pieces_max = 64;
constexpr std::size_t room_for_notes = 128;
constexpr std::chrono::seconds note_after{1}, sync_interval{1}, look_interval{1}, forgive_after{60};
constexpr std::uint64_t margin_share =
    8;  // of min_free_bytes, above which a disk that was full is used again
constexpr std::size_t small_group_bytes = 32u << 10, zeros_bytes = 64u << 10, zeros_pieces = 4;
std::byte zeros[zeros_bytes];  // never written to: takes neither space in the binary nor memory

bool is_full(const error_code& error) {
  return error == boost::system::errc::no_space_on_device ||
         error == error_code(EDQUOT, boost::system::system_category());
}

// What comes behind it in its log is numbered as if this had succeeded.
bool is_counted_on(Kind kind) {
  return kind == Kind::batch || kind == Kind::truncate;
}

// Whoever was queued behind it before the loop heard of this is refused, too, but is no refusal of its own.
void refuse(Append& append, const error_code& error) {
  append.error = error;
  if (!append.log) return;
  PartitionLog::Refusals& refusals = append.log->refusals;
  const bool was_known = append.refusals == refusals.count;
  if (is_counted_on(append.kind) && was_known) refusals = {refusals.count + 1, error};
  append.refusals = refusals.count;
}

}  // namespace

Writer::Writer(AppendQueue& queue, SegmentFiles& files, Settings settings, const Position& start,
               Finished finished, Changes changes)
    : queue_(queue),
      files_(files),
      settings_(settings),
      finished_(std::move(finished)),
      changes_(std::move(changes)),
      segment_(start.segment),
      at_(start.end),
      committed_(start.end),
      durable_(start.end),
      records_(start.records),
      previous_(start.previous),
      previous_end_(start.previous_end),
      opened_(Clock::now()),
      thread_([this] { run(); }) {}

Writer::~Writer() {
  stop();
}

void Writer::stop() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

std::pair<std::uint32_t, std::uint64_t> Writer::end() const {
  if (!segment_ || durable_ == 0 || durable_ != at_) return {0, 0};
  return {segment_->number, durable_};
}

void Writer::run() {
  for (;;) {
    auto group = queue_.take(note_due_);
    if (!group) {  // a second has passed, and there is something to be said or synced
      group = std::make_unique<Group>();
      write_note(*group, false);
    } else if (group->appends.empty()) {
      break;
    } else {
      write(*group);
      groups_++;
    }
    finish(std::move(group));
    files_.prepare();  // now, and not while the first producer waits
    activity_ = "nothing";
  }
  auto group = std::make_unique<Group>();
  write_note(*group, true);
}

// Only what was handed over can be sealed: a group does not wait for segments of its own.
void Writer::finish(std::unique_ptr<Group> group) {
  for (std::size_t i = 0; i < group->closed.size(); i++) files_.filled();
  if (!group->appends.empty() || !group->closed.empty()) finished_(std::move(group));
}

void Writer::write(Group& group) {
  look_at_free_space();
  group_++;
  std::size_t unsafe = 0;  // the first append that a failure takes along
  error_code error;
  for (std::size_t i = 0; i < group.appends.size(); i++) {
    Append& append = group.appends[i];
    if (const error_code refused = refusal(append)) {
      refuse(append, refused);
      continue;
    }
    const auto* before = segment_.get();
    if (!error) error = make_room(group, i, record_bytes(append.batch.size));
    if (error == Errc::full || error == Errc::stopped) {
      refuse(append, std::exchange(error, {}));
      unsafe = i + 1;  // what was before lies in a closed segment
      continue;
    }
    if (!error && segment_.get() != before) unsafe = i;
    if (!error) {
      append.position = static_cast<std::uint32_t>(position() + sizeof(Header));
      const Header header{.kind = append.kind, .partition = append.partition, .base = append.base};
      error = put(header, append.batch.bytes());
      records_++;
    }
    if (!error && append.closes) {
      error = close_segment(group);
      if (!error) unsafe = i + 1;
    }
    if (error) return fail(group, unsafe, error);
  }
  if (segment_ && position() > committed_) error = commit();
  if (error) return fail(group, unsafe, error);
  note_due_ = Clock::now() + note_after;
}

// The segment ends where it was last known to be good. Nothing is tried again on this file: fsync reports an
// error once, and the page cache lies afterwards.
void Writer::fail(Group& group, std::size_t first, const error_code& error) {
  const error_code answer = count_failure(error);
  for (std::size_t i = first; i < group.appends.size(); i++)
    if (!group.appends[i].error) refuse(group.appends[i], answer);
  pieces_.clear();
  waiting_ = staged_ = 0;
  note_due_.reset();
  if (!segment_) return;
  group.closed.push_back({segment_, committed_});
  previous_ = segment_->number, previous_end_ = committed_;
  segment_.reset();
}

// A full disk is no broken one: it is looked at again, and does not fence.
error_code Writer::count_failure(const error_code& error) {
  const auto now = Clock::now();
  const std::uint32_t number = segment_ ? segment_->number : 0;
  if (is_full(error)) {
    logger().error("segment {} takes no more: {}; it ends at {}", number, error.message(), committed_);
    refuse_for_space(true, files_.free_bytes());
    looked_ = now;
    return Errc::full;
  }
  const bool again = failed_ && now - *failed_ < forgive_after;
  logger().error("segment {} takes no more: {}; it ends at {}{}", number, error.message(), committed_,
                 again ? "; the second failure within a minute: nothing is written any more" : "");
  failed_ = now;
  if (again) fenced_ = true;
  return Errc::io;
}

void Writer::write_note(Group& group, bool clean) {
  note_due_.reset();
  if (!segment_ || position() == 0 || fenced_) return;
  const error_code synced = settings_.flush == Flush::os && !clean ? error_code{} : sync();
  const Note note{changes_(), clean ? 1u : 0u};
  error_code error = synced ? synced : put(Header{.kind = Kind::note}, bytes_of(note));
  if (!error) error = commit();
  if (!error && clean) error = sync();
  if (error) fail(group, 0, error);
}

error_code Writer::refusal(const Append& append) const {
  if (fenced_) return Errc::fenced;
  if (is_counted_on(append.kind) && append.log && append.refusals != append.log->refusals.count)
    return append.log->refusals.why;
  if (append.kind == Kind::batch && refusing_) return Errc::full;
  return {};
}

void Writer::look_at_free_space() {
  const auto now = Clock::now();
  if (looked_ && now - *looked_ < look_interval) return;
  looked_ = now;
  const std::uint64_t free = files_.free_bytes(), least = settings_.min_free_bytes;
  refuse_for_space(free < least + (refusing_ ? least / margin_share : 0), free);
}

void Writer::refuse_for_space(bool low, std::uint64_t free) {
  if (refusing_.exchange(low) == low) return;
  if (low)
    logger().error("{}: {} bytes are free, below {} or too few for a write: appends are refused",
                   files_.dir.string(), free, settings_.min_free_bytes);
  else
    logger().info("{}: {} bytes are free: appends are taken again", files_.dir.string(), free);
}

// Rolls when the segment is full, or old.
error_code Writer::make_room(Group& group, std::size_t index, std::size_t bytes) {
  if (segment_ && position() > 0) {
    const bool full =
        position() + bytes + room_for_notes > segment_->size || records_ >= settings_.segment_records_max;
    const bool old = Clock::now() - opened_ >= settings_.segment_age_max;
    if (!full && !old) {
      if (group.parts.empty()) group.parts.push_back({index, segment_});
      return {};
    }
    if (const error_code error = close_segment(group)) return error;
  }
  if (!segment_) {
    const auto now = Clock::now();
    if (took_nothing_ && now - *took_nothing_ < look_interval) return Errc::full;
    took_nothing_.reset();
    activity_ = "waits for a new segment";
    auto next = files_.take();
    if (!next) {
      took_nothing_ = now;
      return next.error() == Errc::stopped ? next.error() : Errc::full;
    }
    segment_ = std::move(*next);
    at_ = committed_ = durable_ = 0;
    looked_.reset();  // a file has just been made: the disk may be full by now
  }
  if (group.parts.empty() || group.parts.back().segment != segment_) group.parts.push_back({index, segment_});
  return position() > 0 ? error_code{} : open_segment();
}

error_code Writer::close_segment(Group& group) {
  error_code error = flush();
  if (!error) error = sync();
  if (error) return error;
  group.closed.push_back({segment_, at_});
  previous_ = segment_->number, previous_end_ = at_;
  segment_.reset();
  return {};
}

error_code Writer::open_segment() {
  opened_ = Clock::now();
  records_ = 0;
  zeroed_ = 0;
  const Begin begin{segment_->seed, previous_, previous_end_, changes_()};
  return put(Header{.kind = Kind::begin, .base = static_cast<Offset>(segment_->size)}, bytes_of(begin));
}

error_code Writer::put(Header header, Bytes payload) {
  header.segment = segment_->number;
  header.length = static_cast<std::uint32_t>(payload.size());
  header.group = group_;
  header.durable = durable_;
  header.crc = header_crc(header, payload.first(covered_bytes(header)), segment_->seed);
  error_code error = add(bytes_of(header));
  if (!error) error = add(payload);
  if (!error) error = add(Bytes(zeros).first(padding(payload.size())));
  return error;
}

// `bytes` of more than a page stay where they are until they are written.
error_code Writer::add(Bytes bytes) {
  if (!staging_) staging_.reset(new std::byte[write_bytes_max]);
  while (!bytes.empty()) {
    const Bytes some = bytes.first(std::min(bytes.size(), write_bytes_max - waiting_));
    auto* data = const_cast<std::byte*>(some.data());
    if (some.size() <= copy_bytes_max) {
      data = staging_.get() + staged_;
      std::memcpy(data, some.data(), some.size());
      staged_ += some.size();
    }
    const bool behind =
        !pieces_.empty() && static_cast<std::byte*>(pieces_.back().iov_base) + pieces_.back().iov_len == data;
    if (behind)
      pieces_.back().iov_len += some.size();
    else
      pieces_.push_back({data, some.size()});
    waiting_ += some.size();
    bytes = bytes.subspan(some.size());
    if (waiting_ < write_bytes_max && pieces_.size() < pieces_max) continue;
    if (const error_code error = flush()) return error;
  }
  return {};
}

error_code Writer::flush() {
  if (pieces_.empty()) return {};
  activity_ = "writes";
  const error_code error = segment_->file->write(pieces_, at_);
  if (error) return error;
  written_bytes_ += waiting_;
  at_ += waiting_;
  waiting_ = staged_ = 0;
  pieces_.clear();
  return {};
}

// The sync of a block that was only preallocated makes the file system note that it has become data: another
// write, and another wait. So who waits for small groups gets blocks that were written before, many at a
// time.
error_code Writer::zero_ahead() {
  if (at_ <= zeroed_) return {};
  std::array<iovec, zeros_pieces> pieces;
  std::uint64_t end = at_;
  for (iovec& piece : pieces) {
    piece = {zeros, std::min<std::uint64_t>(zeros_bytes, segment_->size - end)};
    end += piece.iov_len;
  }
  const error_code error = segment_->file->write(pieces, at_);
  if (!error) zeroed_ = end;
  return error;
}

error_code Writer::commit() {
  const bool small = position() - committed_ <= small_group_bytes;
  if (const error_code error = flush()) return error;
  if (small && settings_.flush == Flush::sync)
    if (const error_code error = zero_ahead()) return error;
  const bool due = settings_.flush == Flush::sync ||
                   (settings_.flush == Flush::interval && Clock::now() - synced_ >= sync_interval);
  if (due)
    if (const error_code error = sync()) return error;
  committed_ = at_;
  return {};
}

error_code Writer::sync() {
  if (durable_ == at_) return {};
  activity_ = "syncs";
  if (const error_code error = segment_->file->sync()) return error;
  syncs_++;
  durable_ = committed_ = at_;
  synced_ = Clock::now();
  return {};
}

}  // namespace mq::storage
