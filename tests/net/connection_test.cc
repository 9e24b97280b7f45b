// SPDX-License-Identifier: Apache-2.0
#include "net/connection.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <random>

#include "tests/net/support/sockets.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // both have it, no header of GCC does
#endif

namespace mq::net {
namespace {

struct ConnectionTest : Sockets {};

// Of this process; a sanitizer counts its own way, but it counts.
std::size_t allocated_bytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  return ::mallinfo2().uordblks;
#endif
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; i++) all += text;
  return all;
}

TEST_F(ConnectionTest, AnswersWhatItIsAsked) {
  Echo echo;
  serve(echo);
  auto client = peer();
  EXPECT_EQ(ask(client, "hello", 9), framed("hello"));
  EXPECT_EQ(ask(client, "", 4), framed(""));
  EXPECT_EQ(server->stats().frames, 2u);
  EXPECT_EQ(server->stats().bytes_in, 13u);
  EXPECT_EQ(server->stats().bytes_out, 13u);
}

TEST_F(ConnectionTest, TellsTheHandlerWhoAsks) {
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("a"));
  until([&] { return parking.seen.size() == 1; });
  EXPECT_EQ(parking.seen[0]->peer->remote, client->local_endpoint());
  EXPECT_EQ(parking.seen[0]->peer->local, address);
  EXPECT_FALSE(parking.seen[0]->peer->gone);
}

TEST_F(ConnectionTest, StartsRequestsInOrderAndAnswersInOrderThoughTheyBecomeReadyOutOfIt) {
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("1") + framed("2") + framed("3"));
  until([&] { return parking.seen.size() == 3; });
  for (const int i : {2, 0, 1}) {
    EXPECT_EQ(parking.seen[static_cast<std::size_t>(i)]->request, std::to_string(i + 1));
    parking.seen[static_cast<std::size_t>(i)]->echo();
  }
  EXPECT_EQ(read(client, 15), framed("1") + framed("2") + framed("3"));
}

// What a second connection has asked and been answered ten times over, the first had the time to do as well.
void let_pass(Sockets& sockets, Parking& parking) {
  auto other = sockets.peer();
  for (int i = 0; i < 10; i++) {
    const std::size_t before = parking.seen.size();
    sockets.write(other, framed("ping"));
    sockets.until([&] { return parking.seen.size() > before; });
    parking.seen.back()->echo();
    parking.seen.pop_back();
    sockets.read(other, 8);
  }
}

TEST_F(ConnectionTest, BeginsARequestWhenAllBeforeItAreAnsweredAndWhatComesBehindItWaitsForIt) {
  Parking parking;
  serve(parking);
  auto client = peer();
  const std::vector<std::string> all{"1", "2", "alone 3", "alone 4", "5", "6", "alone 7"};
  std::string sent;
  for (const auto& request : all) sent += framed(request);
  write(client, sent);
  std::vector<std::string> begun;
  const auto let_pass_and_look = [&] {
    let_pass(*this, parking);
    begun.clear();
    for (const auto& parked : parking.seen) begun.push_back(parked->request);
  };
  const auto first = [&](std::size_t n) { return std::vector(all.begin(), all.begin() + n); };
  until([&] { return parking.seen.size() == 2; });
  parking.seen[1]->echo();
  let_pass_and_look();
  EXPECT_EQ(begun, first(2)) << "the third waits for the first";
  parking.seen[0]->echo();
  until([&] { return parking.seen.size() == 3; });
  let_pass_and_look();
  EXPECT_EQ(begun, first(3)) << "and the fourth for the third";
  parking.seen[2]->echo();
  until([&] { return parking.seen.size() == 4; });
  let_pass_and_look();
  EXPECT_EQ(begun, first(4)) << "what may overlap with its like does not with what may not";
  parking.seen[3]->echo();
  until([&] { return parking.seen.size() == 6; });
  parking.seen[4]->echo();
  parking.seen[5]->echo();
  until([&] { return parking.seen.size() == 7; });
  parking.seen[6]->echo();
  EXPECT_EQ(read(client, sent.size()), sent);
}

