// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/advertise.h"

#include <gtest/gtest.h>

namespace mq::core::advertise_test {
namespace {

Config two_listeners() {
  Config config;
  config.listeners = {{"inside", {"0.0.0.0", 9092}, std::nullopt},
                      {"outside", {"0.0.0.0", 0}, Address{"mq.example.org", 443}}};
  return config;
}

net::Peer from(std::string listener) {
  net::Peer peer;
  peer.listener = std::move(listener);
  peer.local = {net::asio::ip::make_address("192.0.2.7"), 9092};
  peer.remote = {net::asio::ip::make_address("192.0.2.9"), 40'000};
  return peer;
}

TEST(Advertise, WhoComesOnAListenerIsToldItsAddressWhateverPortItGot) {
  EXPECT_EQ(advertised(two_listeners(), from("outside")), (Address{"mq.example.org", 443}));
}

TEST(Advertise, WithoutOneTheAddressThatTheClientCameToIsWhereItFindsUs) {
  EXPECT_EQ(advertised(two_listeners(), from("inside")), (Address{"192.0.2.7", 9092}));
}

}  // namespace
}  // namespace mq::core::advertise_test
