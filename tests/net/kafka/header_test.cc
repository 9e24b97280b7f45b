// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/header.h"

#include <gtest/gtest.h>

#include "net/kafka/messages/api_versions.h"
#include "net/kafka/messages/fetch.h"
#include "net/kafka/messages/metadata.h"
#include "tests/net/kafka/golden.h"

namespace mq::kafka {

namespace {

// A request's frame without its length, as a server is given it.
template <class M>
Bytes frame_of(const M& m, Version v, std::optional<std::string> client_id) {
  const auto pieces = encode_request(77, client_id, m, v);
  const std::byte* from = pieces[0].memory.get();
  return {from + 4, from + pieces[0].size};
}

TEST(Header, ARequestSaysWhatItIsAndWhereItsMessageBegins) {
  for (const Version v : {8, 9}) {
    const Bytes frame = frame_of(MetadataRequest{}, v, "client");
    const auto header = parse_request_header(frame);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->api_key, 3);
    EXPECT_EQ(header->api_version, v);
    EXPECT_EQ(header->correlation_id, 77);
    EXPECT_EQ(header->client_id, "client");
    EXPECT_EQ(header->api->name, "Metadata");
    EXPECT_EQ(header->body_at, v == 8 ? 16u : 17u);
    EXPECT_EQ(*decode<MetadataRequest>(net::Bytes(frame).subspan(header->body_at), v), MetadataRequest{});
  }
}

TEST(Header, TheClientIdMayBeNullOrEmpty) {
  EXPECT_EQ(parse_request_header(frame_of(FetchRequest{}, 12, std::nullopt))->client_id, std::nullopt);
  EXPECT_EQ(parse_request_header(frame_of(FetchRequest{}, 12, ""))->client_id, "");
}

TEST(Header, TagsInAHeaderAreSkipped) {
  const auto frame = golden::bytes_of_hex(
      "0003"
      "0009"
      "00000001"
      "ffff"
      "01"
      "e80703010203"
      "aa");
  const auto header = parse_request_header(frame);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->body_at, frame.size() - 1);
}

TEST(Header, AHeaderOfTagsWithoutEndIsRefused) {
  auto frame = golden::bytes_of_hex("0003000900000001ffff");
  frame.insert(frame.end(), {std::byte{0xd0}, std::byte{0x0f}});  // 2000 of them
  for (int i = 0; i < 2000; i++) frame.insert(frame.end(), {std::byte{77}, std::byte{0}});
  EXPECT_FALSE(parse_request_header(frame));
}

TEST(Header, AnUnknownKeyIsReportedNotRefused) {
  const auto header =
      parse_request_header(golden::bytes_of_hex("03e7"
                                                "0001"
                                                "00000005"
                                                "ff"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->api, nullptr);
  EXPECT_EQ(header->api_key, 999);
  EXPECT_EQ(header->correlation_id, 5);
}

TEST(Header, AVersionFromTheFutureIsReadAsFarAsEveryVersionIsTheSame) {
  const auto header =
      parse_request_header(golden::bytes_of_hex("0012"
                                                "0063"
                                                "00000005"
                                                "cafe"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->api->name, "ApiVersions");
  EXPECT_FALSE(header->api->valid.has(header->api_version));
  EXPECT_EQ(header->correlation_id, 5);
}

TEST(Header, AFrameCutOffInItsHeaderIsBroken) {
  const Bytes whole = frame_of(MetadataRequest{}, 9, "client");
  const std::size_t body_at = parse_request_header(whole)->body_at;
  for (std::size_t n = 0; n < body_at; n++)
    EXPECT_FALSE(parse_request_header(net::Bytes(whole).first(n))) << n;
}

TEST(Header, ALyingLengthIsBroken) {
  EXPECT_FALSE(
      parse_request_header(golden::bytes_of_hex("0003"
                                                "0001"
                                                "00000001"
                                                "7fff"
                                                "00")));
  EXPECT_FALSE(
      parse_request_header(golden::bytes_of_hex("0003"
                                                "0001"
                                                "00000001"
                                                "fffe"
                                                "00")));
}

TEST(Header, AResponsesHeaderHasTagsWhereItsMessageHas) {
  const auto frame = golden::bytes_of_hex("0000000700aabbccdd");
  EXPECT_EQ(parse_response_header(frame, 3, 8)->body_at, 4u);
  EXPECT_EQ(parse_response_header(frame, 3, 9)->body_at, 5u);
  EXPECT_EQ(parse_response_header(frame, 3, 9)->correlation_id, 7);
  EXPECT_EQ(parse_response_header(frame, 18, 3)->body_at, 4u) << "ApiVersions never has";
  EXPECT_FALSE(parse_response_header(net::Bytes(frame).first(3), 3, 8));
}

TEST(Apis, TheTableFollowsFromTheMessages) {
  const Api* fetch = find_api(1);
  ASSERT_NE(fetch, nullptr);
  EXPECT_EQ(fetch->name, "Fetch");
  EXPECT_EQ(fetch->valid, (Versions{4, 18}));
  EXPECT_EQ(fetch->flexible, since(12));
  EXPECT_EQ(find_api(47)->flexible, never) << "OffsetDelete never is";
  EXPECT_EQ(find_api(4), nullptr);
  EXPECT_EQ(find_api(-1), nullptr);
}

}  // namespace

}  // namespace mq::kafka
