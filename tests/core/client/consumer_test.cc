// SPDX-License-Identifier: Apache-2.0
#include "core/client/consumer.h"

#include <gtest/gtest.h>

#include "tests/core/client/fake_broker.h"

namespace mq::client {
namespace {

Assignment assignment(std::int32_t partition, Offset from, Offset until = no_end) {
  Assignment one;
  one.partition = {"t", partition};
  one.from = from, one.until = until;
  return one;
}

struct Read {
  std::vector<std::string> values;
  std::optional<Failure> failure;
  kafka::Error damage = kafka::Error::none;
};

net::Task<Read> read_all(std::shared_ptr<Consumer> consumer) {
  Read read;
  const Time deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!consumer->done()) {
    auto next = co_await Consumer::next(consumer, deadline);
    if (!next) {
      read.failure = next.error();
      break;
    }
    if (!*next) break;
    FetchedRecords records(**next);
    while (const kafka::Record* record = records.next())
      read.values.emplace_back(reinterpret_cast<const char*>(record->value->data()), record->value->size());
    if (records.error() != kafka::Error::none) {
      read.damage = records.error();
      break;
    }
  }
  consumer->stop();
  co_return read;
}

struct Session {
  asio::io_context loop;
  FakeBroker broker;
  Client client;
  explicit Session(int partitions = 1) : broker(loop, partitions), client(loop, broker.options()) {}

