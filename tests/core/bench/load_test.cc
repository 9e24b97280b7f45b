// SPDX-License-Identifier: Apache-2.0
#include "core/bench/load.h"

#include <gtest/gtest.h>

#include "tests/core/client/fake_broker.h"

namespace mq::bench {
namespace {

struct Cluster {
  asio::io_context loop;
  client::FakeBroker broker;
  std::vector<std::shared_ptr<Load>> loads;

  explicit Cluster(int partitions = 3) : broker(loop, partitions) {}

  Options options(std::uint64_t count) const {
    Options options;
    options.client = broker.options();
    options.topic = "t";
    options.run = 7;
    options.count = count;
    options.sizes = {100, 100};
    options.verifies = true;
    options.producer.codec = kafka::Codec::none;
    options.producer.batch_bytes_max = 4096;
    options.producer.linger = {};
    options.consumer.wait = std::chrono::milliseconds(10);
    return options;
  }

  Load& run(Options options) {
    loads.push_back(Load::create(loop, std::move(options)));
    EXPECT_TRUE(client::run_until_done(loop, Load::run(loads.back())));
    return *loads.back();
  }

  std::size_t stored() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < broker.logs.size(); i++) count += broker.values(static_cast<int>(i)).size();
    return count;
  }
};

TEST(Load, SendsAsManyRecordsAsItWasToldAndSeesEachAcknowledged) {
  Cluster cluster;
  Options options = cluster.options(500);
  options.clients = 3;
  options.producer.idempotent = false;  // this broker knows one producer
  const Load& load = cluster.run(options);
  EXPECT_EQ(cluster.stored(), 500u);
  EXPECT_EQ(load.tally().produced.records, 500u);
  EXPECT_EQ(load.tally().produced.bytes, 500u * 100u);
  EXPECT_EQ(load.tally().ack.count(), 500u);
  EXPECT_EQ(load.tally().failed + load.tally().unanswered, 0u);
  EXPECT_GT(load.seconds(load.tally().produced), 0);
}

TEST(Load, EverythingThatIsSentArrivesAndIsMeasuredBothWays) {
  Cluster cluster;
  Options options = cluster.options(300);
  options.receives = true;
  options.keys = 10;
  const Load& load = cluster.run(options);
  EXPECT_EQ(load.tally().consumed.records, 300u);
  EXPECT_EQ(load.tally().e2e.count(), 300u);
  EXPECT_EQ(load.tally().ack.count(), 300u);
  EXPECT_EQ(load.tally().checker.findings().checked, 300u);
  EXPECT_TRUE(load.tally().checker.findings().good());
}

TEST(Load, WhatItReadsBackIsCheckedAgainstWhatItHasSent) {
  Cluster cluster;
  const Load& written = cluster.run(cluster.options(200));
  Options reading = cluster.options(0);
  reading.sends = false;
  reading.receives = true;
  reading.expected = written.sent();
  EXPECT_TRUE(cluster.run(reading).tally().checker.findings().good());

  reading.expected.at(0).at(1) += 3;
  EXPECT_EQ(cluster.run(reading).tally().checker.findings().lost, 3u);
}

TEST(Load, RecordsThatAreRefusedAreCountedAndNamed) {
  Cluster cluster(1);
  cluster.broker.produce_errors = {kafka::Error::invalid_record};
  const Load& load = cluster.run(cluster.options(100));
  EXPECT_GT(load.tally().failed, 0u);
  EXPECT_EQ(load.tally().failed + load.tally().produced.records, 100u);
  EXPECT_EQ(load.tally().errors.size(), 1u);
}

TEST(Load, LatencyCountsFromWhenARecordWasDueNotFromWhenItCouldBeSent) {
  Cluster cluster(1);
  cluster.broker.produce_errors = {
      kafka::Error::not_leader_or_follower};  // the first has to wait and go again
  Options options = cluster.options(50);
  options.rate = 1000;
  options.producer.waiting_bytes_max = 1;  // meanwhile no other leaves
  const Load& load = cluster.run(options);
  EXPECT_EQ(load.tally().ack.count(), 50u);
  EXPECT_EQ(load.tally().retries, 1u);
  EXPECT_GE(load.tally().ack.percentile(50), 20'000'000);
}

TEST(Load, KeepsToItsRate) {
  Cluster cluster(1);
  Options options = cluster.options(50);
  options.rate = 1000;
  const Load& load = cluster.run(options);
  EXPECT_GE(load.seconds(load.tally().produced), 0.049);
  EXPECT_FALSE(load.fell_behind());
}

TEST(Load, WarmingUpIsNotCounted) {
  Cluster cluster(1);
  Options options = cluster.options(20);
  options.rate = 1000;
  options.warmup = std::chrono::milliseconds(30);
  const Load& load = cluster.run(options);
  EXPECT_EQ(load.tally().produced.records, 20u);
  EXPECT_EQ(cluster.stored(), 50u);
}

TEST(Load, AMissingTopicIsAFailureBeforeAnythingIsSent) {
  Cluster cluster;
  cluster.broker.topic_exists = false;
  Options options = cluster.options(10);
  options.client.timeout = std::chrono::milliseconds(100);
  const auto load = cluster.loads.emplace_back(Load::create(cluster.loop, options));
  const auto ran = client::run_until_done(cluster.loop, Load::run(load));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().error, kafka::Error::unknown_topic_or_partition);
}

TEST(Load, StoppedBeforeItsEndItTellsWhatThereWas) {
  Cluster cluster(1);
  Options options = cluster.options(0);
  options.receives = true;
  options.rate = 2000;
  options.report_interval = std::chrono::milliseconds(20);
  options.report = [&](const Lately& lately) {
    if (lately.consumed.records > 0) cluster.loads.back()->stop();
  };
  const Load& load = cluster.run(options);
  EXPECT_GT(load.tally().produced.records, 0u);
  EXPECT_EQ(load.tally().consumed.records, load.tally().produced.records);
  EXPECT_TRUE(load.tally().checker.findings().good());
}

}  // namespace
}  // namespace mq::bench
