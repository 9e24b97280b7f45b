// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <sstream>

#include "net/kafka/codec_definitions.h"
#include "net/kafka/messages/api_versions.h"
#include "net/kafka/messages/describe_topic_partitions.h"
#include "net/kafka/messages/fetch.h"
#include "net/kafka/messages/metadata.h"
#include "net/kafka/messages/produce.h"
#include "net/kafka/print.h"
#include "tests/net/kafka/golden.h"

namespace mq::kafka {

namespace {

Bytes flat(const net::Pieces& pieces) {
  Bytes out;
  for (const auto& piece : pieces) {
    const std::byte* from = piece.memory.get() + piece.position;
    out.insert(out.end(), from, from + piece.size);
  }
  return out;
}

net::Piece piece_of(std::string_view text) {
  const auto memory = std::make_shared<std::string>(text);
  return {{memory, reinterpret_cast<const std::byte*>(memory->data())}, nullptr, 0, text.size()};
}

net::Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

FetchResponse response_with(std::vector<Records> records) {
  FetchResponse response;
  auto& topic = response.responses.emplace_back();
  for (auto& r : records) topic.partitions.emplace_back().records = std::move(r);
  return response;
}

TEST(Codec, AMessageTravelsUnchangedInEveryVersionThatCarriesAllOfIt) {
  MetadataRequest request;
  request.topics.emplace().push_back({{}, "orders"});
  request.allow_auto_topic_creation = false;
  for (Version v = 4; v <= 12; v++) {
    const auto back = decode<MetadataRequest>(encode(request, v), v);
    ASSERT_TRUE(back) << v;
    EXPECT_EQ(*back, request) << v;
  }
}

TEST(Codec, AFieldThatAVersionDoesNotCarryKeepsItsDefault) {
  MetadataRequest request;
  request.allow_auto_topic_creation = false;
  EXPECT_TRUE(decode<MetadataRequest>(encode(request, 3), 3)->allow_auto_topic_creation);
}

TEST(Codec, NullBecomesEmptyInVersionsThatDoNotKnowNull) {
  EXPECT_EQ(golden::hex_of(encode(MetadataRequest{}, 0)), "00000000");
  EXPECT_EQ(golden::hex_of(encode(MetadataRequest{}, 1)), "ffffffff");
}

TEST(Codec, TheRecordsOfAFetchResponseAreNeverNull) {
  FetchResponse response = response_with({Records{}});
  response.responses[0].partitions[0].records.reset();
  const auto old = encode(response, 11);
  EXPECT_EQ(golden::hex_of(net::Bytes(old).last(4)), "00000000");
  const auto flexible = encode(response, 16);
  EXPECT_EQ(golden::hex_of(net::Bytes(flexible).last(4)), "01000000")
      << "empty records, then three times no tags";
}

TEST(Codec, RecordsInPiecesGoOutUntouchedBetweenWhatIsWritten) {
  const net::Piece first = piece_of("first"), second = piece_of("second"),
                   file{nullptr, std::make_shared<int>(7), 99, 1000};
  const auto response = response_with({{{}, {first, file}}, {}, {{}, {second}}});
  for (const Version v : {4, 11, 12, 16}) {
    const auto pieces = encode_frame(1, response, v);
    ASSERT_EQ(pieces.size(), v < 12 ? 5u : 6u) << "tags follow the last records, v" << v;
    EXPECT_EQ(pieces[1].memory, first.memory);
    EXPECT_EQ(pieces[2].file, file.file);
    EXPECT_EQ(pieces[2].position, 99u);
    EXPECT_EQ(pieces[4].memory, second.memory);
    const auto length =
        boost::endian::load_big_u32(reinterpret_cast<const unsigned char*>(pieces[0].memory.get()));
    EXPECT_EQ(length + 4, net::size_of(pieces));
  }
}

TEST(Codec, RecordsInPiecesReadBackAsTheSameBytes) {
  const auto response = response_with({{{}, {piece_of("first"), piece_of("more")}}});
  for (const Version v : {4, 12}) {
    const Bytes body = encode(response, v);
    const auto back = decode<FetchResponse>(body, v);
    ASSERT_TRUE(back);
    EXPECT_TRUE(std::ranges::equal(back->responses[0].partitions[0].records->bytes, bytes_of("firstmore")));
  }
}

TEST(Codec, DecodedRecordsAreAViewIntoTheFrame) {
  const auto response = response_with({{bytes_of("batches"), {}}});
  const Bytes body = encode(response, 11);
  const auto view = decode<FetchResponse>(body, 11)->responses[0].partitions[0].records->bytes;
  EXPECT_GE(view.data(), body.data());
  EXPECT_LT(view.data(), body.data() + body.size());
}

TEST(Codec, AResponseIsOneFrameWithItsLengthAndCorrelationIdFirst) {
  const DescribeTopicPartitionsResponse response;
  const Bytes frame = flat(encode_frame(0x01020304, response, 0));
  EXPECT_EQ(golden::hex_of(net::Bytes(frame).first(9)),
            "0000000c"
            "01020304"
            "00");
  EXPECT_EQ(frame.size(), 16u);
}

TEST(Codec, ApiVersionsIsAnsweredWithoutTagsInTheHeader) {
  const ApiVersionsResponse response;
  const Bytes frame = flat(encode_frame(5, response, 3));
  EXPECT_EQ(frame.size(), 8 + size(response, 3));
}

TEST(Codec, BytesAfterAMessageAreTolerated) {
  Bytes body = encode(MetadataRequest{}, 12);
  body.resize(body.size() + 3);
  EXPECT_TRUE(decode<MetadataRequest>(body, 12));
}

TEST(Codec, ACountLargerThanTheBytesThatAreLeftIsAnError) {
  for (const auto* hex : {"7fffffff", "00000002", "80000000"})
    EXPECT_FALSE(decode<MetadataRequest>(golden::bytes_of_hex(hex), 0)) << hex;
  EXPECT_FALSE(decode<MetadataRequest>(golden::bytes_of_hex("ffffffff0f"), 9))
      << "a compact count of 2^32 - 2";
  EXPECT_FALSE(decode<MetadataRequest>(golden::bytes_of_hex("ffffffffff01"), 9)) << "a varint of six bytes";
}

TEST(Codec, AnArrayWhoseElementsAreLargerThanTheirBytesIsRefusedBeforeItIsMade) {
  constexpr std::size_t elements = 100u << 20;  // a byte each, and 96 in memory
  Bytes body(elements + 16);
  for (std::size_t i = 0; i < 4; i++) body[i] = static_cast<std::byte>(elements >> (24 - 8 * i));
  EXPECT_FALSE(decode<MetadataRequest>(body, 0));
}

TEST(Codec, ManyShortNamesAreNotTakenForAnAttack) {
  MetadataRequest request;
  request.topics.emplace().resize(200'000, {{}, "t"});
  for (const Version v : {0, 9}) EXPECT_TRUE(decode<MetadataRequest>(encode(request, v), v));
}

// A loop that serves many decodes what is small, and leaves the rest to others.
TEST(Codec, WhatTakesMoreEffortThanMayBeSpentIsGivenUp) {
  MetadataRequest request;
  request.topics.emplace(100, MetadataRequest::MetadataRequestTopic{{}, "t"});
  const Bytes bytes = encode(request, 9);
  EXPECT_EQ(*decode<MetadataRequest>(bytes, 9, 100), request);
  EXPECT_EQ(decode<MetadataRequest>(bytes, 9, 99).error(), boost::system::errc::value_too_large);

  MetadataResponse response;
  response.topics.resize(10);
  for (auto& topic : response.topics) topic.partitions.resize(10);
  EXPECT_FALSE(encode_frame(1, response, 9, 110).empty());
  EXPECT_TRUE(encode_frame(1, response, 9, 109).empty());
}

TEST(Codec, LongTextsTakeEffortToo) {
  MetadataRequest request;
  request.topics.emplace(1, MetadataRequest::MetadataRequestTopic{{}, std::string(30'000, 'x')});
  EXPECT_EQ(decode<MetadataRequest>(encode(request, 9), 9, 50).error(), boost::system::errc::value_too_large);
  EXPECT_TRUE(decode<MetadataRequest>(encode(request, 9), 9, 100));
}

TEST(Codec, TagsThatNobodyKnowsTakeEffort) {
  Bytes bytes = encode(MetadataRequest{}, 9);
  bytes.pop_back();
  bytes.insert(bytes.end(), {std::byte{0xff}, std::byte{0x07}});  // 1023 of them
  for (int i = 0; i < 1023; i++) bytes.insert(bytes.end(), {std::byte{77}, std::byte{0}});
  EXPECT_TRUE(decode<MetadataRequest>(bytes, 9));
  EXPECT_EQ(decode<MetadataRequest>(bytes, 9, 1000).error(), boost::system::errc::value_too_large);
}

TEST(Codec, TagsThatNobodyKnowsAreSkipped) {
  Bytes body = encode(DescribeTopicPartitionsRequest{}, 0);
  body.back() = std::byte{1};  // one tag: number 1000, three bytes
  for (const int b : {0xe8, 0x07, 3, 1, 2, 3}) body.push_back(static_cast<std::byte>(b));
  const auto request = decode<DescribeTopicPartitionsRequest>(body, 0);
  ASSERT_TRUE(request);
  EXPECT_EQ(*request, DescribeTopicPartitionsRequest{});
  body.pop_back();
  EXPECT_FALSE(decode<DescribeTopicPartitionsRequest>(body, 0)) << "the tag is cut off";
}

TEST(Codec, ATagMustNotReadPastItsOwnSize) {
  Bytes body = encode(FetchRequest{}, 15);
  body.back() = std::byte{1};
  for (const int b : {0, 2, 5, 0x61, 0x62, 0x63, 0x64})
    body.push_back(static_cast<std::byte>(b));  // a text of 4 in 2 bytes
  EXPECT_FALSE(decode<FetchRequest>(body, 15));
}

TEST(Codec, ATextTooLongForItsLengthIsCutNotBroken) {
  ProduceResponse response;
  auto& partition = response.responses.emplace_back().partition_responses.emplace_back();
  partition.error_message = std::string(40'000, 'x');
  EXPECT_EQ(decode<ProduceResponse>(encode(response, 8), 8)
                ->responses[0]
                .partition_responses[0]
                .error_message->size(),
            32'767u);
  EXPECT_EQ(decode<ProduceResponse>(encode(response, 9), 9)
                ->responses[0]
                .partition_responses[0]
                .error_message->size(),
            40'000u);
}

TEST(Codec, AMessagePrintsAsOneLineThatAPeerCannotBreak) {
  MetadataRequest request;
  request.topics.emplace().push_back({{}, "a\n\"b\""});
  std::ostringstream out;
  print(out, request);
  EXPECT_EQ(out.str().find('\n'), std::string::npos);
  EXPECT_NE(out.str().find(R"(name: "a\x0a\"b\"")"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("topic_id: AAAAAAAAAAAAAAAAAAAAAA"), std::string::npos) << out.str();
}

}  // namespace

}  // namespace mq::kafka