  Read read(std::vector<Assignment> assignments, ConsumerOptions options = {}) {
    options.wait = std::chrono::milliseconds(1);
    return run_until_done(loop,
                          read_all(Consumer::create(client, std::move(options), std::move(assignments))));
  }
};

using Values = std::vector<std::string>;

TEST(Consumer, ReadsWhatWasAskedForAndNothingElse) {
  Session run;
  run.broker.store(0, batch_of({"0", "1", "2"}));
  run.broker.store(0, batch_of({"3", "4", "5"}, 1000, kafka::Codec::lz4));
  EXPECT_EQ(run.read({assignment(0, 1, 5)}).values, (Values{"1", "2", "3", "4"}));
}

TEST(Consumer, ReadsBatchByBatch) {
  Session run;
  Values expected;
  for (int i = 0; i < 50; i++) {
    expected.push_back(std::to_string(i));
    run.broker.store(0, batch_of({expected.back()}));
  }
  run.broker.fetch_bytes = 200;
  EXPECT_EQ(run.read({assignment(0, 0, 50)}).values, expected);
  EXPECT_GT(run.broker.requests[1], 10);
}

TEST(Consumer, ReadsSeveralPartitionsToTheirEnds) {
  Session run(3);
  run.broker.store(0, batch_of({"a"}));
  run.broker.store(2, batch_of({"b", "c"}));
  auto values = run.read({assignment(0, 0, 1), assignment(1, 0, 0), assignment(2, 0, 2)}).values;
  std::ranges::sort(values);
  EXPECT_EQ(values, (Values{"a", "b", "c"}));
}

TEST(Consumer, ReachesAnEndThatHasNoRecordAnyMore) {
  Session run;
  run.broker.store(0, batch_of({"a"}));
  run.broker.logs[0].end = 5;  // compaction removed 1 to 4
  EXPECT_EQ(run.read({assignment(0, 0, 5)}).values, (Values{"a"}));
}

TEST(Consumer, GoesOnWhereTheLogBeginsWhenRecordsAreGone) {
  Session run;
  run.broker.logs[0].end = 10;
  run.broker.store(0, batch_of({"a"}));
  std::vector<Offset> skipped;
  ConsumerOptions options;
  options.skipped = [&](std::size_t, Offset from, Offset to) { skipped = {from, to}; };
  EXPECT_EQ(run.read({assignment(0, 3, 11)}, options).values, (Values{"a"}));
  EXPECT_EQ(skipped, (std::vector<Offset>{3, 10}));
}

TEST(Consumer, ReadsOnAfterTheConnectionBroke) {
  Session run;
  run.broker.store(0, batch_of({"a"}));
  run.broker.hang_up_on.insert(1);
  int troubles = 0;
  ConsumerOptions options;
  options.trouble = [&](const Failure&) { troubles++; };
  EXPECT_EQ(run.read({assignment(0, 0, 1)}, options).values, (Values{"a"}));
  EXPECT_GT(troubles, 0);
}

TEST(Consumer, ATopicThatIsDeletedEndsTheReading) {
  Session run;
  run.broker.store(0, batch_of({"a"}));
  run.broker.topic_exists = false;
  const Read read = run.read({assignment(0, 0)});
  ASSERT_TRUE(read.failure);
  EXPECT_EQ(read.failure->error, kafka::Error::unknown_topic_or_partition);
}

TEST(Consumer, EndsAPartitionWhereItsBrokerCannotReadOnAndReadsTheOthers) {
  Session run(2);
  for (const char* value : {"0", "1", "2", "3"}) run.broker.store(0, batch_of({value}));
  run.broker.store(1, batch_of({"other"}));
  run.broker.lost = {2, 4};
  std::vector<Offset> ends;
  ConsumerOptions options;
  options.unreadable = [&](std::size_t which, Offset at, const Failure& why) {
    EXPECT_EQ(which, 0u);
    EXPECT_EQ(why.error, kafka::Error::corrupt_message);
    ends.push_back(at);
  };
  Read read = run.read({assignment(0, 0, 4), assignment(1, 0, 1)}, options);
  std::ranges::sort(read.values);
  EXPECT_EQ(read.values, (Values{"0", "1", "other"}));
  EXPECT_EQ(ends, std::vector<Offset>{2});
}

TEST(Consumer, GoesOnBehindWhatCannotBeReadWhenAsked) {
  Session run;
  for (int i = 0; i < 1000; i++) run.broker.store(0, batch_of({std::to_string(i)}));
  for (const auto& [from, to] : {std::pair<Offset, Offset>{2, 3}, {5, 998}, {997, 1000}}) {
    run.broker.lost = {from, to};
    run.broker.requests.clear();
    std::vector<std::pair<Offset, Offset>> skipped;
    ConsumerOptions options;
    options.skips_unreadable = true;
    options.skipped = [&](std::size_t, Offset at, Offset next) { skipped.emplace_back(at, next); };
    EXPECT_EQ(run.read({assignment(0, 0, 1000)}, options).values.size(),
              static_cast<std::size_t>(1000 - to + from));
    EXPECT_EQ(skipped, (std::vector<std::pair<Offset, Offset>>{{from, to}}));
    EXPECT_LT(run.broker.requests[1], 40) << "it is felt for, not walked";
  }
}

TEST(Consumer, WhatIsNoBatchCannotBeReadHoweverMuchOfItIsAskedFor) {
  for (const bool skips : {false, true}) {
    Session run;
    for (const char* value : {"0", "1", "2"}) run.broker.store(0, batch_of({value}));
    std::ranges::fill(run.broker.logs[0].batches[1].bytes,
                      std::byte{});  // as a disk returns what it has lost
    int ended = 0;
    ConsumerOptions options;
    options.skips_unreadable = skips;
    options.unreadable = [&](std::size_t, Offset at, const Failure& why) {
      EXPECT_EQ(at, 1);
      EXPECT_EQ(why.error, kafka::Error::corrupt_message);
      ended++;
    };
    EXPECT_EQ(run.read({assignment(0, 0, 3)}, options).values, skips ? (Values{"0", "2"}) : (Values{"0"}));
    EXPECT_EQ(ended, skips ? 0 : 1);
  }
}

TEST(Consumer, TakesPartitionsInWhileItReads) {
  Session run(2);
  run.broker.store(0, batch_of({"0"}));
  run.broker.store(1, batch_of({"1"}));
  ConsumerOptions options;
  options.grows = true;
  auto consumer = Consumer::create(run.client, options, {assignment(0, 0, 1)});
  const auto next = [&] {
    const Time deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    return run_until_done(run.loop, Consumer::next(consumer, deadline));
  };
  EXPECT_EQ((*next())->which, 0u);
  EXPECT_FALSE(consumer->done());
  consumer->add(assignment(1, 0, 1));
  EXPECT_EQ((*next())->which, 1u);
  consumer->stop();
}

TEST(Consumer, SaysWhenABatchIsDamaged) {
  Session run;
  run.broker.store(0, batch_of({"abc"}));
  run.broker.logs[0].batches[0].bytes.back() ^= std::byte{1};
  EXPECT_EQ(run.read({assignment(0, 0, 1)}).damage, kafka::Error::corrupt_message);
}

net::Slice transactional(std::int64_t producer, const std::string& value) {
  kafka::BatchBuilder builder(1 << 20);
  builder.append(1, std::nullopt, bytes_of(value));
  kafka::BatchProducer by;
  by.id = producer, by.epoch = 0, by.sequence = 0, by.transactional = true;
  return builder.finish(kafka::Codec::none, 0, by);
}

net::Slice control(std::int64_t producer, bool commit) {
  kafka::BatchBuilder builder(1 << 20);
  const char key[] = {0, 0, 0, static_cast<char>(commit)};
  builder.append(1, bytes_of({key, 4}), bytes_of(std::string_view("\0\0\0\0\0\0", 6)));
  kafka::BatchProducer by;
  by.id = producer, by.epoch = 0, by.sequence = -1, by.transactional = true;
  auto batch = builder.finish(kafka::Codec::none, 0, by);
  auto head = *kafka::BatchHead::parse(batch.bytes());
  head.attributes |= 1 << 5;
  head.put(batch.data.get());
  kafka::write_checksum(batch.data.get(), batch.size);
  return batch;
}

TEST(FetchedRecords, LeaveOutAbortedTransactionsAndControlRecords) {
  std::vector<std::byte> all;
  Offset offset = 0;
  for (const auto& batch : {transactional(1, "gone"), transactional(2, "kept"), batch_of({"plain"}),
                            control(1, false), control(2, true), transactional(1, "next")}) {
    std::vector<std::byte> bytes(batch.bytes().begin(), batch.bytes().end());
    kafka::stamp(bytes.data(), offset++, 0);
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  Fetched fetched;
  fetched.batches = all;
  auto& aborted = fetched.aborted.emplace_back();
  aborted.producer_id = 1, aborted.first_offset = 0;
  FetchedRecords records(fetched);
  Values values;
  while (const kafka::Record* record = records.next())
    values.emplace_back(reinterpret_cast<const char*>(record->value->data()), record->value->size());
  EXPECT_EQ(values, (Values{"kept", "plain", "next"}));
}

}  // namespace
}  // namespace mq::client
