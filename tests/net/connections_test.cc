// SPDX-License-Identifier: Apache-2.0
#include "net/connections.h"

#include <gtest/gtest.h>

#include "tests/net/support/sockets.h"

namespace mq::net {
namespace {

using std::chrono::milliseconds;

struct ConnectionsTest : Sockets {};

TEST_F(ConnectionsTest, GivesUpHalfAFrameAndKeepsWhoIsIdle) {
  Echo echo;
  serve(echo, {.frame_stalled_max = milliseconds(40)});
  auto idle = peer(), half = peer(), half_length = peer();
  ask(idle, "a", 5);
  write(half, length_of(100'000) + "beginning");
  write(half_length, std::string(2, '\0'));
  EXPECT_TRUE(closed(half));
  EXPECT_TRUE(closed(half_length));
  EXPECT_EQ(ask(idle, "b", 5), framed("b"));
}

TEST_F(ConnectionsTest, RunsNoTimerWhileNothingHappens) {
  Echo echo;
  serve(echo, {.frame_stalled_max = milliseconds(40)});
  auto half = peer(), idle = peer();
  write(half, std::string(1, '\0'));
  EXPECT_TRUE(closed(half));
  ask(idle, "a", 5);
  loop.restart();
  EXPECT_LE(loop.run_for(milliseconds(300)), 4u);  // the end of the watch, and no more
}

TEST_F(ConnectionsTest, ClosesWhoIsIdleForTooLongAndKeepsWhoWaitsForAnAnswer) {
  Parking parking;
  serve(parking, {.idle_max = milliseconds(80)});
  auto waits = peer(), idle = peer();
  asio::write(*waits, asio::buffer(framed("a")));
  EXPECT_TRUE(closed(idle));
  ASSERT_EQ(parking.seen.size(), 1u);
  EXPECT_TRUE(closed(peer())) << "and time goes on";
  EXPECT_FALSE(parking.seen[0]->peer->gone);
  parking.seen[0]->echo();
  EXPECT_EQ(read(waits, 5), framed("a"));
  EXPECT_TRUE(closed(waits)) << "now it is idle, too";
  EXPECT_EQ(server->stats().broken, 0u);
}

TEST_F(ConnectionsTest, AFrameThatHasBegunMustBeWholeWithinTheIdleTime) {
  Echo echo;
  serve(echo, {.idle_max = milliseconds(80)});
  auto half = peer();
  write(half, length_of(10u << 20) + pattern(1u << 20));
  EXPECT_TRUE(closed(half));
  EXPECT_EQ(server->stats().broken, 1u);
}

TEST_F(ConnectionsTest, HasOneDeadlineWhileEverybodyIsIdle) {
  Echo echo;
  serve(echo, {.idle_max = milliseconds(200)});
  auto first = peer(), second = peer();
  ask(first, "a", 5), ask(second, "b", 5);
  std::size_t turns = 0;
  loop.restart();
  while (server->stats().connections > 0) turns += loop.run_one();
  EXPECT_LE(turns, 12u) << "one or two looks, and two connections that end";
}

TEST_F(ConnectionsTest, CutsOffAPeerThatDoesNotReadItsAnswers) {
  Parking parking;
  serve(parking, {.send_stalled_max = milliseconds(60)});
  auto client = peer();
  write(client, framed("give"));
  until([&] { return parking.seen.size() == 1; });
  parking.seen[0]->say(Pieces{piece_of(pattern(64u << 20))});
  until([&] { return parking.seen[0]->peer->gone; });
  EXPECT_EQ(server->stats().connections, 0u);
  EXPECT_EQ(server->stats().broken, 1u);
}

}  // namespace
}  // namespace mq::net
