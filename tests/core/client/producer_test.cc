// SPDX-License-Identifier: Apache-2.0
#include "core/client/producer.h"

#include <gtest/gtest.h>

#include "tests/core/client/fake_broker.h"

namespace mq::client {
namespace {

struct Session {
  asio::io_context loop;
  FakeBroker broker;
  Client client;
  ProducerOptions options;
  std::shared_ptr<Producer> producer;
  std::vector<std::uint64_t> acknowledged;
  std::vector<kafka::Error> failures;

  explicit Session(int partitions = 1) : broker(loop, partitions), client(loop, broker.options()) {
    options.topic = "t";
    options.codec = kafka::Codec::none;
    options.delivered = [this](const Delivery& delivery) {
      for (std::int32_t i = 0; i < delivery.batch.count; i++) {
        if (delivery.failure) failures.push_back(delivery.failure->error);
        if (!delivery.failure) acknowledged.push_back(delivery.batch.numbers.at(static_cast<std::size_t>(i)));
      }
    };
  }

  Answer<Nothing> start() {
    producer = Producer::create(client, options);
    return run_until_done(loop, Producer::start(producer));
  }
  void send(const std::string& value, std::uint64_t number, std::int32_t partition = -1,
            std::optional<std::string> key = {}) {
    std::optional<net::Bytes> key_bytes;
    if (key) key_bytes = bytes_of(*key);
    producer->append(partition, 1000, key_bytes, bytes_of(value), {}, number);
  }
  bool flush() {
    const Time deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    return run_until_done(loop, Producer::flush(producer, deadline));
  }
};

TEST(Producer, DeliversInOrderAndSaysWhichRecordsThoseWere) {
  Session run;
  ASSERT_TRUE(run.start());
  for (std::uint64_t i = 1; i <= 3; i++) run.send("v" + std::to_string(i), 10 * i);
  ASSERT_TRUE(run.flush());
  EXPECT_EQ(run.broker.values(0), (std::vector<std::string>{"v1", "v2", "v3"}));
  EXPECT_EQ(run.acknowledged, (std::vector<std::uint64_t>{10, 20, 30}));
  EXPECT_EQ(run.producer->delivered_records(), 3u);
}

TEST(Producer, AnUnknownTopicIsAFailureAtOnce) {
  Session run;
  run.broker.topic_exists = false;
  auto started = run.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().error, kafka::Error::unknown_topic_or_partition);
  EXPECT_EQ(run.broker.requests[3], 1);
}

TEST(Producer, SendsALonelyRecordWhenItHasLingered) {
  Session run;
  run.options.linger = std::chrono::milliseconds(1);
  ASSERT_TRUE(run.start());
  run.send("alone", 1);
  const Time deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (run.acknowledged.empty() && run.loop.run_one_until(deadline) > 0) continue;
  EXPECT_EQ(run.broker.values(0), (std::vector<std::string>{"alone"}));
}

TEST(Producer, FullBatchesLeaveWithoutLingering) {
  Session run;
  run.options.linger = std::chrono::hours(1);
  run.options.batch_bytes_max = 1000;
  ASSERT_TRUE(run.start());
  for (std::uint64_t i = 0; i < 100; i++) run.send(std::string(90, 'x'), i);
  const Time deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (run.acknowledged.size() < 90 && run.loop.run_one_until(deadline) > 0) continue;
  EXPECT_GE(run.acknowledged.size(), 90u);
  EXPECT_GE(run.broker.requests[0], 9);
}

TEST(Producer, RepeatsWhatWasRefusedForNowInOrderAndOnce) {
  Session run;
  run.options.batch_bytes_max = 100;
  run.broker.produce_errors = {kafka::Error::none, kafka::Error::not_leader_or_follower, kafka::Error::none};
  ASSERT_TRUE(run.start());
  std::vector<std::string> expected;
  for (std::uint64_t i = 0; i < 20; i++) {
    expected.push_back("value-" + std::to_string(i) + std::string(40, '.'));
    run.send(expected.back(), i);
  }
  ASSERT_TRUE(run.flush());
  EXPECT_EQ(run.broker.values(0), expected);
  EXPECT_EQ(run.acknowledged.size(), 20u);
  EXPECT_TRUE(run.failures.empty());
}

TEST(Producer, AnAnswerThatWasLostDoesNotDoubleARecord) {
  Session run;
  run.options.batch_bytes_max = 100;
  run.broker.produce_errors = {kafka::Error::request_timed_out};
  run.broker.append_before_error = true;
  ASSERT_TRUE(run.start());
  std::vector<std::string> expected;
  for (std::uint64_t i = 0; i < 6; i++) {
    expected.push_back("value-" + std::to_string(i) + std::string(40, '.'));
    run.send(expected.back(), i);
  }
  ASSERT_TRUE(run.flush());
  EXPECT_EQ(run.broker.values(0), expected);
}

TEST(Producer, GoesOnAfterTheConnectionBroke) {
  Session run;
  run.options.batch_bytes_max = 100;
  ASSERT_TRUE(run.start());
  run.send("first", 1);
  ASSERT_TRUE(run.flush());
  run.broker.hang_up_on.insert(0);
  std::vector<std::string> expected{"first"};
  for (std::uint64_t i = 0; i < 6; i++) {
    expected.push_back("value-" + std::to_string(i) + std::string(40, '.'));
    run.send(expected.back(), i);
  }
  ASSERT_TRUE(run.flush());
  EXPECT_EQ(run.broker.values(0), expected);
}

TEST(Producer, ABatchThatIsTooLargeGoesInHalves) {
  Session run;
  run.broker.produce_errors = {kafka::Error::message_too_large, kafka::Error::message_too_large};
  ASSERT_TRUE(run.start());
  for (std::uint64_t i = 0; i < 5; i++) run.send(std::to_string(i), i);
  ASSERT_TRUE(run.flush());
  EXPECT_EQ(run.broker.values(0), (std::vector<std::string>{"0", "1", "2", "3", "4"}));
  EXPECT_TRUE(run.failures.empty());
}

TEST(Producer, ARecordThatIsRefusedForGoodFailsAlone) {
  Session run;
  run.options.batch_bytes_max = 100;
  run.options.in_flight_max = 1;
  run.broker.produce_errors = {kafka::Error::none, kafka::Error::message_too_large};
  ASSERT_TRUE(run.start());
  for (std::uint64_t i = 0; i < 3; i++) run.send(std::string(200, static_cast<char>('a' + i)), i);
  ASSERT_TRUE(run.flush());
  EXPECT_EQ(run.failures, (std::vector<kafka::Error>{kafka::Error::message_too_large}));
  EXPECT_EQ(run.acknowledged, (std::vector<std::uint64_t>{0, 2}));
}

TEST(Producer, GivesUpWhenItsTimeHasPassed) {
  Session run;
  run.options.give_up = std::chrono::milliseconds(300);
  for (int i = 0; i < 100; i++) run.broker.produce_errors.push_back(kafka::Error::not_leader_or_follower);
  ASSERT_TRUE(run.start());
  run.send("x", 1);
  ASSERT_TRUE(run.flush());
  EXPECT_EQ(run.failures.size(), 1u);
  EXPECT_EQ(run.producer->failed_records(), 1u);
}

TEST(Producer, KeysChoosePartitionsAndACallerMayToo) {
  Session run(3);
  ASSERT_TRUE(run.start());
  run.send("by-key", 1, -1, "foobar");
  run.send("chosen", 2, 2);
  ASSERT_TRUE(run.flush());
  const std::int32_t by_key = partition_of(bytes_of("foobar"), 3);
  EXPECT_EQ(run.broker.values(by_key).front(), "by-key");
  EXPECT_EQ(run.broker.values(2).back(), "chosen");
}

TEST(Producer, WithoutAcknowledgementsWhatHasLeftIsDelivered) {
  Session run;
  run.options.acks = 0;
  ASSERT_TRUE(run.start());
  run.send("x", 1);
  ASSERT_TRUE(run.flush());
  EXPECT_EQ(run.acknowledged.size(), 1u);
  EXPECT_EQ(run.broker.requests[22], 0) << "no producer id is needed";
}

TEST(Producer, IsFullAtItsBoundAndHasRoomAgain) {
  Session run;
  run.options.batch_bytes_max = 1000;
  run.options.waiting_bytes_max = 3000;
  ASSERT_TRUE(run.start());
  for (std::uint64_t i = 0; !run.producer->full() && i < 100; i++) run.send(std::string(500, 'x'), i);
  ASSERT_TRUE(run.producer->full());
  struct Wait {
    static net::Task<bool> room(std::shared_ptr<Producer> producer) {
      co_await Producer::room(producer);
      co_return true;
    }
  };
  EXPECT_TRUE(run_until_done(run.loop, Wait::room(run.producer)));
  EXPECT_FALSE(run.producer->full());
}

}  // namespace
}  // namespace mq::client
