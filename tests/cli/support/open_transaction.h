// SPDX-License-Identifier: Apache-2.0
// A record in a transaction that nobody ends.
#pragma once

#include "core/client/producer.h"
#include "tests/core/client/fake_broker.h"

namespace mq::cli {

inline void leave_open(std::uint16_t port, const std::string& id, const std::string& topic) {
  net::asio::io_context loop;
  client::Options options;
  options.brokers = {{"127.0.0.1", port}};
  client::Client client(loop, options);
  client::ProducerOptions wanted;
  wanted.topic = topic;
  wanted.transactions.emplace().id = id;
  auto producer = client::Producer::create(client, std::move(wanted));
  const auto started = client::run_until_done(loop, client::Producer::start(producer));
  ASSERT_TRUE(started) << started.error().text();
  producer->append(0, 1000, std::nullopt, client::bytes_of("open"), {}, 1);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  ASSERT_TRUE(client::run_until_done(loop, client::Producer::flush(producer, deadline)));
  ASSERT_EQ(producer->delivered_records(), 1u);
  producer->stop();
}

}  // namespace mq::cli
