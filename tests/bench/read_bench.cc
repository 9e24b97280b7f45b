// SPDX-License-Identifier: Apache-2.0
// What reading sealed segments into a socket costs beside sendfile of a plain file into the same socket.
//
//   read_bench [DIR=.] [MIB=256] [ROUNDS=61]      DIR/read_bench.tmp is made and removed
//
// Everything comes from the page cache; the other end of the socket is a thread that throws it away. Both
// alternate, and what counts is the time that all rounds took: whether sender and receiver put each other to
// sleep changes the plain file's rate by a factor of four from one round to the next, which leaves a median
// to chance. Printed too: each one's slowest and fastest tenth.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/endian/conversion.hpp>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <thread>

#include "net/socket.h"
#include "storage/crc32c.h"
#include "storage/journal.h"

namespace {

namespace net = mq::net;
namespace storage = mq::storage;
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t answer_bytes = 1u << 20;

void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "read_bench: %s\n", what);
  std::abort();
}

// A TCP connection to ourselves, written to as a broker does, and who reads it.
class Sink {
 public:
  explicit Sink(asio::io_context& loop) : in_(loop) {
    asio::ip::tcp::acceptor listening(loop, {asio::ip::address_v4::loopback(), 0});
    in_.connect(listening.local_endpoint());
    check(!net::prepare(in_), "prepare");
    out_ = ::accept(listening.native_handle(), nullptr, nullptr);
    check(out_ >= 0, "accept");
    reader_ = std::thread([this] {
      std::vector<char> into(256u << 10);
      while (::recv(out_, into.data(), into.size(), 0) > 0) {
      }
    });
  }
  ~Sink() {
    in_.close();
    reader_.join();
    ::close(out_);
  }
  net::Task<void> send(net::Pieces pieces) {
    const net::error_code error = co_await net::send(in_, std::move(pieces), progress_);
    check(!error, "send");
  }

 private:
  net::Socket in_;
  net::Progress progress_;
  int out_ = -1;
  std::thread reader_;
};

// What the rounds of one of the two took.
struct Times {
  std::vector<double> seconds;
  std::size_t bytes;  // of a round

  double all() const { return std::accumulate(seconds.begin(), seconds.end(), 0.0); }
  double megabytes_per_s() const { return mb_per_s(all() / static_cast<double>(seconds.size())); }
  // The rate that this share of the rounds did not reach.
  double below(double share) const {
    std::vector<double> sorted = seconds;
    std::sort(sorted.rbegin(), sorted.rend());
    return mb_per_s(sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))]);
  }
  double mb_per_s(double s) const { return static_cast<double>(bytes) / s / 1e6; }
};

std::shared_ptr<const std::byte> batch_memory(std::size_t size) {
  const std::shared_ptr<unsigned char[]> memory(new unsigned char[size]());
  boost::endian::store_big_u32(memory.get() + 8, static_cast<std::uint32_t>(size - 12));
  memory[16] = 2;
  const auto covered = std::as_bytes(std::span(memory.get(), size)).subspan(21);
  boost::endian::store_big_u32(memory.get() + 17, storage::crc32c(covered));
  return {memory, reinterpret_cast<const std::byte*>(memory.get())};
}

void fill(asio::io_context& loop, storage::Log& log, std::size_t batch_bytes, std::size_t bytes) {
  const auto memory = batch_memory(batch_bytes);
  const std::size_t count = bytes / batch_bytes, at_once = std::max<std::size_t>(1, (1u << 20) / batch_bytes);
  std::size_t answered = 0;
  for (std::size_t sent = 0; sent < count;) {
    for (std::size_t k = 0; k < at_once; k++, sent++) {
      const auto offset = static_cast<storage::Offset>(sent);
      const storage::Batch batch{memory, batch_bytes, offset, offset, 1000};
      log.append(batch, [&](storage::error_code error) {
        check(!error, "append");
        answered++;
      });
    }
    while (answered < sent) loop.run_one();
    loop.restart();
  }
}

net::Task<void> send_log(std::shared_ptr<storage::Log> log, Sink& sink, bool& done) {
  for (storage::Offset at = log->start(); at < log->end();) {
    auto read = co_await log->read(at, answer_bytes);
    check(read.has_value() && read->size > 0, "read");
    net::Pieces pieces;
    for (storage::Piece& p : read->pieces)
      pieces.push_back({std::move(p.memory), std::move(p.file), p.position, p.size});
    co_await sink.send(std::move(pieces));
    at = read->next;
  }
  done = true;
}

net::Task<void> send_file(int file, std::size_t size, Sink& sink, bool& done) {
  const auto shared = std::make_shared<const int>(file);
  for (std::size_t at = 0; at < size; at += answer_bytes) {
    net::Pieces pieces;
    pieces.push_back({nullptr, shared, at, std::min(answer_bytes, size - at)});
    co_await sink.send(std::move(pieces));
  }
  done = true;
}

double seconds(asio::io_context& loop, net::Task<void> sending, const bool& done) {
  const auto began = Clock::now();
  asio::co_spawn(loop, std::move(sending), asio::detached);
  while (!done) {
    loop.restart();
    loop.run_one();
  }
  return std::chrono::duration<double>(Clock::now() - began).count();
}

int plain_file(const storage::Path& path, std::size_t size) {
  const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_TRUNC, 0600);
  check(file >= 0 && ::fallocate(file, 0, 0, static_cast<off_t>(size)) == 0, "plain file");
  const std::vector<std::byte> zeros(256u << 10);
  for (std::size_t at = 0; at < size; at += zeros.size())
    check(::pwrite(file, zeros.data(), zeros.size(), static_cast<off_t>(at)) > 0, "pwrite");
  return file;
}

void compare(const storage::Path& scratch, std::size_t batch_bytes, std::size_t mib, int rounds) {
  asio::io_context loop{1};
  storage::JournalOptions options;
  options.data = scratch / "data";
  options.tail_bytes = 0;
  auto journal = storage::Journal::open(storage::real_files(), loop, options);
  check(journal.has_value(), "open");
  const auto log = (*journal)->log(1);
  fill(loop, *log, batch_bytes, mib << 20);
  const int file = plain_file(scratch / "plain", mib << 20);

  Sink sink(loop);
  Times ours{{}, mib << 20}, theirs{{}, mib << 20};
  for (int round = 0; round < rounds; round++) {
    bool log_sent = false, file_sent = false;
    ours.seconds.push_back(seconds(loop, send_log(log, sink, log_sent), log_sent));
    theirs.seconds.push_back(seconds(loop, send_file(file, mib << 20, sink, file_sent), file_sent));
  }
  std::printf(
      "sealed batches of %4zu KiB into a socket   %5.0f MB/s (%.0f to %.0f), plain file %5.0f (%.0f to "
      "%.0f): %.2f\n",
      batch_bytes >> 10, ours.megabytes_per_s(), ours.below(0.1), ours.below(0.9), theirs.megabytes_per_s(),
      theirs.below(0.1), theirs.below(0.9), theirs.all() / ours.all());
  std::fflush(stdout);
  ::close(file);
}

}  // namespace

int main(int argc, char** argv) {
  const auto scratch = storage::Path(argc > 1 ? argv[1] : ".") / "read_bench.tmp";
  const std::size_t mib = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 256;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 61;
  for (const std::size_t batch_kib : {16, 32, 1000}) {
    std::filesystem::remove_all(scratch);
    std::filesystem::create_directories(scratch);
    compare(scratch, batch_kib << 10, mib, rounds);
  }
  std::filesystem::remove_all(scratch);
}
