// SPDX-License-Identifier: Apache-2.0
#include "net/frames.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "net/error.h"
#include "tests/net/support/sockets.h"

namespace mq::net {
namespace {

constexpr std::size_t limit = 100u << 20;

class Stream {
 public:
  explicit Stream(std::size_t frame_bytes_max = limit) : frames(arena, frame_bytes_max) {}

  // As a socket would fill it: as much as there is space, as often as needed.
  void feed(std::string_view bytes) {
    while (!bytes.empty() && !frames.error()) {
      std::size_t put = 0;
      for (const asio::mutable_buffer& space : frames.space()) {
        const std::size_t n = std::min(space.size(), bytes.size());
        if (n > 0) std::memcpy(space.data(), bytes.data(), n);
        bytes.remove_prefix(n), put += n;
      }
      ASSERT_GT(put, 0u);
      frames.arrived(put);
      while (auto frame = frames.next()) got.push_back(bytes_of(*frame));
    }
  }

  Arena arena{Slabs::of_process()};
  Frames frames;
  std::vector<std::string> got;
};

TEST(Frames, MayBeSplitAtEveryByte) {
  const std::vector<std::string> bodies{"", "a", pattern(3000), pattern(9000), "end"};
  std::string bytes;
  for (const auto& body : bodies) bytes += framed(body);
  for (std::size_t cut = 0; cut <= bytes.size(); cut++) {
    Stream stream;
    stream.feed(std::string_view(bytes).substr(0, cut));
    stream.feed(std::string_view(bytes).substr(cut));
    ASSERT_EQ(stream.got, bodies) << "cut at " << cut;
    ASSERT_FALSE(stream.frames.partial());
  }
}

TEST(Frames, MayComeByteByByte) {
  const std::string body = pattern(5000);
  Stream stream;
  for (const char byte : framed(body) + framed("x")) stream.feed({&byte, 1});
  EXPECT_EQ(stream.got, (std::vector<std::string>{body, "x"}));
}

TEST(Frames, AreWholeWhateverTheirSizesAndTheStepsTheyComeIn) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  std::vector<std::string> bodies;
  std::string bytes;
  for (const std::size_t size_max : {10u, 1100u, 5000u, 70'000u, 5u << 20, 20u << 20})
    for (int i = 0; i < 4; i++) {
      bodies.push_back(pattern(random() % size_max, random()));
      bytes += framed(bodies.back());
    }
  Stream stream;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::size_t n = std::min<std::size_t>(rest.size(), 1 + random() % (random() % 2 ? 100 : 1 << 20));
    stream.feed(rest.substr(0, n));
    rest.remove_prefix(n);
  }
  EXPECT_TRUE(stream.got == bodies);
}

TEST(Frames, TakeMemoryForWhatHasComeAndNotForWhatIsClaimed) {
  Stream stream;
  stream.feed(length_of(limit));
  EXPECT_LE(stream.frames.partial_bytes(), slab_bytes);
  stream.feed(pattern(5u << 20));
  EXPECT_LE(stream.frames.partial_bytes(), 2 * (5u << 20));
  EXPECT_TRUE(stream.got.empty());
}

TEST(Frames, OfTheLargestSizeAreAllowedAndOneByteMoreIsNot) {
  Stream stream(1000);
  stream.feed(framed(pattern(1000)));
  EXPECT_EQ(stream.got.size(), 1u);
  stream.feed(length_of(1001));
  EXPECT_EQ(stream.frames.error(), Errc::too_large);
}

TEST(Frames, OfNegativeLengthAreMalformed) {
  Stream stream;
  stream.feed("\xff\xff\xff\xff");
  EXPECT_EQ(stream.frames.error(), Errc::malformed);
}

TEST(Frames, TellTlsAndHttpFromKafka) {
  const std::vector<std::pair<std::string, Errc>> greetings{
      {std::string("\x16\x03\x01\x02\x00", 5), Errc::looks_like_tls},
      {std::string("\x15\x03\x03\x00\x02", 5), Errc::looks_like_tls},
      {"GET / HTTP/1.1\r\n", Errc::looks_like_http},
      {"POST /", Errc::looks_like_http},
      {"HTTP/1.1 400", Errc::looks_like_http},
      {"SSH-2.0", Errc::too_large}};
  for (const auto& [bytes, looks] : greetings) {
    Stream stream;
    stream.feed(bytes);
    EXPECT_EQ(stream.frames.error(), looks) << bytes;
    EXPECT_TRUE(stream.got.empty());
  }
}

TEST(Frames, ThatAreSmallDoNotKeepASlab) {
  const auto slabs = std::make_shared<Slabs>();
  Arena arena(slabs);
  const Slice large = arena.take(100'000);
  const Slice small = arena.take(100);
  const Slice next = arena.take(100'000);
  EXPECT_EQ(next.data.get(), large.data.get() + 100'000);
  EXPECT_EQ(small.data.use_count(), 1);
}

}  // namespace
}  // namespace mq::net
