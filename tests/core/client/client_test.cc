// SPDX-License-Identifier: Apache-2.0
#include "core/client/client.h"

#include <gtest/gtest.h>

#include "core/client/cluster.h"
#include "tests/core/client/fake_broker.h"

namespace mq::client {
namespace {

std::optional<std::vector<std::string>> one_topic() {
  return std::vector<std::string>{"t"};
}

TEST(Addresses, AreHostsWithOrWithoutPorts) {
  const auto all = parse_addresses("a:1, b ,[::1]:9093");
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[0].port, 1);
  EXPECT_EQ((*all)[1].host, "b");
  EXPECT_EQ((*all)[1].port, 9092);
  EXPECT_EQ((*all)[2].host, "::1");
  for (const char* wrong : {"", ",", "a:", "a:0", "a:70000", "a:1x", "[::1", ":9092"})
    EXPECT_FALSE(parse_addresses(wrong)) << wrong;
}

TEST(Client, SpeaksTheHighestVersionThatBothKnow) {
  asio::io_context loop;
  FakeBroker broker(loop);
  broker.metadata_max = 7;
  Client client(loop, broker.options());
  auto answer = run_until_done(loop, client.refresh(one_topic()));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(broker.versions[3], 7);
  TopicPartition partition{"t", 0};
  EXPECT_EQ(client.leader(partition), 1);
  EXPECT_EQ(client.broker(1).port, broker.port);
}

TEST(Client, GreetsAnOldBrokerAgainInItsOwnWords) {
  asio::io_context loop;
  FakeBroker broker(loop);
  broker.api_versions_max = 0;
  Client client(loop, broker.options());
  auto answer = run_until_done(loop, client.api_versions(any_broker));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(broker.requests[18], 2);
  EXPECT_GT(answer->api_keys.size(), 3u);
}

TEST(Client, SaysOfEachAddressWhyItCouldNotBeReached) {
  asio::io_context loop;
  Options options;
  options.brokers = {{"127.0.0.1", 1}, {"127.0.0.1", 2}};
  Client client(loop, options);
  auto answer = run_until_done(loop, client.refresh(one_topic()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().what, Failure::What::unreachable);
  ASSERT_EQ(answer.error().attempts.size(), 2u);
  EXPECT_EQ(answer.error().attempts[0].address, "127.0.0.1:1");
  EXPECT_EQ(answer.error().attempts[1].reason, "connection refused");
}

TEST(Client, ConnectsAgainAfterTheConnectionBroke) {
  asio::io_context loop;
  FakeBroker broker(loop);
  broker.hang_up_on.insert(3);
  Client client(loop, broker.options());
  auto first = run_until_done(loop, client.refresh(one_topic()));
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().what, Failure::What::lost);
  EXPECT_TRUE(first.error().retriable());
  EXPECT_TRUE(run_until_done(loop, client.refresh(one_topic())));
}

struct Asking {
  static net::Task<bool> version(Client& client, int n, std::shared_ptr<std::vector<int>> order) {
    kafka::InitProducerIdRequest request;
    request.transaction_timeout_ms = n;
    auto answer = co_await client.call<kafka::InitProducerIdResponse>(1, request, std::chrono::seconds(5));
    order->push_back(n);
    co_return answer.has_value();
  }
};

TEST(Client, CallsLeaveInTheOrderInWhichTheyWereMadeAlsoWhileConnecting) {
  asio::io_context loop(1);
  FakeBroker broker(loop);
  Client client(loop, broker.options());
  ASSERT_TRUE(run_until_done(loop, client.refresh(one_topic())));
  auto order = std::make_shared<std::vector<int>>();
  std::vector<int> expected;
  for (int i = 0; i < 200; i++) {
    expected.push_back(i);
    asio::co_spawn(loop, Asking::version(client, i, order), [](std::exception_ptr, bool) {});
    if (i % 3 == 0) loop.poll_one();  // so that some come when the connection has just been made
  }
  const Time deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (order->size() < 200 && loop.run_one_until(deadline) > 0) continue;
  EXPECT_EQ(*order, expected);
  EXPECT_EQ(broker.asked_timeouts, expected);
}

TEST(Client, SaysWhenABrokerDoesNotKnowARequest) {
  asio::io_context loop;
  FakeBroker broker(loop);
  Client client(loop, broker.options());
  kafka::DescribeConfigsRequest request;
  auto answer = run_until_done(
      loop, client.call<kafka::DescribeConfigsResponse>(any_broker, request, std::chrono::seconds(5)));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().what, Failure::What::unsupported);
}

TEST(Client, AsksTheLeadersForOffsets) {
  asio::io_context loop;
  FakeBroker broker(loop, 2);
  broker.store(1, batch_of({"a", "b"}));
  Client client(loop, broker.options());
  std::vector<OffsetQuery> queries(2);
  queries[0].partition = {"t", 1};
  queries[1].partition = {"t", 0};
  const Time deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  auto answer = run_until_done(loop, list_offsets(client, queries, deadline));
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)[0].offset, 2);
  EXPECT_EQ((*answer)[1].offset, 0);
}

TEST(Failure, TellsNameAndPlace) {
  Broker broker;
  broker.id = 2, broker.host = "mq2", broker.port = 9092;
  const Failure failure = refused(kafka::Error::not_leader_or_follower, broker, "orders", "moved");
  EXPECT_EQ(failure.text(), "orders: moved (NOT_LEADER_OR_FOLLOWER, broker 2 at mq2:9092)");
  EXPECT_TRUE(failure.retriable());
}

}  // namespace
}  // namespace mq::client