TEST_F(ConnectionTest, AnswersARequestBeforeItBeginsTheNext) {
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("alone 1") + framed("alone 2"));
  until([&] { return parking.seen.size() == 1; });
  parking.seen[0]->echo();
  EXPECT_EQ(read(client, 11), framed("alone 1"));
  until([&] { return parking.seen.size() == 2; });
}

TEST_F(ConnectionTest, BeginsNothingBehindARequestThatFailed) {
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("1") + framed("alone 2"));
  until([&] { return parking.seen.size() == 1; });
  parking.seen[0]->say(error_code(Errc::malformed));
  EXPECT_TRUE(closed(client));
  EXPECT_EQ(parking.seen.size(), 1u);
}

// Echoes, and looks at its peer's end in the first turn of the loop after that.
struct Prompt final : Handler {
  std::function<void()> then;
  Task<Result<Pieces>> handle(std::shared_ptr<Peer>, Slice frame) override {
    asio::post(co_await asio::this_coro::executor, then);
    Pieces answer{piece_of(framed(bytes_of(frame)))};
    co_return answer;
  }
  bool overlaps(Bytes) const override { return false; }
};

TEST_F(ConnectionTest, SendsWhatIsReadyAtOnceBeforeAnybodyElseHasATurn) {
  Prompt prompt;
  serve(prompt);
  auto client = peer();
  std::vector<std::size_t> arrived;
  prompt.then = [&] { arrived.push_back(client->available()); };
  for (std::size_t n = 1; n <= 3; n++) {  // the first starts what the others go on with
    write(client, framed("now"));
    until([&] { return arrived.size() == n; });
    EXPECT_EQ(arrived.back(), 7u);
    read(client, 7);
  }
  write(client, framed("a") + framed("b"));  // together, in one write
  until([&] { return arrived.size() == 5; });
  EXPECT_EQ(arrived[3], 10u);
  EXPECT_EQ(read(client, 10), framed("a") + framed("b"));
}

TEST_F(ConnectionTest, SaysNothingWhereNothingIsToBeSaid) {
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("1") + framed("2"));
  until([&] { return parking.seen.size() == 2; });
  parking.seen[0]->say(Pieces{});
  parking.seen[1]->echo();
  EXPECT_EQ(read(client, 5), framed("2"));
}

TEST_F(ConnectionTest, IsNotReadWhileTooManyRequestsAreInFlight) {
  Parking parking;
  serve(parking, {.in_flight_requests_max = 3});
  auto client = peer();
  write(client, repeated(framed("x"), 10));
  until([&] { return parking.seen.size() == 3; });
  let_pass(*this, parking);
  EXPECT_EQ(parking.seen.size(), 3u);
  parking.seen[0]->echo();
  until([&] { return parking.seen.size() == 4; });
}

