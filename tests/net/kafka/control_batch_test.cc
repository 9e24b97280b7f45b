// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/control_batch.h"

#include "tests/net/kafka/golden.h"

namespace mq::kafka {
namespace {

TEST(ControlBatch, AMarkerIsReadAsItWasWritten) {
  for (const bool commit : {false, true}) {
    const auto batch = marker_batch(7, 3, {commit, 12}, 1'000);
    const auto head = BatchHead::parse(batch.bytes());
    ASSERT_TRUE(head);
    EXPECT_TRUE(head->is_control() && head->is_transactional());
    EXPECT_EQ(head->producer_id, 7);
    EXPECT_EQ(head->producer_epoch, 3);
    EXPECT_EQ(head->base_sequence, -1);
    EXPECT_EQ(head->record_count, 1);
    EXPECT_EQ(read_marker(batch.bytes()), (Marker{commit, 12}));
  }
}

TEST(ControlBatch, WhatIsDamagedOrNoMarkerIsNone) {
  const auto marker = marker_batch(7, 3, {true, 12}, 1'000);
  for (std::size_t n = 0; n < marker.size; n++) EXPECT_FALSE(read_marker(marker.bytes().first(n))) << n;
  std::vector<std::byte> damaged(marker.bytes().begin(), marker.bytes().end());
  damaged[70] ^= std::byte{1};
  EXPECT_FALSE(read_marker(damaged));

  BatchBuilder builder(100);
  builder.append(0, std::as_bytes(std::span("key")), std::nullopt);
  EXPECT_FALSE(read_marker(builder.finish().bytes())) << "records of a producer";
}

TEST(ControlBatch, MarkersAreKafkasByteForByte) {
  MQ_NEEDS_GOLDEN_BYTES();
  const auto file = golden::load(golden::folder() / "vectors-records.json");
  for (const auto& vector : file.at("vectors").as_array()) {
    if (vector.at("name").as_string() != "committed_transaction_control_batch") continue;
    const auto theirs = golden::bytes_of_hex(std::string(vector.at("hex").as_string()));
    const auto head = *BatchHead::parse(theirs);
    const auto marker = read_marker(theirs);
    ASSERT_TRUE(marker);
    EXPECT_TRUE(marker->commit);
    const auto ours = marker_batch(head.producer_id, head.producer_epoch, *marker, head.max_timestamp);
    stamp(ours.data.get(), head.base_offset, head.partition_leader_epoch);
    EXPECT_EQ(golden::hex_of(ours.bytes()), golden::hex_of(theirs));
    return;
  }
  FAIL() << "there is no such vector";
}

}  // namespace
}  // namespace mq::kafka
