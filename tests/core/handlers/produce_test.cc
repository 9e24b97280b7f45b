// SPDX-License-Identifier: Apache-2.0
#include <boost/endian/conversion.hpp>

#include "tests/core/handlers/conversation.h"

namespace mq::core {
namespace {

using Values = std::vector<std::string>;
class ProduceTest : public Conversation {
 protected:
  void SetUp() override {
    Conversation::SetUp();
    create("t", 2);
  }
};

std::string changed(std::string batch, std::size_t at, char to, bool seal = true) {
  batch[at] = to;
  if (seal) kafka::write_checksum(reinterpret_cast<std::byte*>(batch.data()), batch.size());
  return batch;
}

TEST_F(ProduceTest, RecordsGetConsecutiveOffsetsAndComeBackAsTheyWere) {
  EXPECT_EQ(produce("t", batch({{"a", "b"}})).base_offset, 0);
  EXPECT_EQ(produce("t", batch({{"c"}})).base_offset, 2);
  const auto fetched = fetch("t", 0);
  EXPECT_EQ(fetched.values, (Values{"a", "b", "c"}));
  EXPECT_EQ(fetched.offsets, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(fetched.high_watermark, 3);
}

TEST_F(ProduceTest, EveryVersionIsAnswered) {
  for (kafka::Version version = 3; version <= 12; version++) {
    const auto answer = produce("t", batch({{"v" + std::to_string(version)}}), 0, version);
    EXPECT_EQ(answer.error_code, 0) << version;
    EXPECT_EQ(answer.base_offset, version - 3);
  }
}

TEST_F(ProduceTest, Version13NamesTopicsById) {
  const auto id = create("by-id").topic_id;
  const std::string records = batch({{"a"}});
  auto request = produce_request("", 0, bytes_of(records));
  request.topic_data[0].topic_id = id;
  auto answer = wire->call<kafka::ProduceResponse>(request, 13).responses.at(0).partition_responses.at(0);
  EXPECT_EQ(answer.error_code, 0);
  request.topic_data[0].topic_id[0] ^= std::byte{1};
  answer = wire->call<kafka::ProduceResponse>(request, 13).responses.at(0).partition_responses.at(0);
  EXPECT_EQ(answer.error_code, code(Error::unknown_topic_id));
}

TEST_F(ProduceTest, UnknownTopicsAndPartitionsAreNotCreated) {
  EXPECT_EQ(produce("nobody", batch({{"a"}})).error_code, code(Error::unknown_topic_or_partition));
  EXPECT_EQ(produce("t", batch({{"a"}}), 2).error_code, code(Error::unknown_topic_or_partition));
  EXPECT_EQ(produce("t", batch({{"a"}}), -1).error_code, code(Error::unknown_topic_or_partition));
}

TEST_F(ProduceTest, AcksZeroIsNotAnsweredAndKeepsItsPlace) {
  const std::string one = batch({{"quiet"}}), two = batch({{"loud"}});
  wire->send(produce_request("t", 0, bytes_of(one), 0), 9);
  EXPECT_EQ(produce("t", two).base_offset, 1);
}

TEST_F(ProduceTest, AnErrorUnderAcksZeroClosesTheConnection) {
  const std::string records = batch({{"a"}});
  wire->send(produce_request("nobody", 0, bytes_of(records), 0), 9);
  EXPECT_TRUE(wire->closed_by_peer());
}

TEST_F(ProduceTest, OtherAcksAreRefusedForEveryPartition) {
  const std::string records = batch({{"a"}});
  const auto answer = wire->call<kafka::ProduceResponse>(produce_request("t", 0, bytes_of(records), 2), 9);
  EXPECT_EQ(answer.responses.at(0).partition_responses.at(0).error_code, code(Error::invalid_required_acks));
  EXPECT_EQ(answer.responses.at(0).partition_responses.at(0).base_offset, -1);
}

TEST_F(ProduceTest, EachKindOfBrokenBatchHasItsError) {
  const std::string good = batch({{"a", "b"}});
  EXPECT_EQ(produce("t", changed(good, 65, 'x', false)).error_code, code(Error::corrupt_message)) << "CRC";
  EXPECT_EQ(produce("t", good.substr(0, good.size() - 1)).error_code, code(Error::corrupt_message))
      << "cut off";
  EXPECT_EQ(produce("t", good + good).error_code, code(Error::invalid_record)) << "two batches";
  EXPECT_EQ(produce("t", changed(good, 16, 1, false)).error_code, code(Error::invalid_record))
      << "an old format";
  EXPECT_EQ(produce("t", "").error_code, code(Error::invalid_record)) << "nothing";
  EXPECT_EQ(produce("t", changed(good, 7, 5)).error_code, code(Error::invalid_record)) << "a base offset";
  EXPECT_EQ(produce("t", changed(good, 60, 3)).error_code, code(Error::invalid_record))
      << "a count that lies";
  EXPECT_EQ(produce("t", changed(good, 22, 0x20)).error_code, code(Error::invalid_record))
      << "a control batch";
  EXPECT_EQ(produce("t", changed(good, 22, 0x08)).error_code, code(Error::invalid_timestamp))
      << "the log's time";
  EXPECT_EQ(produce("t", changed(good, 22, 0x07)).error_code, code(Error::unsupported_compression_type));
  EXPECT_EQ(fetch("t", 0).values, Values{}) << "nothing of all that is in the log";
}

TEST_F(ProduceTest, NullRecordsAreAnError) {
  auto request = produce_request("t", 0, {});
  request.topic_data[0].partition_data[0].records.reset();
  const auto answer = wire->call<kafka::ProduceResponse>(request, 9);
  EXPECT_EQ(answer.responses.at(0).partition_responses.at(0).error_code, code(Error::invalid_record));
}

TEST_F(ProduceTest, OneBadPartitionDoesNotStopTheOthers) {
  const std::string good = batch({{"a"}}), bad = changed(good, 65, 'x', false);
  auto request = produce_request("t", 0, bytes_of(bad));
  request.topic_data[0].partition_data.push_back({1, kafka::Records{bytes_of(good), {}}});
  const auto answers = wire->call<kafka::ProduceResponse>(request, 9).responses.at(0).partition_responses;
  EXPECT_EQ(answers.at(0).error_code, code(Error::corrupt_message));
  EXPECT_EQ(answers.at(1).error_code, 0);
  EXPECT_EQ(fetch("t", 0, 1).values, Values{"a"});
}

TEST_F(ProduceTest, ABatchAboveTheTopicsLimitIsTooLarge) {
  create("small", 1, {{"max.message.bytes", "1000"}});
  EXPECT_EQ(produce("small", batch({{std::string(2000, 'x')}})).error_code, code(Error::message_too_large));
  EXPECT_EQ(produce("small", batch({{std::string(500, 'x')}})).error_code, 0);
}

TEST_F(ProduceTest, EveryCodecIsKeptAsItCame) {
  for (const auto codec : {kafka::Codec::gzip, kafka::Codec::snappy, kafka::Codec::lz4, kafka::Codec::zstd}) {
    const std::string topic = "codec-" + std::string(kafka::name_of(codec));
    create(topic);
    const Values values(100, "the same again and again");
    EXPECT_EQ(produce(topic, batch({.values = values, .codec = codec})).error_code, 0);
    EXPECT_EQ(fetch(topic, 0).values, values);
  }
}

TEST_F(ProduceTest, ZstdNeedsProduceVersion7) {
  const std::string records = batch({.values = {"a"}, .codec = kafka::Codec::zstd});
  EXPECT_EQ(produce("t", records, 0, 6).error_code, code(Error::unsupported_compression_type));
}

TEST_F(ProduceTest, TheTopicsCompressionTypeIsHonoured) {
  create("zstd-only", 1, {{"compression.type", "zstd"}});
  const Values values(1000, "the same again and again");
  produce("zstd-only", batch({.values = values}));
  const auto response = wire->call<kafka::FetchResponse>(fetch_request("zstd-only", 0), 12);
  const auto head = kafka::BatchHead::parse(response.responses.at(0).partitions.at(0).records->bytes);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->codec(), kafka::Codec::zstd);
  EXPECT_EQ(read(response).values, values);
}

// The records of a good batch and a few bytes more, packed together: a checksum that fits, and records that
// are not as the head says.
std::string with_rubbish(const std::string& good, kafka::Codec codec) {
  std::string longer = good + "rubbish";
  auto* const bytes = reinterpret_cast<std::byte*>(longer.data());
  kafka::BatchHead head = *kafka::BatchHead::parse(bytes_of(longer));
  head.batch_length += 7;
  head.put(bytes);
  kafka::write_checksum(bytes, longer.size());
  return text_of(kafka::recompress(bytes_of(longer), codec)->bytes());
}

TEST_F(ProduceTest, RubbishBehindTheRecordsIsRefusedWhereTheTopicLooksIntoThemInAnyCodec) {
  create("compacted", 1, {{"cleanup.policy", "compact"}});
  create("bounded", 1, {{"message.timestamp.before.max.ms", "3600000"}});
  create("as-gzip", 1, {{"compression.type", "gzip"}});
  create("as-zstd", 1, {{"compression.type", "zstd"}});
  const std::string good = batch({.values = {"a", "b"}, .key = "k", .timestamp = broker->wall_ms()});
  for (const auto codec : {kafka::Codec::none, kafka::Codec::gzip, kafka::Codec::snappy, kafka::Codec::lz4,
                           kafka::Codec::zstd}) {
    const std::string bad = with_rubbish(good, codec);
    const std::string anew = codec == kafka::Codec::gzip ? "as-zstd" : "as-gzip";
    for (const std::string& topic : {std::string("compacted"), std::string("bounded"), anew}) {
      const auto refused = produce(topic, bad);
      EXPECT_EQ(refused.error_code, code(Error::invalid_record)) << topic << ", " << name_of(codec);
      EXPECT_TRUE(refused.record_errors.empty());
    }
  }
  for (const char* topic : {"compacted", "bounded", "as-gzip", "as-zstd"})
    EXPECT_EQ(fetch(topic, 0).values, Values{}) << topic;
}

TEST_F(ProduceTest, OnlyUncompressedRecordsAreLookedAtWhereTheTopicNeedsNothingOfThem) {
  const std::string good = batch({{"a"}});
  EXPECT_EQ(produce("t", with_rubbish(good, kafka::Codec::none)).error_code, code(Error::invalid_record));
  EXPECT_EQ(produce("t", with_rubbish(good, kafka::Codec::lz4)).error_code, 0) << "whoever reads it sees it";
}

TEST_F(ProduceTest, LogAppendTimeIsTheBrokers) {
  create("stamped", 1, {{"message.timestamp.type", "LogAppendTime"}});
  const auto answer = produce("stamped", batch({.values = {"a"}, .timestamp = 5}));
  EXPECT_GT(answer.log_append_time_ms, 1'600'000'000'000);
  const auto response = wire->call<kafka::FetchResponse>(fetch_request("stamped", 0), 12);
  const auto head = kafka::BatchHead::parse(response.responses.at(0).partitions.at(0).records->bytes);
  EXPECT_TRUE(head->log_append_time());
  EXPECT_EQ(head->max_timestamp, answer.log_append_time_ms);
  EXPECT_EQ(read(response).values, Values{"a"}) << "with a checksum that fits";
}

TEST_F(ProduceTest, TimestampsTooFarAheadAreRefused) {
  const auto far = broker->wall_ms() + 2 * 3'600'000;
  EXPECT_EQ(produce("t", batch({.values = {"a"}, .timestamp = far})).error_code,
            code(Error::invalid_timestamp));
}

TEST_F(ProduceTest, KeylessRecordsAreRefusedByACompactedTopic) {
  create("compacted", 1, {{"cleanup.policy", "compact"}});
  const auto answer = produce("compacted", batch({{"a", "b"}}));
  EXPECT_EQ(answer.error_code, code(Error::invalid_record));
  ASSERT_EQ(answer.record_errors.size(), 2u);
  EXPECT_EQ(answer.record_errors[1].batch_index, 1);
  EXPECT_EQ(produce("compacted", batch({.values = {"a"}, .key = "k"})).error_code, 0);
}

class IdempotentTest : public ProduceTest {
 protected:
  std::int64_t new_id() {
    return wire->call<kafka::InitProducerIdResponse>(kafka::InitProducerIdRequest{}, 4).producer_id;
  }
  auto send(std::int64_t id, std::int32_t sequence, Values values, std::int16_t epoch = 0) {
    return produce("t", batch({.values = std::move(values), .producer = {id, epoch, sequence, false}}));
  }
};

TEST_F(IdempotentTest, ADuplicateIsAnsweredWithItsFirstOffsetAndWrittenOnce) {
  const auto id = new_id();
  EXPECT_EQ(send(id, 0, {"a", "b"}).base_offset, 0);
  EXPECT_EQ(send(id, 0, {"a", "b"}).base_offset, 0);
  EXPECT_EQ(send(id, 2, {"c"}).base_offset, 2);
  EXPECT_EQ(fetch("t", 0).values, (Values{"a", "b", "c"}));
}

TEST_F(IdempotentTest, AGapInTheSequenceIsRefused) {
  const auto id = new_id();
  send(id, 0, {"a"});
  EXPECT_EQ(send(id, 2, {"c"}).error_code, code(Error::out_of_order_sequence_number));
  EXPECT_EQ(send(id, 1, {"b"}, -1).error_code, code(Error::invalid_record)) << "an id without an epoch";
}

TEST_F(IdempotentTest, ProducersAreKnownAfterARestart) {
  const auto id = new_id();
  send(id, 0, {"a"});
  send(id, 1, {"b"});
  start();
  EXPECT_EQ(send(id, 1, {"b"}).base_offset, 1) << "still a duplicate";
  EXPECT_EQ(send(id, 2, {"c"}).base_offset, 2);
  EXPECT_EQ(fetch("t", 0).values, (Values{"a", "b", "c"}));
}

// Of several requests under way, all refused or unanswered when it was stopped, a later one may come first.
TEST_F(IdempotentTest, AGapRightAfterARestartIsNoFaultOfTheProducer) {
  const auto id = new_id(), unseen = new_id();
  send(id, 0, {"a"});
  start();
  EXPECT_EQ(send(id, 2, {"c"}).error_code, code(Error::not_leader_or_follower));
  EXPECT_EQ(send(unseen, 1, {"b"}).error_code, code(Error::not_leader_or_follower));
  EXPECT_EQ(send(id, 1, {"b"}).base_offset, 1);
  create("new");
  EXPECT_EQ(produce("new", batch({.values = {"d"}, .producer = {unseen, 0, 0, false}})).error_code, 0);
  EXPECT_EQ(produce("new", batch({.values = {"d"}, .producer = {unseen, 0, 2, false}})).error_code,
            code(Error::out_of_order_sequence_number));
}

TEST_F(IdempotentTest, IdsAreNeverGivenTwice) {
  const auto before = new_id();
  EXPECT_GT(new_id(), before);
  start();
  EXPECT_GT(new_id(), before + 1);
}

TEST_F(IdempotentTest, DescribeProducersTellsWhoIsThere) {
  const auto id = new_id();
  send(id, 0, {"a", "b"});
  kafka::DescribeProducersRequest request;
  request.topics.push_back({"t", {0, 9}});
  const auto answer = wire->call<kafka::DescribeProducersResponse>(request, 0).topics.at(0);
  ASSERT_EQ(answer.partitions.at(0).active_producers.size(), 1u);
  EXPECT_EQ(answer.partitions[0].active_producers[0].producer_id, id);
  EXPECT_EQ(answer.partitions[0].active_producers[0].last_sequence, 1);
  EXPECT_EQ(answer.partitions.at(1).error_code, code(Error::unknown_topic_or_partition));
}

TEST_F(ProduceTest, WhoWantsAllIsAnsweredAtItsDeadlineAndWhatWasWrittenStays) {
  const std::string late = batch({{"late"}}), in_time = batch({{"in time"}});
  broker->hold();
  wire->send(produce_request("t", 0, bytes_of(late)), 9);
  const Time sent = broker->now();
  auto answer = wire->receive<kafka::ProduceResponse>(9).responses.at(0).partition_responses.at(0);
  EXPECT_EQ(answer.error_code, code(Error::request_timed_out));
  EXPECT_EQ(answer.base_offset, -1);
  EXPECT_EQ(broker->now() - sent, std::chrono::seconds(10));
  broker->release();
  EXPECT_EQ(fetch("t", 0).values, Values{"late"});
  EXPECT_EQ(produce("t", in_time).base_offset, 1);
}

TEST_F(ProduceTest, WhoWantsTheLeaderAloneOrSetsNoDeadlineWaits) {
  const std::string one = batch({{"a"}});
  auto for_leader = produce_request("t", 0, bytes_of(one), 1),
       for_ever = produce_request("t", 1, bytes_of(one));
  for_leader.timeout_ms = 1;
  for_ever.timeout_ms = 0;
  broker->hold();
  wire->send(for_leader, 9);
  wire->send(for_ever, 9);
  broker->pass(std::chrono::minutes(1));
  broker->release();
  for (int i = 0; i < 2; i++)
    EXPECT_EQ(wire->receive<kafka::ProduceResponse>(9).responses.at(0).partition_responses.at(0).error_code,
              0);
}

}  // namespace
}  // namespace mq::core
