// SPDX-License-Identifier: Apache-2.0
// A batch that no reader can read: who stops at it says where, and how to go on.
#include <gmock/gmock.h>

#include "net/kafka/messages/every.h"
#include "net/kafka/record_batch.h"
#include "tests/cli/support/group_command.h"

namespace mq::cli {
namespace {

using testing::HasSubstr;

class UnreadableBatch : public GroupCommand {
 protected:
  // Three offsets whose content unpacks to what are no records.
  void append_unreadable(const std::string& topic) {
    constexpr std::string_view garbage =
        "these are no records, and nobody looks into them before they are read";
    const auto packed =
        kafka::compress(kafka::Codec::zstd, std::as_bytes(std::span(garbage)), 0, kafka::BatchHead::bytes);
    kafka::BatchHead head;
    head.attributes = static_cast<std::int16_t>(kafka::Codec::zstd);
    head.record_count = 3;
    head.last_offset_delta = 2;
    head.base_timestamp = head.max_timestamp = 1'700'000'000'000;
    head.batch_length = static_cast<std::int32_t>(packed->size - kafka::BatchHead::size_before_length);
    head.put(packed->data.get());
    kafka::write_checksum(packed->data.get(), packed->size);
    kafka::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 10'000;
    request.topic_data.emplace_back().name = topic;
    request.topic_data.back().partition_data.push_back({0, kafka::Records{packed->bytes(), {}}});
    test::Wire wire(broker_.port());
    const auto response = wire.call<kafka::ProduceResponse>(request, 9);
    ASSERT_EQ(response.responses.at(0).partition_responses.at(0).error_code, 0);
  }
};

TEST_F(UnreadableBatch, AReaderNamesItAndTheWayOn) {
  fill("t", "a\n");
  append_unreadable("t");
  fill("t", "b\n");
  EXPECT_EQ(run({"consume", "t", "-e"}), Exit::failed);
  EXPECT_EQ(out(), "a\n");
  EXPECT_THAT(err(), HasSubstr("t[0]@1"));
  EXPECT_THAT(err(), HasSubstr("mq consume t -p 0 --start-at 0=4"));
  EXPECT_EQ(run({"consume", "t", "-p", "0", "--start-at", "0=4", "-e"}), Exit::ok) << err();
  EXPECT_EQ(out(), "b\n");
}

TEST_F(UnreadableBatch, IsPassedOverWhenAsked) {
  fill("t", "a\n");
  append_unreadable("t");
  fill("t", "b\n");
  EXPECT_EQ(run({"consume", "t", "-e", "--on-error", "skip"}), Exit::ok) << err();
  EXPECT_EQ(out(), "a\nb\n");
  EXPECT_THAT(err(), HasSubstr("the batch at t[0]@1 cannot be read"));
}

TEST_F(UnreadableBatch, AGroupNamesItAndTheWayOn) {
  fill("t", "a\n");
  append_unreadable("t");
  fill("t", "b\n");
  EXPECT_EQ(run({"consume", "t", "-g", "g", "-e"}), Exit::failed);
  EXPECT_THAT(err(), HasSubstr("mq group seek g --to 4 -t t:0"));
  EXPECT_EQ(run({"group", "seek", "g", "--to", "4", "-t", "t:0", "-y"}), Exit::ok) << err();
  EXPECT_EQ(run({"consume", "t", "-g", "g", "-e"}), Exit::ok) << err();
  EXPECT_EQ(out(), "b\n");
}

}  // namespace
}  // namespace mq::cli
