// SPDX-License-Identifier: Apache-2.0
#include <future>

#include "tests/core/handlers/conversation.h"

namespace mq::core {
namespace {

using Values = std::vector<std::string>;

class FetchTest : public Conversation {
 protected:
  void SetUp() override {
    Conversation::SetUp();
    create("t", 3);
  }
};

TEST_F(FetchTest, AnOffsetInsideABatchBringsTheWholeBatch) {
  produce("t", batch({{"a", "b", "c"}}));
  produce("t", batch({{"d"}}));
  EXPECT_EQ(fetch("t", 1).values, (Values{"a", "b", "c", "d"}));
  EXPECT_EQ(fetch("t", 3).values, (Values{"d"}));
}

TEST_F(FetchTest, TheEndIsEmptyAndBeyondItIsOutOfRange) {
  produce("t", batch({{"a"}}));
  EXPECT_EQ(fetch("t", 1), (Fetched{0, 1, 0, {}, {}}));
  const auto beyond = fetch("t", 2);
  EXPECT_EQ(beyond.error, code(Error::offset_out_of_range));
  EXPECT_EQ(beyond.high_watermark, -1);
}

TEST_F(FetchTest, EveryVersionIsAnswered) {
  produce("t", batch({{"a"}}));
  for (kafka::Version version = 4; version <= 12; version++)
    EXPECT_EQ(read(wire->call<kafka::FetchResponse>(fetch_request("t", 0), version)).values, Values{"a"})
        << version;
}

TEST_F(FetchTest, Version13NamesTopicsById) {
  const auto id = create("by-id").topic_id;
  produce("by-id", batch({{"a"}}));
  auto request = fetch_request("", 0);
  request.topics[0].topic_id = id;
  for (kafka::Version version = 13; version <= 17; version++)
    EXPECT_EQ(read(wire->call<kafka::FetchResponse>(request, version)).values, Values{"a"}) << version;
  request.topics[0].topic_id[3] ^= std::byte{1};
  EXPECT_EQ(read(wire->call<kafka::FetchResponse>(request, 13)).error, code(Error::unknown_topic_id));
}

TEST_F(FetchTest, ALongPollIsWokenByTheNextRecord) {
  auto request = fetch_request("t", 0);
  request.max_wait_ms = 60'000;
  wire->send(request, 12);
  Wire other = broker->connect();
  const std::string records = batch({{"news"}});
  other.call<kafka::ProduceResponse>(produce_request("t", 0, bytes_of(records)), 9);
  EXPECT_EQ(read(wire->receive<kafka::FetchResponse>(12)).values, Values{"news"});
}

TEST_F(FetchTest, ALongPollEndsAtItsDeadline) {
  auto request = fetch_request("t", 0);
  request.max_wait_ms = 50;
  const auto before = broker->now();
  EXPECT_EQ(read(wire->call<kafka::FetchResponse>(request, 12)).values, Values{});
  EXPECT_GE(broker->now() - before, std::chrono::milliseconds(50));
}

TEST_F(FetchTest, ALongPollWaitsForAsManyBytesAsWereAskedFor) {
  auto request = fetch_request("t", 0);
  request.max_wait_ms = 60'000;
  request.min_bytes = 150;
  wire->send(request, 12);
  Wire other = broker->connect();
  const std::string records = batch({{"x"}});  // about 70 bytes
  for (int i = 0; i < 3; i++)
    other.call<kafka::ProduceResponse>(produce_request("t", 0, bytes_of(records)), 9);
  EXPECT_GE(read(wire->receive<kafka::FetchResponse>(12)).values.size(), 2u);
}

TEST_F(FetchTest, ALongPollEndsWhenItsTopicIsDeleted) {
  auto request = fetch_request("t", 0);
  request.max_wait_ms = 60'000;
  wire->send(request, 12);
  Wire other = broker->connect();
  kafka::DeleteTopicsRequest remove;
  remove.topics.push_back({"t", {}});
  other.call<kafka::DeleteTopicsResponse>(remove, 6);
  EXPECT_EQ(read(wire->receive<kafka::FetchResponse>(12)).error, code(Error::unknown_topic_or_partition));
}

TEST_F(FetchTest, AnErrorIsAnsweredAtOnce) {
  auto request = fetch_request("nobody", 0);
  request.max_wait_ms = 60'000;
  EXPECT_EQ(read(wire->call<kafka::FetchResponse>(request, 12)).error,
            code(Error::unknown_topic_or_partition));
}

TEST_F(FetchTest, TheFirstBatchComesWhateverItsSizeAndThenOnlyWhatFits) {
  const std::string large = batch({{std::string(5000, 'x')}});
  for (int i = 0; i < 3; i++) produce("t", large);
  produce("t", large, 1);
  auto request = fetch_request("t", 0);
  request.topics[0].partitions[0].partition_max_bytes = 10;
  EXPECT_EQ(read(wire->call<kafka::FetchResponse>(request, 12)).values.size(), 1u);
  request.topics[0].partitions[0].partition_max_bytes = 11'000;
  EXPECT_EQ(read(wire->call<kafka::FetchResponse>(request, 12)).values.size(), 2u);

  request.max_bytes = 6000;
  request.topics[0].partitions.push_back(request.topics[0].partitions[0]);
  request.topics[0].partitions[1].partition = 1;
  const auto response = wire->call<kafka::FetchResponse>(request, 12);
  EXPECT_EQ(read(response).values.size(), 1u);
  EXPECT_EQ(response.responses[0].partitions.at(1).records->bytes.size(), 0u) << "no room is left for it";
}

TEST_F(FetchTest, AnAnswerIsFullWithTheFirstBatchThatDoesNotFit) {
  const std::string large = batch({{std::string(5000, 'x')}});
  for (const std::int32_t partition : {0, 1}) produce("t", large, partition);
  produce("t", batch({{"small"}}), 2);
  auto request = fetch_request("t", 0);
  auto& partitions = request.topics[0].partitions;
  for (const std::int32_t partition : {1, 2}) {
    partitions.push_back(partitions[0]);
    partitions.back().partition = partition;
  }
  const auto sizes = [&] {
    std::vector<bool> came;
    const auto response = wire->call<kafka::FetchResponse>(request, 12);
    for (const auto& answer : response.responses.at(0).partitions)
      came.push_back(!answer.records->bytes.empty());
    return came;
  };
  request.max_bytes = 7000;
  EXPECT_EQ(sizes(), (std::vector<bool>{true, false, false})) << "it is the second one's turn";
  partitions[1].partition_max_bytes = 100;
  EXPECT_EQ(sizes(), (std::vector<bool>{true, false, true})) << "what the second one asked for is little";
}

TEST_F(FetchTest, AnAnswerIsNoLargerThanIsGoodUnlessMoreIsWaitedFor) {
  for (int i = 0; i < 4; i++) produce("t", batch({{std::string(900'000, 'x')}}));
  auto request = fetch_request("t", 0);
  request.max_bytes = request.topics[0].partitions[0].partition_max_bytes = 50'000'000;
  EXPECT_EQ(read(wire->call<kafka::FetchResponse>(request, 12)).values.size(), 2u) << "of 2 MiB";
  request.min_bytes = 3'000'000;
  request.max_wait_ms = 60'000;
  EXPECT_EQ(read(wire->call<kafka::FetchResponse>(request, 12)).values.size(), 4u);
}

TEST_F(FetchTest, AnAnswerWithoutRoomForMoreIsNotWaitedFor) {
  for (int i = 0; i < 4; i++) produce("t", batch({{std::string(900'000, 'x')}}));
  auto request = fetch_request("t", 0);
  request.max_bytes = request.topics[0].partitions[0].partition_max_bytes = 50'000'000;
  request.min_bytes = 2'000'000;  // two batches are less, and a third one is no longer good
  request.max_wait_ms = 20'000;
  const auto before = broker->now();
  EXPECT_EQ(read(wire->call<kafka::FetchResponse>(request, 12)).values.size(), 2u);
  EXPECT_LT(broker->now() - before, std::chrono::seconds(10));
}

TEST_F(FetchTest, LeaderEpochsAreChecked) {
  produce("t", batch({{"a"}}));
  auto request = fetch_request("t", 0);
  request.topics[0].partitions[0].current_leader_epoch = 7;
  EXPECT_EQ(read(wire->call<kafka::FetchResponse>(request, 12)).error, code(Error::unknown_leader_epoch));
  request.topics[0].partitions[0].current_leader_epoch = 0;
  request.topics[0].partitions[0].last_fetched_epoch = 0;
  EXPECT_EQ(read(wire->call<kafka::FetchResponse>(request, 12)).values, Values{"a"});
}

TEST_F(FetchTest, ASessionSaysOnlyWhatIsNew) {
  produce("t", batch({{"a"}}));
  auto request = fetch_request("t", 0);
  request.session_epoch = 0;
  for (std::int32_t p = 1; p < 3; p++) {
    request.topics[0].partitions.push_back(request.topics[0].partitions[0]);
    request.topics[0].partitions.back().partition = p;
  }
  const auto full = wire->call<kafka::FetchResponse>(request, 12);
  ASSERT_GT(full.session_id, 0);
  EXPECT_EQ(full.responses.at(0).partitions.size(), 3u);

  auto next = fetch_request("t", 1);  // partition 0 goes on, the others are as before
  next.session_id = full.session_id;
  next.session_epoch = 1;
  EXPECT_TRUE(wire->call<kafka::FetchResponse>(next, 12).responses.empty());

  produce("t", batch({{"b"}}), 2);
  kafka::FetchRequest again;
  again.session_id = full.session_id;
  again.session_epoch = 2;
  again.min_bytes = 1;
  const auto news = wire->call<kafka::FetchResponse>(again, 12);
  ASSERT_EQ(news.responses.size(), 1u);
  ASSERT_EQ(news.responses[0].partitions.size(), 1u);
  EXPECT_EQ(news.responses[0].partitions[0].partition_index, 2);
  EXPECT_EQ(read(news).values, Values{"b"});

  again.session_epoch = 2;
  EXPECT_EQ(wire->call<kafka::FetchResponse>(again, 12).error_code, code(Error::invalid_fetch_session_epoch));
  again.session_id++;
  EXPECT_EQ(wire->call<kafka::FetchResponse>(again, 12).error_code, code(Error::fetch_session_id_not_found));
}

TEST_F(FetchTest, EachTopicStandsOnceInTheAnswer) {
  create("u");
  auto request = fetch_request("t", 0);
  request.topics.push_back(fetch_request("u", 0).topics[0]);
  request.topics.push_back(fetch_request("t", 0, 1).topics[0]);
  const auto response = wire->call<kafka::FetchResponse>(request, 12);
  ASSERT_EQ(response.responses.size(), 2u);
  EXPECT_EQ(response.responses[0].partitions.size(), 2u);
}

TEST_F(FetchTest, OffsetsAreFoundByTime) {
  produce("t", batch({.values = {"a", "b", "c"}, .timestamp = 1000}));  // 1000, 1001, 1002
  produce("t", batch({.values = {"d", "e"}, .timestamp = 2000, .codec = kafka::Codec::lz4}));
  EXPECT_EQ(offset_at("t", 0), 0);
  EXPECT_EQ(offset_at("t", 1001), 1) << "the record, not its batch";
  EXPECT_EQ(offset_at("t", 1003), 3);
  EXPECT_EQ(offset_at("t", 2001), 4) << "also in a compressed batch";
  EXPECT_EQ(offset_at("t", 2002), -1) << "none reaches it";
  EXPECT_EQ(offset_at("t", -1), 5);
  EXPECT_EQ(offset_at("t", -2), 0);
  EXPECT_EQ(offset_at("t", -3), 4);
}

TEST_F(FetchTest, NothingIsTieredAndOlderClientsDoNotKnowTheWord) {
  create("t");
  produce("t", batch({.values = {"a"}}));
  const auto ask = [&](std::int64_t timestamp, kafka::Version version) {
    kafka::ListOffsetsRequest request;
    request.replica_id = -1;
    request.topics.emplace_back().name = "t";
    request.topics[0].partitions.push_back({0, -1, timestamp});
    const auto response = wire->call<kafka::ListOffsetsResponse>(request, version);
    return response.topics.at(0).partitions.at(0);
  };
  constexpr std::int64_t latest_tiered = -5, earliest_pending_upload = -6;
  EXPECT_EQ(ask(earliest_pending_upload, 11).error_code, 0);
  EXPECT_EQ(ask(earliest_pending_upload, 11).offset, -1);
  EXPECT_EQ(ask(earliest_pending_upload, 10).error_code, code(Error::unsupported_version));
  EXPECT_EQ(ask(latest_tiered, 9).offset, -1);
  EXPECT_EQ(ask(latest_tiered, 8).error_code, code(Error::unsupported_version));
}

TEST_F(FetchTest, WhoSaysToBeABrokerIsRefused) {
  create("t");
  produce("t", batch({.values = {"a"}}));
  for (const kafka::Version version : {4, 6, 7, 12, 13, 14, 15, 17}) {
    SCOPED_TRACE(version);
    auto request = fetch_request("t", 0);
    (version < 15 ? request.replica_id : request.replica_state.replica_id) = 0;
    const auto response = wire->call<kafka::FetchResponse>(request, version);
    if (version >= 7) {
      EXPECT_EQ(response.error_code, code(Error::invalid_request));
      EXPECT_TRUE(response.responses.empty());
    } else {
      EXPECT_EQ(response.responses.at(0).partitions.at(0).error_code, code(Error::invalid_request));
    }
  }
  EXPECT_EQ(fetch("t", 0).values, (std::vector<std::string>{"a"}));
}

TEST_F(FetchTest, DeletedRecordsAreGoneForGood) {
  for (const char* value : {"a", "b", "c"}) produce("t", batch({{value}}));
  kafka::DeleteRecordsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = "t";
  topic.partitions = {{0, 2}, {1, 1}, {9, 0}};
  const auto answers = wire->call<kafka::DeleteRecordsResponse>(request, 2).topics.at(0).partitions;
  EXPECT_EQ(answers.at(0).low_watermark, 2);
  EXPECT_EQ(answers.at(1).error_code, code(Error::offset_out_of_range));
  EXPECT_EQ(answers.at(2).error_code, code(Error::unknown_topic_or_partition));
  for (int restart = 0; restart < 2; restart++) {
    EXPECT_EQ(fetch("t", 0).error, code(Error::offset_out_of_range));
    EXPECT_EQ(fetch("t", 2), (Fetched{0, 3, 2, {"c"}, {2}}));
    EXPECT_EQ(offset_at("t", -2), 2);
    start();
  }
}

TEST_F(FetchTest, TheCurrentEpochEndsAtTheEndOfTheLog) {
  produce("t", batch({{"a", "b"}}));
  kafka::OffsetForLeaderEpochRequest request;
  request.topics.push_back({"t", {{0, -1, 0}, {1, -1, 5}, {9, -1, 0}}});
  const auto answers = wire->call<kafka::OffsetForLeaderEpochResponse>(request, 4).topics.at(0).partitions;
  EXPECT_EQ(answers.at(0).leader_epoch, 0);
  EXPECT_EQ(answers.at(0).end_offset, 2);
  EXPECT_EQ(answers.at(1).end_offset, -1);
  EXPECT_EQ(answers.at(2).error_code, code(Error::unknown_topic_or_partition));
}

TEST_F(FetchTest, RequestsOnOneConnectionAreAnsweredInTheirOrder) {
  auto slow = fetch_request("t", 0);
  slow.max_wait_ms = 300;
  wire->send(slow, 12);
  wire->send(kafka::ApiVersionsRequest{"test", "1"}, 3);
  EXPECT_EQ(read(wire->receive<kafka::FetchResponse>(12)).error, 0);
  EXPECT_FALSE(wire->receive<kafka::ApiVersionsResponse>(3).api_keys.empty());
}

TEST_F(FetchTest, ALongPollEndsWhenItsClientGoes) {
  auto request = fetch_request("t", 0);
  request.max_wait_ms = 3'600'000;
  const std::size_t before = host.clock.alarms();
  {
    test::VirtualWire other(*broker);
    other.send(request, 12);
    EXPECT_EQ(host.clock.alarms(), before + 1) << "it waits";
  }
  broker->loop().restart();
  broker->loop().poll();
  EXPECT_EQ(host.clock.alarms(), before) << "nobody waits for that";
}

}  // namespace
}  // namespace mq::core
