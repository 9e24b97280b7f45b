// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/output.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace mq::cli {
namespace {

constexpr std::size_t parts_max = 16;  // of one write
constexpr std::size_t spare_max = 32;
constexpr auto patience_after_signal = std::chrono::milliseconds(500);

iovec part_of(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};
}

}  // namespace

Output::Output(boost::asio::io_context& loop, int descriptor, Options options)
    : options_(std::move(options)),
      sink_(loop, descriptor),
      waiter_(loop.get_executor()),
      patience_(loop.get_executor()),
      buffer_(new char[options_.buffer_bytes]) {}

bool Output::flush() {
  flushing_ = true;
  push();
  return ok();
}

// ---- gathering ----

void Output::append_large(std::string_view bytes) {
  if (!ok()) return;
  if (bytes.size() >= options_.buffer_bytes / 2) {
    roll();
    queue(write_past_buffer(bytes));
    return;
  }
  const std::size_t room = options_.buffer_bytes - used_;  // full buffers make full pipe pages
  std::copy_n(bytes.begin(), room, buffer_.get() + used_);
  used_ += room;
  roll();
  if (!options_.taken) push();
  append(bytes.substr(room));
}

// What is large goes without being copied when nothing is in front of it; what is left comes back.
std::string_view Output::write_past_buffer(std::string_view bytes) {
  if (options_.taken) return bytes;  // not before its mark is known
  push();
  while (ok() && waiting_.empty() && !bytes.empty()) {
    iovec part = part_of(bytes);
    const ssize_t n = sink_.write({&part, 1}, SIZE_MAX);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) return failed(errno), std::string_view{};
    taken_ += static_cast<std::size_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return bytes;
}

void Output::queue(std::string_view bytes) {
  if (bytes.empty() || !ok()) return;
  Chunk& chunk = waiting_.emplace_back();
  chunk.bytes.reset(new char[bytes.size()]);
  chunk.size = bytes.size();
  std::copy(bytes.begin(), bytes.end(), chunk.bytes.get());
  waiting_bytes_ += bytes.size();
  queued_ = true;
  if (!options_.taken) push();
}

// The buffer joins what waits.
void Output::roll() {
  flushing_ = false;
  if (used_ == 0) return;
  waiting_bytes_ += used_;
  Chunk& chunk = waiting_.emplace_back();
  chunk.size = std::exchange(used_, 0);
  chunk.is_buffer = queued_ = true;
  chunk.bytes = std::move(buffer_);
  if (spare_.empty()) {
    buffer_.reset(new char[options_.buffer_bytes]);
  } else {
    buffer_ = std::move(spare_.back());
    spare_.pop_back();
  }
}

// ---- writing ----

void Output::push() {
  while (ok()) {
    if (waiting_.empty() && flushing_) roll();
    if (waiting_.empty()) break;
    const ssize_t n = write_some();
    if (n >= 0) {
      took(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      if (std::exchange(armed_, true)) return;
      sink_.when_ready([this] {
        armed_ = false;
        push();
      });
      return;
    } else if (errno != EINTR) {
      failed(errno);
    }
  }
  wake();
}

ssize_t Output::write_some() {
  const bool ends_in_buffer = !marks_.empty() && marks_.front().end > taken_ + waiting_bytes_;
  if (ends_in_buffer) roll();
  iovec parts[parts_max];
  std::size_t count = 0;
  for (const Chunk& chunk : waiting_) {
    if (count == parts_max) break;
    parts[count++] = part_of(chunk.rest());
  }
  return sink_.write({parts, count}, whole_records());
}

// How much may be offered to a pipe so that no record is cut: it would belong to two members if its partition
// were taken away then. The first one goes in any case.
std::size_t Output::whole_records() const {
  if (marks_.empty()) return SIZE_MAX;
  const std::size_t bytes_max = sink_.whole_bytes_max();
  if (bytes_max == SIZE_MAX) return bytes_max;
  const std::size_t offered = std::min(bytes_max, waiting_bytes_);
  auto last = std::ranges::upper_bound(marks_, taken_ + offered, {}, &Mark::end);
  if (last != marks_.begin()) --last;
  return last->end - taken_;
}

void Output::took(std::size_t bytes) {
  taken_ += bytes;
  waiting_bytes_ -= bytes;
  while (bytes > 0) {
    Chunk& first = waiting_.front();
    const std::size_t part = std::min(bytes, first.size - first.taken);
    first.taken += part;
    bytes -= part;
    if (first.taken < first.size) break;
    if (first.is_buffer && spare_.size() < spare_max) spare_.push_back(std::move(first.bytes));
    waiting_.pop_front();
  }
  tell();
  if (waiting_bytes_ <= options_.waiting_bytes_max / 2) wake();
}

void Output::failed(int error) {
  const bool reader_has_enough = error == EPIPE || error == ECONNRESET;
  if (reader_has_enough) closed_ = true;
  if (!reader_has_enough) error_ = error;
  waiting_.clear();
  marks_.clear();
  waiting_bytes_ = used_ = 0;
  wake();
}

// ---- whose it is ----

void Output::mark(Source source, client::Offset next) {
  if (!ok()) return;
  marks_.push_back({bytes(), source, next});
  const bool queued = std::exchange(queued_, false);
  if (options_.each_record) {
    flush();
  } else if (queued) {
    push();
  }
  tell();
}

// One word for all records of a source that stand together.
void Output::tell() {
  while (!marks_.empty() && marks_.front().end <= taken_) {
    const Mark mark = marks_.front();
    marks_.pop_front();
    told_ = mark.end;
    const bool more = !marks_.empty() && marks_.front().end <= taken_ && marks_.front().source == mark.source;
    if (!more) options_.taken(mark.source, mark.next);
  }
}

std::optional<Output::Source> Output::cut() const {
  if (marks_.empty() || taken_ <= told_) return std::nullopt;
  return marks_.front().source;
}

void Output::drop(const std::function<bool(Source)>& gone) {
  roll();
  std::string all, kept;
  for (const Chunk& chunk : std::exchange(waiting_, {})) all += chunk.rest();
  bool keeps_first = cut().has_value();
  std::size_t at = taken_;
  for (const Mark& mark : std::exchange(marks_, {})) {
    const std::string_view bytes = std::string_view(all).substr(at - taken_, mark.end - at);
    at = mark.end;
    if (!std::exchange(keeps_first, false) && gone(mark.source)) {
      if (!bytes.empty()) records_--;
      continue;
    }
    kept += bytes;
    marks_.push_back({taken_ + kept.size(), mark.source, mark.next});
  }
  waiting_bytes_ = 0;
  queue(kept);
  flush();
  tell();
}

// ---- waiting ----

client::Task<void> Output::room(client::Time until) {
  if (!flush() || empty()) co_return;
  waiter_.expires_at(until);
  co_await waiter_.async_wait(core::use_result);
}

client::Task<void> Output::drained() {
  while (flush() && !empty()) co_await room(client::Time::max());
}

void Output::give_up() {
  flush();
  patience_.expires_after(patience_after_signal);
  patience_.async_wait([this](core::error_code cancelled) {
    if (!cancelled && ok() && !empty()) failed(EPIPE);  // nobody misses the rest
  });
  wake();
}

bool Output::look_for_reader() {
  if (ok() && !sink_.has_reader()) failed(EPIPE);
  return !closed_;
}

}  // namespace mq::cli
