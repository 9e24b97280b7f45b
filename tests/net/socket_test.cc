// SPDX-License-Identifier: Apache-2.0
#include "net/socket.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "tests/net/support/sockets.h"

namespace mq::net {
namespace {

struct SocketTest : Sockets {};

std::shared_ptr<const int> file_with(const std::string& content) {
  char path[] = "/tmp/mq-net-test-XXXXXX";
  const int descriptor = ::mkstemp(path);
  ::unlink(path);
  EXPECT_EQ(::write(descriptor, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  return {new int(descriptor), [](const int* d) {
            ::close(*d);
            delete d;
          }};
}

TEST_F(SocketTest, SendsRangesOfFilesBetweenMemory) {
  const std::string content = pattern(9u << 20);
  const auto file = file_with(content);
  const auto range = [&](std::uint64_t position, std::size_t size) {
    return Piece{nullptr, file, position, size};
  };
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("give"));
  until([&] { return parking.seen.size() == 1; });
  parking.seen[0]->say(Pieces{piece_of("head"), piece_of(""), range(0, 0), range(1000, 8u << 20),
                              piece_of("middle"), piece_of("dle"), range(5, 7), range(1u << 20, 100'000),
                              piece_of("tail")});
  const std::string expected = "head" + content.substr(1000, 8u << 20) + "middledle" + content.substr(5, 7) +
                               content.substr(1u << 20, 100'000) + "tail";
  EXPECT_TRUE(read(client, expected.size()) == expected);
}

TEST_F(SocketTest, ClosesWhenAFileIsShorterThanItsPiece) {
  const auto file = file_with("short");
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("give"));
  until([&] { return parking.seen.size() == 1; });
  parking.seen[0]->say(Pieces{piece_of("head"), Piece{nullptr, file, 0, 100}});
  EXPECT_EQ(read(client, 100), "");
}

TEST_F(SocketTest, SendsWhatThereIsOfALargeRangeThatIsTooLong) {
  const std::string content = pattern(40u << 10);
  const auto file = file_with(content);
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("give"));
  until([&] { return parking.seen.size() == 1; });
  parking.seen[0]->say(Pieces{piece_of("head"), Piece{nullptr, file, 0, content.size() + 1}});
  EXPECT_TRUE(read(client, content.size() + 100) == "head" + content);
}

// Batches of one partition between those of others, with their heads and what the answer says of them. More
// than the buffers of two sockets hold, so that many are sent in parts.
TEST_F(SocketTest, GathersSmallRangesOfFilesWhateverLiesBetweenThem) {
  const std::string content = pattern(9u << 20);
  const std::shared_ptr<const int> files[] = {file_with(content), file_with(content)};
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Pieces pieces;
  std::string expected;
  for (std::uint64_t at = 0; expected.size() < (32u << 20); at %= content.size() - 100'000) {
    const std::size_t size = random() % 40'000;
    pieces.push_back({nullptr, files[random() % 8 == 0], at, size});
    expected += content.substr(at, size);
    at += size + (random() % 4 == 0 ? random() % 20'000 : random() % 3 * 40);
    if (random() % 4 > 0) continue;
    pieces.push_back(piece_of("between"));
    expected += "between";
    if (random() % 4 == 0) at -= std::min<std::uint64_t>(at, 50'000);
  }
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("give"));
  until([&] { return parking.seen.size() == 1; });
  parking.seen[0]->say(std::move(pieces));
  EXPECT_TRUE(read(client, expected.size()) == expected);
}

}  // namespace
}  // namespace mq::net
