// SPDX-License-Identifier: Apache-2.0
#include "net/round_trip.h"

#include <gtest/gtest.h>

#include "tests/net/support/sockets.h"

namespace mq::net {
namespace {

struct RoundTripTest : Sockets {};

TEST_F(RoundTripTest, IsShortOnThisMachine) {
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("a"));
  until([&] { return parking.seen.size() == 1; });
  parking.seen[0]->echo();
  read(client, 5);
  const Peer& there = *parking.seen[0]->peer;
  EXPECT_GT(round_trip(there.socket).count(), 0);
  EXPECT_LT(round_trip(there.socket), std::chrono::seconds(1));
}

TEST_F(RoundTripTest, IsNoneOfAPeerThatIsGone) {
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("a"));
  until([&] { return parking.seen.size() == 1; });
  client->close();
  until([&] { return parking.seen[0]->peer->gone; });
  EXPECT_EQ(round_trip(parking.seen[0]->peer->socket).count(), 0);
}

}  // namespace
}  // namespace mq::net
