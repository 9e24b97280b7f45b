// SPDX-License-Identifier: Apache-2.0
#include "net/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/net/support/sockets.h"

namespace mq::net {
namespace {

struct ServerTest : Sockets {};

TEST_F(ServerTest, ListensOnSeveralAddresses) {
  Echo echo;
  serve(echo);
  const tcp::endpoint first = address;
  address = server->listen({asio::ip::address_v4::loopback(), 0}).value();
  EXPECT_NE(first.port(), address.port());
  EXPECT_EQ(ask(peer(), "a", 5), framed("a"));
  address = first;
  EXPECT_EQ(ask(peer(), "b", 5), framed("b"));
}

TEST_F(ServerTest, SaysWhenAPortIsTaken) {
  Echo echo;
  serve(echo);
  EXPECT_EQ(server->listen(address).error(), asio::error::address_in_use);
}

TEST_F(ServerTest, RefusesMoreConnectionsThanAllowed) {
  Echo echo;
  serve(echo, {.connections_max = 2});
  auto first = peer(), second = peer();
  ask(first, "a", 5), ask(second, "a", 5);
  EXPECT_TRUE(closed(peer()));
  EXPECT_EQ(server->stats().refused, 1u);
  first->close();
  until([&] { return server->stats().connections == 1; });
  EXPECT_EQ(ask(peer(), "b", 5), framed("b"));
}

TEST_F(ServerTest, RefusesMoreConnectionsOfOneAddressThanAllowed) {
  Echo echo;
  serve(echo, {.connections_per_ip_max = 1});
  auto first = peer();
  ask(first, "a", 5);
  EXPECT_TRUE(closed(peer()));
  auto other = std::make_shared<Socket>(loop.get_executor());
  other->open(tcp::v4());
  other->bind({asio::ip::make_address("127.0.0.2"), 0});
  other->connect(address);
  EXPECT_EQ(ask(other, "b", 5), framed("b"));
}

TEST_F(ServerTest, StopsInTwoSteps) {
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("a"));
  until([&] { return parking.seen.size() == 1; });
  server->stop_accepting();
  auto late = std::make_shared<Socket>(loop.get_executor());
  error_code refused;
  late->connect(address, refused);
  EXPECT_EQ(refused, asio::error::connection_refused);
  parking.seen[0]->echo();
  EXPECT_EQ(read(client, 5), framed("a"));

  write(client, framed("b"));
  until([&] { return parking.seen.size() == 2; });
  server->close_all();
  EXPECT_TRUE(closed(client));
  EXPECT_TRUE(parking.seen[1]->peer->gone);
  parking.seen[1]->echo();
}

TEST_F(ServerTest, MayGoWhileRequestsAreInFlight) {
  Parking parking;
  serve(parking);
  auto client = peer();
  write(client, framed("a"));
  until([&] { return parking.seen.size() == 1; });
  server.reset();
  parking.seen[0]->echo();
  EXPECT_TRUE(closed(client));
}

TEST_F(ServerTest, LeavesDescriptorsForFilesAndGoesOnWhenThereAreSomeAgain) {
  Echo echo;
  serve(echo);
  auto before = peer();
  ask(before, "a", 5);
  rlimit old{};
  ::getrlimit(RLIMIT_NOFILE, &old);
  const rlimit few{64, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);

  std::vector<std::shared_ptr<Socket>> clients;
  while (server->stats().refused == 0 && clients.size() < 100) {
    const auto known = server->stats().accepted + server->stats().refused;
    clients.push_back(peer());
    until([&] { return server->stats().accepted + server->stats().refused > known; });
  }
  EXPECT_LT(clients.size(), 40u);
  EXPECT_TRUE(closed(clients.back()));
  EXPECT_NE(logged().find("refused: the last descriptors are for files"), std::string::npos);
  const int file = ::open("/dev/null", O_RDONLY);
  EXPECT_GE(file, 0);
  ::close(file);
  EXPECT_EQ(ask(before, "b", 5), framed("b"));

  clients.clear();
  until([&] { return server->stats().connections == 1; });
  EXPECT_EQ(ask(peer(), "c", 5), framed("c"));
  ::setrlimit(RLIMIT_NOFILE, &old);
}

}  // namespace
}  // namespace mq::net
