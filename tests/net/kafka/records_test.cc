// SPDX-License-Identifier: Apache-2.0
// What lies in the keys and values of the coordinators' records, against bytes written by others.
#include <gtest/gtest.h>

#include "net/kafka/records/consumer_group.h"
#include "net/kafka/records/consumer_protocol.h"
#include "net/kafka/records/control_record.h"
#include "net/kafka/records/framing.h"
#include "net/kafka/records/group_metadata.h"
#include "net/kafka/records/offset_commit.h"
#include "net/kafka/records/transaction_log.h"
#include "tests/net/kafka/golden.h"
#include "tests/net/kafka/json_of.h"

namespace mq::kafka::records_test {

namespace {

namespace json = boost::json;

struct Vector {
  Version version;
  json::value value;
  Bytes bytes;  // with the number in front
  bool encodes;
};

// Kafka writes a null here although it is what nobody would miss; we leave it out, and read both.
template <class R>
constexpr bool leaves_out_nulls = std::is_same_v<R, ConsumerGroupMemberMetadataValue> ||
                                  std::is_same_v<R, ConsumerGroupCurrentMemberAssignmentValue>;

template <class R>
std::vector<Vector> vectors_of() {
  std::vector<Vector> out;
  const auto file = golden::folder() / "vectors-populated" / (std::string(Describe<R>::name) + ".json");
  const auto list = golden::load(file);
  for (const auto& entry : list.as_array()) {
    const auto version = static_cast<Version>(entry.at("version").as_int64());
    Version first = version;
    if constexpr (RecordKey<R>) first = Describe<R>::type;
    Bytes bytes{static_cast<std::byte>(first >> 8), static_cast<std::byte>(first & 0xff)};
    const auto body = golden::bytes_of_hex(entry.at("hex").as_string());
    bytes.insert(bytes.end(), body.begin(), body.end());
    const auto kind = entry.at("kind").as_string();
    const bool encodes = kind != "unknown_tags" && !(leaves_out_nulls<R> && kind == "nulls");
    out.push_back({version, entry.at("json_value"), bytes, encodes});
  }
  return out;
}

template <class R>
net::Result<R> decoded(net::Bytes bytes) {
  if constexpr (RecordKey<R>) {
    return decode_key<R>(bytes);
  } else {
    return decode_value<R>(bytes);
  }
}

template <class R>
Bytes encoded(const R& record, Version version) {
  if constexpr (RecordKey<R>) {
    return encode_key(record);
  } else {
    return encode_value(record, version);
  }
}

bool same(const json::value& ours, const json::value& theirs) {
  if (ours.is_int64() && theirs.is_number()) return ours.as_int64() == theirs.to_number<std::int64_t>();
  if (ours.is_array() && theirs.is_array())
    return std::ranges::equal(ours.as_array(), theirs.as_array(), same);
  if (!ours.is_object() || !theirs.is_object()) return ours == theirs;
  return std::ranges::all_of(ours.as_object(), [&](const auto& entry) {
    const auto* other = theirs.as_object().if_contains(entry.key());
    return other && same(entry.value(), *other);
  });
}

using Records =
    testing::Types<OffsetCommitKey, OffsetCommitValue, GroupMetadataKey, GroupMetadataValue,
                   TransactionLogKey, TransactionLogValue, ConsumerGroupMetadataKey,
                   ConsumerGroupMetadataValue, ConsumerGroupMemberMetadataKey,
                   ConsumerGroupMemberMetadataValue, ConsumerGroupTargetAssignmentMetadataKey,
                   ConsumerGroupTargetAssignmentMetadataValue, ConsumerGroupTargetAssignmentMemberKey,
                   ConsumerGroupTargetAssignmentMemberValue, ConsumerGroupCurrentMemberAssignmentKey,
                   ConsumerGroupCurrentMemberAssignmentValue, ConsumerGroupRegularExpressionKey,
                   ConsumerGroupRegularExpressionValue, ConsumerProtocolSubscription,
                   ConsumerProtocolAssignment, ControlRecordKey, EndTxnMarker>;

struct Names {
  template <class R>
  static std::string GetName(int) {
    return std::string(Describe<R>::name);
  }
};

template <class R>
class GoldenRecord : public testing::Test {};
TYPED_TEST_SUITE(GoldenRecord, Records, Names);

TYPED_TEST(GoldenRecord, BytesDecodeToTheirValuesAndEncodeBackToThemselves) {
  MQ_NEEDS_GOLDEN_BYTES();
  for (const Vector& vector : vectors_of<TypeParam>()) {
    SCOPED_TRACE("v" + std::to_string(vector.version));
    const auto record = decoded<TypeParam>(vector.bytes);
    ASSERT_TRUE(record);
    const auto ours = golden::json_of(*record, vector.version);
    EXPECT_TRUE(same(ours, vector.value)) << "ours   " << ours << "\ntheirs " << vector.value;
    EXPECT_EQ(*decoded<TypeParam>(encoded(*record, vector.version)), *record);
    if (vector.encodes) {
      EXPECT_EQ(golden::hex_of(encoded(*record, vector.version)), golden::hex_of(vector.bytes));
    }
  }
}

TYPED_TEST(GoldenRecord, BytesCutOffAnywhereAreAnError) {
  MQ_NEEDS_GOLDEN_BYTES();
  for (const Vector& vector : vectors_of<TypeParam>())
    for (std::size_t n = 0; n < vector.bytes.size(); n++)
      ASSERT_FALSE(decoded<TypeParam>(net::Bytes(vector.bytes).first(n))) << n << " bytes";
}

TEST(Record, AKeyIsItsTypeAndItsFields) {
  const GroupMetadataKey key{"g"};
  EXPECT_EQ(golden::hex_of(encode_key(key)), "0002000167");
  EXPECT_EQ(*decode_key<GroupMetadataKey>(encode_key(key)), key);
}

TEST(Record, AKeyOfAnotherTypeIsAnError) {
  const Bytes bytes = encode_key(GroupMetadataKey{"g"});
  EXPECT_EQ(first_number(bytes), 2);
  EXPECT_FALSE(decode_key<TransactionLogKey>(bytes));
  EXPECT_FALSE(first_number(net::Bytes(bytes).first(1)));
}

TEST(Record, AVersionNobodyKnowsIsNotSupported) {
  const Bytes newer = encode_value(OffsetCommitValue{}, 5);
  EXPECT_EQ(decode_value<OffsetCommitValue>(newer).error(), boost::system::errc::not_supported);
}

TEST(Record, ANewerSubscriptionIsReadAsTheLastWeKnow) {
  ConsumerProtocolSubscription subscription;
  subscription.topics = {"orders"};
  subscription.rack_id = "a";
  Bytes bytes = encode_value(subscription, 3);
  bytes[1] = std::byte{7};
  bytes.insert(bytes.end(), 10, std::byte{1});  // what version 7 appended
  EXPECT_EQ(*decode_value<ConsumerProtocolSubscription>(bytes), subscription);
}

TEST(Record, AMarkerOfTransactionVersionTwoIsFlexible) {
  const EndTxnMarker marker{3};
  EXPECT_EQ(golden::hex_of(encode_value(marker, 0)), "000000000003");
  EXPECT_EQ(golden::hex_of(encode_value(marker, 1)), "00010000000300");
  EXPECT_EQ(*decode_value<EndTxnMarker>(encode_value(marker, 1)), marker);
}

TEST(Record, ANegativeVersionIsNotSupported) {
  Bytes bytes = encode_value(ConsumerProtocolSubscription{}, 0);
  bytes[0] = std::byte{0xff};
  EXPECT_EQ(decode_value<ConsumerProtocolSubscription>(bytes).error(), boost::system::errc::not_supported);
}

}  // namespace

}  // namespace mq::kafka::records_test
