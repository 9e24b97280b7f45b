// SPDX-License-Identifier: Apache-2.0
// What reading sealed segments into a socket costs beside sendfile of a plain file into the same socket.
//
//   read_bench [DIR=.] [MIB=1024] [ROUNDS=5]      DIR/read_bench.tmp is made and removed
//
// Everything comes from the page cache; the other end of the socket is a thread that throws it away. Rounds
// alternate; medians and their ratio are printed.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/endian/conversion.hpp>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "storage/crc32c.h"
#include "storage/journal.h"

namespace {

namespace storage = mq::storage;
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t answer_bytes = 1u << 20;

void check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "read_bench: %s\n", what);
  std::abort();
}

// A TCP connection to ourselves, and who reads it.
class Sink {
 public:
  Sink() {
    const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* at = reinterpret_cast<sockaddr*>(&address);
    check(::bind(listening, at, size) == 0 && ::listen(listening, 1) == 0, "listen");
    check(::getsockname(listening, at, &size) == 0, "getsockname");
    in_ = ::socket(AF_INET, SOCK_STREAM, 0);
    check(::connect(in_, at, size) == 0, "connect");
    out_ = ::accept(listening, nullptr, nullptr);
    ::close(listening);
    reader_ = std::thread([this] {
      std::vector<char> into(256u << 10);
      while (::recv(out_, into.data(), into.size(), 0) > 0) {
      }
    });
  }
  ~Sink() {
    ::close(in_);
    reader_.join();
    ::close(out_);
  }
  void send_file(int file, std::uint64_t position, std::size_t size) {
    auto at = static_cast<off_t>(position);
    for (const auto end = at + static_cast<off_t>(size); at < end;)
      check(::sendfile(in_, file, &at, static_cast<std::size_t>(end - at)) > 0, "sendfile");
  }
  void send_memory(const std::byte* memory, std::size_t size) {
    check(::send(in_, memory, size, 0) == static_cast<ssize_t>(size), "send");
  }

 private:
  int in_ = -1, out_ = -1;
  std::thread reader_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double rate(std::size_t bytes, Clock::time_point since) {
  return static_cast<double>(bytes) / std::chrono::duration<double>(Clock::now() - since).count();
}

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

storage::Task<void> send_all(std::shared_ptr<storage::Log> log, Sink& sink, std::size_t& bytes, bool& done) {
  for (storage::Offset at = log->start(); at < log->end();) {
    const auto read = co_await log->read(at, answer_bytes);
    check(read.has_value() && read->size > 0, "read");
    for (const storage::Piece& piece : read->pieces)
      if (piece.file)
        sink.send_file(*piece.file, piece.position, piece.size);
      else
        sink.send_memory(piece.memory.get(), piece.size);
    bytes += read->size;
    at = read->next;
  }
  done = true;
}

double through_journal(asio::io_context& loop, const std::shared_ptr<storage::Log>& log, Sink& sink) {
  std::size_t bytes = 0;
  bool done = false;
  const auto began = Clock::now();
  asio::co_spawn(loop, send_all(log, sink, bytes, done), asio::detached);
  while (!done) {
    loop.restart();
    loop.run_one();
  }
  return rate(bytes, began);
}

double plain(int file, std::size_t size, Sink& sink) {
  const auto began = Clock::now();
  for (std::size_t at = 0; at < size; at += answer_bytes)
    sink.send_file(file, at, std::min(answer_bytes, size - at));
  return rate(size, began);
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

  Sink sink;
  std::vector<double> ours, theirs;
  for (int round = 0; round < rounds; round++) {
    ours.push_back(through_journal(loop, log, sink));
    theirs.push_back(plain(file, mib << 20, sink));
  }
  const double mine = median(ours), bare = median(theirs);
  std::printf("sealed batches of %4zu KiB into a socket   %5.0f MB/s, plain file %5.0f: %.2f\n",
              batch_bytes >> 10, mine / 1e6, bare / 1e6, mine / bare);
  std::fflush(stdout);
  ::close(file);
}

}  // namespace

int main(int argc, char** argv) {
  const auto scratch = storage::Path(argc > 1 ? argv[1] : ".") / "read_bench.tmp";
  const std::size_t mib = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1024;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  for (const std::size_t batch_kib : {16, 32, 1000}) {
    std::filesystem::remove_all(scratch);
    std::filesystem::create_directories(scratch);
    compare(scratch, batch_kib << 10, mib, rounds);
  }
  std::filesystem::remove_all(scratch);
}