TEST_F(ConnectionTest, IsNotReadWhileTooManyBytesAreInFlight) {
  Parking parking;
  serve(parking, {.in_flight_bytes_max = 10'000});
  auto client = peer();
  write(client, repeated(framed(pattern(6000)), 10));
  until([&] { return parking.seen.size() == 2; });
  let_pass(*this, parking);
  EXPECT_EQ(parking.seen.size(), 2u);
  parking.seen[0]->echo();
  until([&] { return parking.seen.size() == 3; });
}

TEST_F(ConnectionTest, IsNotReadWhileItsAnswersAreNotTaken) {
  Echo echo;
  serve(echo, {.answer_bytes_max = 1u << 20});
  auto client = peer();
  const std::string body = pattern(100'000);
  write(client, repeated(framed(body), 400));
  until([&] { return loop.poll_one() == 0; });
  EXPECT_LT(echo.seen.size(), 400u);
  for (int i = 0; i < 400; i++) ASSERT_TRUE(read(client, 100'004) == framed(body));
  EXPECT_EQ(echo.seen.size(), 400u);
}

// Counts what one client's requests cost another: the first of them writes a request of the other, and then
// each takes as long as a turn may.
struct Costly final : Handler {
  std::shared_ptr<Socket> other;
  std::size_t started = 0;
  std::optional<std::size_t> other_waited_for;

  Task<Result<Pieces>> handle(std::shared_ptr<Peer>, Slice frame) override {
    if (bytes_of(frame) == "cheap") {
      other_waited_for = started;
    } else if (started++ == 0) {
      asio::write(*other, asio::buffer(framed("cheap")));
    }
    const auto end = Clock::now() + Limits{}.turn_max;
    while (Clock::now() < end) continue;
    Pieces answer{piece_of(framed(bytes_of(frame)))};
    co_return answer;
  }
  bool overlaps(Bytes) const override { return false; }
};

TEST_F(ConnectionTest, LetsOthersAskBetweenRequestsThatCostMuch) {
  const auto waited_for = [&](const Limits& limits) {
    Costly costly;
    serve(costly, limits);
    auto client = peer();
    costly.other = peer();
    until([&] { return server->stats().connections == 2; });
    write(client, repeated(framed("dear"), 50));
    EXPECT_EQ(read(client, 50 * 8), repeated(framed("dear"), 50));
    until([&] { return costly.other_waited_for.has_value(); });
    server.reset();
    return *costly.other_waited_for;
  };
  EXPECT_LE(waited_for({}), 3u);
  EXPECT_EQ(waited_for({.turn_max = std::chrono::hours(1)}), 50u) << "that is what a turn is good for";
}

TEST_F(ConnectionTest, StartsAllThatCameAtOnceInOneTurnWhenItCostsLittle) {
  Parking parking;
  serve(parking, {.turn_max = std::chrono::seconds(10)});
  auto client = peer();
  write(client, repeated(framed("produce"), 5));
  std::size_t before = 0;
  until([&] { return std::exchange(before, parking.seen.size()) != parking.seen.size(); });
  EXPECT_EQ(parking.seen.size(), 5u);
}

TEST_F(ConnectionTest, StartsNothingMoreWhileItsAnswersAreNotTaken) {
  struct Large final : Handler {
    std::size_t started = 0;
    Task<Result<Pieces>> handle(std::shared_ptr<Peer>, Slice) override {
      started++;
      Pieces answer{piece_of(std::string(8u << 20, 'x'))};
      co_return answer;
    }
    bool overlaps(Bytes) const override { return false; }
  } large;
  serve(large, {.answer_bytes_max = 16u << 20});
  auto client = peer();
  write(client, repeated(framed("give"), 20));
  until([&] { return large.started > 0 && loop.poll_one() == 0; });
  EXPECT_LE(large.started, 3u) << "two fill the bound, one may have left";
  read(client, 20u * (8u << 20));
  EXPECT_EQ(large.started, 20u);
}

TEST_F(ConnectionTest, WaitsForTheMemoryThatTheRequestsOfOthersHold) {
  Parking parking;
  serve(parking, {.all_in_flight_bytes_max = 10'000});
  auto first = peer(), second = peer();
  write(first, framed(pattern(8000)));
  until([&] { return parking.seen.size() == 1; });
  write(second, framed(pattern(8000, 2)));
  let_pass(*this, parking);
  EXPECT_EQ(parking.seen.size(), 1u);
  parking.seen[0]->echo();
  until([&] { return parking.seen.size() == 2; });
  EXPECT_TRUE(parking.seen[1]->request == pattern(8000, 2));
}

TEST_F(ConnectionTest, AcceptsARequestLargerThanAllMemoryWhenItIsAlone) {
  Echo echo;
  serve(echo, {.all_in_flight_bytes_max = 10'000});
  const std::string body = pattern(9u << 20);
  EXPECT_TRUE(ask(peer(), body, body.size() + 4) == framed(body));
}

TEST_F(ConnectionTest, ClosesOnWhatIsNoFrameAndSaysWhatItLooksLike) {
  Echo echo;
  serve(echo);
  for (const std::string& bytes :
       {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9), std::string("GET / HTTP/1.1\r\n\r\n"),
        std::string("\x7f\xff\xff\xff"), std::string("\xff\xff\xff\xff")}) {
    auto client = peer();
    write(client, bytes);
    EXPECT_TRUE(closed(client));
  }
  EXPECT_TRUE(echo.seen.empty());
  EXPECT_EQ(server->stats().broken, 4u);
  EXPECT_NE(logged().find("TLS client on a plaintext port"), std::string::npos);
  EXPECT_NE(logged().find("HTTP client on a Kafka port"), std::string::npos);
}

TEST_F(ConnectionTest, ClosesOnAHandlersErrorAfterTheAnswersBeforeIt) {
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("1") + framed("2") + framed("3"));
  until([&] { return parking.seen.size() == 3; });
  parking.seen[1]->say(error_code(Errc::malformed));
  parking.seen[2]->echo();
  parking.seen[0]->echo();
  EXPECT_EQ(read(client, 100), framed("1"));
}

TEST_F(ConnectionTest, DropsAnswersForAPeerThatHasGone) {
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("1") + framed("2"));
  until([&] { return parking.seen.size() == 2; });
  client->close();
  until([&] { return parking.seen[0]->peer->gone; });
  parking.seen[0]->echo();
  parking.seen[1]->say(error_code(Errc::malformed));
  EXPECT_EQ(ask(peer(), "", 0), "");
  until([&] { return parking.seen.size() == 3; });
  EXPECT_EQ(server->stats().connections, 1u);
}

TEST_F(ConnectionTest, KeepsItsOrderUnderLoad) {
  struct Shuffling final : Handler {
    explicit Shuffling(std::uint32_t seed) : random(seed) {}
    std::mt19937 random;
    Task<Result<Pieces>> handle(std::shared_ptr<Peer>, Slice frame) override {
      Timer timer(co_await asio::this_coro::executor);
      if (random() % 3) {
        timer.expires_after(std::chrono::microseconds(random() % 500));
        co_await timer.async_wait(use_result);
      }
      Pieces answer{piece_of(framed(bytes_of(frame)))};
      co_return answer;
    }
    bool overlaps(Bytes frame) const override { return frame.size() % 8 != 0; }
  };
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Shuffling shuffling(seed);
  serve(shuffling,
        {.in_flight_bytes_max = 300'000, .in_flight_requests_max = 20, .all_in_flight_bytes_max = 500'000});
  std::mt19937 random(seed);
  std::vector<std::pair<std::shared_ptr<Socket>, std::string>> clients;
  for (int i = 0; i < 5; i++) {
    std::string all;
    for (int j = 0; j < 200; j++)
      all += framed(pattern(random() % (random() % 8 ? 2000 : 100'000), random()));
    clients.emplace_back(peer(), all);
    write(clients.back().first, all);
  }
  std::vector<std::string> got(clients.size());
  std::size_t done = 0;
  for (std::size_t i = 0; i < clients.size(); i++) {
    got[i].resize(clients[i].second.size());
    asio::async_read(*clients[i].first, asio::buffer(got[i]), [&](error_code, std::size_t) { done++; });
  }
  until([&] { return done == clients.size(); });
  for (std::size_t i = 0; i < clients.size(); i++) EXPECT_TRUE(got[i] == clients[i].second) << i;
}

// Both ends, and what either has left over from the one request.
TEST_F(ConnectionTest, CostsLittleWhileIdle) {
  constexpr std::size_t count = 200;
  Echo echo;
  serve(echo);
  std::vector<std::shared_ptr<Socket>> clients;
  ask(clients.emplace_back(peer()), "hello", 9);  // what all of them share
  const auto before = allocated_bytes();
  for (std::size_t i = 0; i < count; i++) ask(clients.emplace_back(peer()), "hello", 9);
  const std::size_t each = (allocated_bytes() - before) / count;
  EXPECT_LT(each, 12'000u);
  EXPECT_GT(each, 4096u) << "where a frame begins";
}

}  // namespace
}  // namespace mq::net
