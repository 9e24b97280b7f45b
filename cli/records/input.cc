// SPDX-License-Identifier: Apache-2.0
#include "cli/records/input.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <deque>

namespace mq::cli {
namespace {

using Timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, net::Executor>;
constexpr std::size_t blocks_ahead = 4;

}  // namespace

struct Input::Shared {
  Shared(boost::asio::io_context& on, int from, std::size_t size)
      : loop(on),
        arrived(on.get_executor()),
        descriptor(from),
        block_bytes(size),
        wake(::eventfd(0, EFD_CLOEXEC)) {}
  ~Shared() { ::close(wake); }

  struct Filled {
    std::vector<char> bytes;
    std::size_t size = 0;
    int error = 0;
  };

  boost::asio::io_context& loop;
  Timer arrived;              // on the loop: cancelled when a block is there
  std::deque<Filled> filled;  // on the loop
  Filled current;             // on the loop: what next() gave out
  const int descriptor;
  const std::size_t block_bytes;
  const int wake;

  std::mutex mutex;
  std::condition_variable returned;
  std::vector<std::vector<char>> free;  // guarded
  bool stopped = false;                 // guarded

  void give_back(std::vector<char> block) {
    {
      const std::lock_guard lock(mutex);
      free.push_back(std::move(block));
    }
    returned.notify_one();
  }
};

Input::Input(boost::asio::io_context& loop, int descriptor, std::size_t block_bytes)
    : shared_(std::make_shared<Shared>(loop, descriptor, block_bytes)) {
  for (std::size_t i = 0; i < blocks_ahead; i++) shared_->free.emplace_back();
  thread_ = std::thread(&Input::read, shared_);
}

Input::~Input() {
  stop();
  thread_.join();
}

void Input::stop() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopped = true;
  }
  shared_->returned.notify_one();
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(shared_->wake, &one, sizeof one);
  shared_->arrived.cancel();
}

bool Input::ready() const {
  return !shared_->filled.empty();
}

client::Task<Input::Block> Input::next() {
  auto shared = shared_;
  if (!shared->current.bytes.empty()) shared->give_back(std::exchange(shared->current.bytes, {}));
  while (shared->filled.empty()) {
    {
      const std::lock_guard lock(shared->mutex);
      if (shared->stopped) co_return Block{};
    }
    shared->arrived.expires_at(core::Time::max());
    co_await shared->arrived.async_wait(net::use_result);
  }
  if (shared->filled.front().size == 0)
    co_return Block{{}, shared->filled.front().error};  // the end stays the end
  shared->current = std::move(shared->filled.front());
  shared->filled.pop_front();
  co_return Block{{shared->current.bytes.data(), shared->current.size}, 0};
}

void Input::read(std::shared_ptr<Shared> shared) {
  for (bool more = true; more;) {
    Shared::Filled block;
    {
      std::unique_lock lock(shared->mutex);
      shared->returned.wait(lock, [&] { return shared->stopped || !shared->free.empty(); });
      if (shared->stopped) return;
      block.bytes = std::move(shared->free.back());
      shared->free.pop_back();
    }
    if (block.bytes.empty()) block.bytes.resize(shared->block_bytes);
    pollfd ready[2] = {{shared->descriptor, POLLIN, 0}, {shared->wake, POLLIN, 0}};
    while (::poll(ready, 2, -1) < 0 && errno == EINTR) continue;
    if (ready[1].revents != 0) return;
    ssize_t n = 0;
    do n = ::read(shared->descriptor, block.bytes.data(), block.bytes.size());
    while (n < 0 && (errno == EINTR || errno == EAGAIN));
    block.error = n < 0 ? errno : 0;
    block.size = n > 0 ? static_cast<std::size_t>(n) : 0;
    more = n > 0;
    boost::asio::post(shared->loop, [shared, filled = std::move(block)]() mutable {
      shared->filled.push_back(std::move(filled));
      shared->arrived.cancel();
    });
  }
}

Splitter::Splitter(std::string delimiter, std::size_t record_bytes_max)
    : delimiter_(std::move(delimiter)), record_bytes_max_(record_bytes_max) {}

void Splitter::feed(std::string_view block) {
  block_ = block;
}

// Where the next delimiter begins, counted from the beginning of carry_ + block_.
std::size_t Splitter::find() const {
  const std::size_t overlap = std::min(delimiter_.size() - 1, carry_.size());
  if (overlap > 0) {  // it may lie across the seam
    std::string seam = carry_.substr(carry_.size() - overlap);
    seam.append(block_.substr(0, delimiter_.size() - 1));
    if (const auto at = seam.find(delimiter_); at != seam.npos) return carry_.size() - overlap + at;
  }
  if (delimiter_.size() == 1) {
    const void* at = block_.empty() ? nullptr : std::memchr(block_.data(), delimiter_[0], block_.size());
    return at ? carry_.size() + static_cast<std::size_t>(static_cast<const char*>(at) - block_.data())
              : block_.npos;
  }
  const auto at = block_.find(delimiter_);
  return at == block_.npos ? at : carry_.size() + at;
}

bool Splitter::take(std::size_t length, std::size_t after, Record& record) {
  record = {};
  if (skipping_ || length > record_bytes_max_) {
    record.too_large = true;
  } else if (carry_.empty()) {
    record.bytes = block_.substr(0, length);
  } else {
    whole_ = std::move(carry_);
    if (length > whole_.size()) whole_.append(block_.substr(0, length - whole_.size()));
    whole_.resize(length);
    record.bytes = whole_;
  }
  block_.remove_prefix(std::min(after, block_.size()));
  carry_.clear();
  skipping_ = false;
  return true;
}

bool Splitter::next(Record& record) {
  const std::size_t at = find();
  if (at == block_.npos) return keep(), false;
  return take(at, at + delimiter_.size() - carry_.size(), record);
}

bool Splitter::rest(Record& record) {
  if (carry_.empty() && !skipping_) return false;
  return take(carry_.size(), 0, record);
}

void Splitter::keep() {
  carry_.append(block_);
  block_ = {};
  if (carry_.size() <= record_bytes_max_ + delimiter_.size()) return;
  carry_.erase(0, carry_.size() - delimiter_.size());  // enough to see the delimiter come
  carry_.shrink_to_fit();
  skipping_ = true;
}

}  // namespace mq::cli
