// SPDX-License-Identifier: Apache-2.0
#include "net/wire.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/endian/conversion.hpp>
#include <cstring>
#include <iterator>
#include <utility>

#include "net/error.h"

namespace mq::net {

namespace {

constexpr std::size_t head_bytes = 12;  // length, key, version, correlation id
constexpr std::size_t correlation_at = 8;
constexpr std::chrono::hours timeout_max{24 * 365};

// The same request with a head of its own that carries the correlation id: memory handed on is not written
// to.
bool number(Pieces& request, std::int32_t correlation) {
  auto head = std::make_shared_for_overwrite<std::byte[]>(head_bytes);
  std::size_t copied = 0, whole = 0;
  for (; copied < head_bytes && whole < request.size() && !request[whole].file; whole++) {
    Piece& piece = request[whole];
    const std::size_t n = std::min(piece.size, head_bytes - copied);
    std::memcpy(head.get() + copied, piece.memory.get(), n);
    copied += n;
    if (n == piece.size) continue;
    piece.memory = {piece.memory, piece.memory.get() + n};
    piece.size -= n;
    break;
  }
  auto* const bytes = reinterpret_cast<unsigned char*>(head.get());
  if (copied < head_bytes) return false;
  request.erase(request.begin(), request.begin() + static_cast<std::ptrdiff_t>(whole));
  if (boost::endian::load_big_u32(bytes) != size_of(request) + head_bytes - 4) return false;

  boost::endian::store_big_s32(bytes + correlation_at, correlation);
  Piece first;
  first.memory = {head, head.get()};
  first.size = head_bytes;
  request.insert(request.begin(), std::move(first));
  return true;
}

}  // namespace

void Wire::Call::finish(Result<Slice> with) {
  if (result) return;
  result = std::move(with);
  done.notify();
}

Wire::Wire(Socket socket, std::size_t answer_bytes_max)
    : stream_(std::move(socket)), timer_(stream_.executor()), frames_(arena_, answer_bytes_max) {}

void Wire::run() {
  asio::co_spawn(stream_.executor(), receive(shared_from_this()), asio::detached);
  asio::co_spawn(stream_.executor(), send_all(shared_from_this()), asio::detached);
}

Task<Result<Slice>> Wire::call(std::shared_ptr<Wire> self, Pieces request, Clock::duration timeout,
                               bool answered) {
  if (self->why_closed_) co_return self->why_closed_;
  auto call = std::make_shared<Call>();
  call->correlation = ++self->last_correlation_ & 0x7fffffff;
  call->deadline = Clock::now() + std::min<Clock::duration>(timeout, timeout_max);
  if (!number(request, call->correlation)) co_return Errc::malformed;

  (answered ? self->calls_ : self->leaving_).push_back(call);
  self->requests_.push_back({std::move(request), answered ? nullptr : call});
  self->look_at_clock_by(call->deadline);
  self->more_.notify();
  while (!call->result) co_await call->done.wait();
  co_return std::move(*call->result);
}

Task<void> Wire::send_all(std::shared_ptr<Wire> self) {
  while (!self->why_closed_) {
    Pieces out;
    std::size_t gone = 0;
    for (auto& requests = self->requests_; !requests.empty() && out.size() < pieces_per_send_max;
         requests.pop_front()) {
      std::move(requests.front().pieces.begin(), requests.front().pieces.end(), std::back_inserter(out));
      if (requests.front().ends) gone++;
    }
    if (out.empty()) {
      co_await self->more_.wait();
      continue;
    }
    const error_code error = co_await self->stream_.send(std::move(out), self->sending_);
    if (error) self->close(error);
    for (; gone > 0 && !self->leaving_.empty(); gone--) {
      self->leaving_.front()->finish(Slice{});
      self->leaving_.pop_front();
    }
  }
}

Task<void> Wire::receive(std::shared_ptr<Wire> self) {
  struct End {  // also when the loop is destroyed under us
    Wire& wire;
    ~End() { wire.close(Errc::closed); }
  } const end{*self};
  while (!self->why_closed_) {
    while (std::optional<Slice> frame = self->frames_.next())
      if (!self->answered(std::move(*frame))) co_return self->close(Errc::malformed);
    if (self->frames_.error()) co_return self->close(self->frames_.error());
    const auto space = self->frames_.space();
    auto [error, bytes] = co_await self->stream_.read_some(space);
    if (error) co_return self->close(error == asio::error::eof ? Errc::closed : error);
    self->frames_.arrived(bytes);
  }
}

// Answers come in the order of the calls; anything else is not the peer we think it is.
bool Wire::answered(Slice frame) {
  if (calls_.empty() || frame.size < 4) return false;
  const auto correlation =
      boost::endian::load_big_s32(reinterpret_cast<const unsigned char*>(frame.data.get()));
  if (correlation != calls_.front()->correlation) return false;
  calls_.front()->finish(std::move(frame));
  calls_.pop_front();
  return true;
}

// One timer for all calls, set to the earliest deadline and not touched by answers: too early is looked at
// again.
void Wire::look_at_clock_by(Clock::time_point deadline) {
  if (why_closed_ || (looks_at_ && *looks_at_ <= deadline)) return;
  looks_at_ = deadline;
  timer_.expires_at(deadline);
  timer_.async_wait([wire = weak_from_this()](error_code cancelled) {
    const auto self = wire.lock();
    if (self && !cancelled) self->look_at_clock();
  });
}

void Wire::look_at_clock() {
  looks_at_.reset();
  auto earliest = Clock::time_point::max();
  for (const auto* waiting : {&calls_, &leaving_})
    for (const auto& call : *waiting) earliest = std::min(earliest, call->deadline);
  if (earliest <= Clock::now()) return close(Errc::timed_out);
  if (earliest != Clock::time_point::max()) look_at_clock_by(earliest);
}

void Wire::close(error_code why) {
  if (why_closed_) return;
  why_closed_ = why;
  stream_.close();
  timer_.cancel();
  requests_.clear();
  for (auto* waiting : {&calls_, &leaving_}) {
    for (auto& call : *waiting) call->finish(why);
    waiting->clear();
  }
  more_.notify();
}

asio::ip::tcp::endpoint Wire::remote() const {
  return stream_.remote();
}

}  // namespace mq::net
