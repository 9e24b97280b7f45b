// SPDX-License-Identifier: Apache-2.0
#include "net/connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <string>
#include <utility>

#include "net/error.h"

namespace mq::net {

namespace {

constexpr std::size_t good_piece_bytes = 64u << 10;

// What peers do all day is not worth a line.
bool ordinary(error_code why) {
  return why == Errc::closed || why == Errc::idle || why == asio::error::eof ||
         why == asio::error::connection_reset || why == asio::error::broken_pipe ||
         why == asio::error::operation_aborted;
}

std::string reason(error_code why) {
  if (why == Errc::looks_like_tls) return "TLS client on a plaintext port";
  if (why == Errc::looks_like_http) return "HTTP client on a Kafka port";
  return why.message();
}

std::size_t in_memory(const Pieces& pieces) {
  std::size_t sum = 0;
  for (const Piece& piece : pieces)
    if (!piece.file) sum += piece.size;
  return sum;
}

}  // namespace

bool Patience::lost(const Progress& now, Clock::duration look_every, Clock::duration limit) {
  const bool moved = now.unit != before_.unit || now.bytes >= before_.bytes + good_piece_bytes;
  if (!now.waiting || moved || !before_.waiting) {
    before_ = now, unmoved_ = 0;
    return false;
  }
  return ++unmoved_ * look_every >= limit;
}

Connection::Connection(Socket socket, std::shared_ptr<Peer> peer, std::shared_ptr<Connections> all)
    : stream_(std::move(socket)),
      peer_(std::move(peer)),
      all_(std::move(all)),
      frames_(all_->arena, all_->limits.request_bytes_max) {
  peer_->socket = stream_.descriptor();
}

Task<void> Connection::serve(std::shared_ptr<Connection> self) {
  struct End {  // also when the loop is destroyed under us
    Connection& connection;
    ~End() { connection.close(Errc::closed); }
  } const end{*self};
  self->all_->joined(*self);
  asio::co_spawn(self->stream_.executor(), answer(self), asio::detached);
  const error_code why = co_await self->read();
  self->close(why);
}

Task<error_code> Connection::read() {
  for (;;) {
    auto turn_began = Clock::now();
    while (std::optional<Slice> frame = frames_.next()) {
      active_ = turn_began;
      if (Clock::now() - turn_began >= all_->limits.turn_max) {
        ready_.resume();
        co_await asio::post(stream_.executor(), use);  // behind what others have ready
        if (closed_) co_return Errc::closed;
        turn_began = Clock::now();
      }
      const bool overlaps = all_->handler.overlaps(frame->bytes());
      if (must_wait(overlaps)) {
        ready_.resume();
        co_await wait_for_earlier(overlaps);
        if (closed_) co_return Errc::closed;
        turn_began = Clock::now();
      }
      start(std::move(*frame), overlaps);
      if (crowded(0)) {
        ready_.resume();
        co_await room(0);
      }
      if (closed_) co_return Errc::closed;
    }
    ready_.resume();
    if (closed_) co_return Errc::closed;
    if (frames_.error()) co_return frames_.error();
    if (frames_.partial_bytes() > reserved_bytes_) {
      const error_code refused = co_await reserve();
      if (refused) co_return refused;
    }

    receiving_.waiting = frames_.partial();
    if (receiving_.waiting) all_->watch();
    const auto space = frames_.space();
    auto [error, bytes] = co_await stream_.read_some(space);
    receiving_.waiting = false;
    if (error) co_return error;

    frames_.arrived(bytes);
    receiving_.bytes += bytes;
    all_->stats.bytes_in += bytes;
    if (crowded(0)) co_await room(0);
    if (closed_) co_return Errc::closed;
  }
}

// Memory for the frame on its way. It waits for the first of it, and then goes on to its end: if everybody
// waited in the middle, nobody would ever let go.
Task<error_code> Connection::reserve() {
  const std::size_t more = frames_.partial_bytes() - reserved_bytes_;
  if (reserved_bytes_ == 0)
    co_await room(more);
  else if (!all_->fits(more, reserved_bytes_))
    co_return Errc::no_memory;
  if (closed_) co_return Errc::closed;
  all_->hold(more);
  reserved_bytes_ += more;
  co_return error_code{};
}

bool Connection::crowded(std::size_t bytes) const {
  const Limits& limits = all_->limits;
  return failed_ || in_flight_bytes_ >= limits.in_flight_bytes_max ||
         slots_.size() >= limits.in_flight_requests_max || unsent_bytes_ >= limits.answer_bytes_max ||
         !all_->fits(bytes, reserved_bytes_);
}

Task<void> Connection::room(std::size_t bytes) {
  while (!closed_ && crowded(bytes)) {
    if (!all_->fits(bytes, reserved_bytes_)) all_->wake_when_released({shared_from_this(), &room_});
    co_await room_.wait();
  }
}

bool Connection::must_wait(bool overlaps) const {
  return running_ > 0 && !(overlaps && overlapping_);
}

// The order of the protocol: a request sees what those before it on its connection did.
Task<void> Connection::wait_for_earlier(bool overlaps) {
  while (!closed_ && (failed_ || must_wait(overlaps))) co_await room_.wait();
}

void Connection::start(Slice frame, bool overlaps) {
  all_->stats.frames++;
  running_++;
  overlapping_ = overlaps;
  receiving_.unit++;
  all_->hold(frame.size);
  all_->release(std::exchange(reserved_bytes_, 0));
  in_flight_bytes_ += frame.size;
  auto slot = std::make_shared<Slot>();
  slot->request_bytes = frame.size;
  slots_.push_back(slot);
  Work work{std::move(slot), std::move(frame)};
  starting_ = true;
  if (runner_.waited_for()) {
    next_ = std::move(work);
    runner_.resume();
  } else {
    asio::co_spawn(stream_.executor(), run(shared_from_this(), std::move(work)), asio::detached);
  }
  starting_ = false;
}

// One of them waits for the next request: a coroutine that ends costs a turn of the loop.
Task<void> Connection::run(std::shared_ptr<Connection> self, Work work) {
  for (;;) {
    try {
      Result<Pieces> answer = co_await self->all_->handler.handle(self->peer_, std::move(work.frame));
      self->finish(*work.slot, std::move(answer));
    } catch (const std::exception& bug) {
      self->all_->say(*self->peer_, std::string("a request threw: ") + bug.what());
      self->finish(*work.slot, Errc::closed);
    }
    work = {};
    if (self->closed_ || self->runner_.waited_for()) co_return;
    co_await self->runner_.wait();
    if (self->closed_) co_return;
    work = std::move(self->next_);
  }
}

void Connection::finish(Slot& slot, Result<Pieces> answer) {
  running_--;
  all_->release(slot.request_bytes);
  if (closed_) return;
  if (answer)
    unsent_bytes_ += slot.answer_bytes = in_memory(*answer);
  else
    failed_ = true;
  slot.answer = std::move(answer);
  if (slots_.front()->answer && !starting_) ready_.notify();
  if (running_ == 0) room_.notify();
}

Task<void> Connection::answer(std::shared_ptr<Connection> self) {
  while (!self->closed_) {
    std::size_t bytes = 0;
    Pieces out = self->take_ready(bytes);
    self->room_.notify();
    if (!out.empty()) {
      self->all_->watch();
      const std::uint64_t before = self->sending_.bytes;
      const error_code error = co_await self->stream_.send(std::move(out), self->sending_);
      self->all_->stats.bytes_out += self->sending_.bytes - before;
      self->unsent_bytes_ -= bytes;
      self->active_ = Clock::now();
      if (error) self->close(error);
    } else if (!self->slots_.empty() && self->slots_.front()->answer) {
      self->close(self->slots_.front()->answer->error());
    } else {
      co_await self->ready_.wait();
    }
  }
}

// The answers at the head of the line, as far as they are ready; stops at one that failed.
Pieces Connection::take_ready(std::size_t& bytes) {
  Pieces out;
  while (!slots_.empty() && slots_.front()->answer && out.size() < pieces_per_send_max) {
    Slot& slot = *slots_.front();
    if (!*slot.answer) break;
    in_flight_bytes_ -= slot.request_bytes;
    bytes += slot.answer_bytes;
    std::move((*slot.answer)->begin(), (*slot.answer)->end(), std::back_inserter(out));
    slots_.pop_front();
  }
  return out;
}

bool Connection::lost_patience(Clock::duration look_every) {
  const Limits& limits = all_->limits;
  const bool frame = for_frame_.lost(receiving_, look_every, limits.frame_stalled_max);
  const bool send = for_send_.lost(sending_, look_every, limits.send_stalled_max);
  return frame || send;
}

Clock::time_point Connection::idle_until(Clock::time_point now) const {
  const bool at_work = !slots_.empty() || sending_.waiting;
  return (at_work ? now : active_) + all_->limits.idle_max;
}

void Connection::close(error_code why) {
  if (std::exchange(closed_, true)) return;
  if (!ordinary(why)) {
    all_->stats.broken++;
    all_->say(*peer_, "closed: " + reason(why));
  }
  peer_->gone = true;
  peer_->socket = -1;
  if (const auto tell = std::exchange(peer_->when_gone, nullptr)) tell();
  stream_.close();
  slots_.clear();
  all_->release(std::exchange(reserved_bytes_, 0));
  all_->left(*this);
  ready_.notify();
  room_.notify();
  runner_.notify();
}

}  // namespace mq::net
