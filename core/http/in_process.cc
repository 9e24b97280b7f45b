// SPDX-License-Identifier: Apache-2.0
#include "core/http/in_process.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/error.h"

namespace mq::http {

namespace {

constexpr std::size_t length_bytes = 4;

bool read_range(int descriptor, std::uint64_t position, std::byte* to, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::pread(descriptor, to, size, static_cast<off_t>(position));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got, position += static_cast<std::uint64_t>(got), size -= static_cast<std::size_t>(got);
  }
  return true;
}

// A frame without its length. Ranges of files are read here, on whatever thread this is.
Result<net::Slice> frame_of(const net::Pieces& pieces) {
  const std::size_t size = net::size_of(pieces);
  if (size < length_bytes) return make_error_code(net::Errc::closed);
  const std::shared_ptr<std::byte[]> bytes(new std::byte[size]);
  std::size_t at = 0;
  for (const net::Piece& piece : pieces) {
    if (!piece.file)
      std::memcpy(bytes.get() + at, piece.memory.get() + piece.position, piece.size);
    else if (!read_range(*piece.file, piece.position, bytes.get() + at, piece.size))
      return make_error_code(boost::system::errc::io_error);
    at += piece.size;
  }
  const net::Slice frame{std::shared_ptr<std::byte>(bytes, bytes.get()), size};
  return frame.part(length_bytes, size - length_bytes);
}

class InProcess final : public net::Client {
 public:
  InProcess(std::shared_ptr<Door> door, std::weak_ptr<net::Handler> handler, std::shared_ptr<net::Peer> peer)
      : door_(std::move(door)), handler_(std::move(handler)), peer_(std::move(peer)) {}

  Task<Result<net::Slice>> call(net::Pieces request, Duration) override {
    const auto frame = frame_of(request);
    if (!frame) co_return make_error_code(net::Errc::malformed);
    if (!open_) co_return make_error_code(net::Errc::closed);
    auto handle = [handler = handler_, peer = peer_, frame = *frame] { return answer(handler, peer, frame); };
    const Result<net::Pieces> answer = co_await door_->run(std::move(handle));
    if (!answer) co_return answer.error();
    co_return frame_of(*answer);
  }

  Task<error_code> send(net::Pieces request) override {
    const auto answered = co_await call(std::move(request), {});
    const bool is_fine = answered || answered.error() == net::Errc::closed;  // there is no answer
    co_return is_fine ? error_code() : answered.error();
  }

  bool open() const override { return open_; }
  void close() override { open_ = false; }
  asio::ip::tcp::endpoint remote() const override { return peer_->local; }

 private:
  static Task<Result<net::Pieces>> answer(std::weak_ptr<net::Handler> handler,
                                          std::shared_ptr<net::Peer> peer, net::Slice frame) {
    const auto alive = handler.lock();
    if (!alive) co_return make_error_code(net::Errc::closed);
    co_return co_await alive->handle(std::move(peer), std::move(frame));
  }

  const std::shared_ptr<Door> door_;
  const std::weak_ptr<net::Handler> handler_;
  const std::shared_ptr<net::Peer> peer_;
  bool open_ = true;
};

}  // namespace

std::shared_ptr<net::Client> connect_in_process(std::shared_ptr<Door> door,
                                                std::weak_ptr<net::Handler> handler,
                                                std::shared_ptr<net::Peer> peer) {
  return std::make_shared<InProcess>(std::move(door), std::move(handler), std::move(peer));
}

}  // namespace mq::http
