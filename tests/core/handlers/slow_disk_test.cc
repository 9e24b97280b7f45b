// SPDX-License-Identifier: Apache-2.0
// Conversations with coordinators while the disk takes its time.
#include <gmock/gmock.h>

#include "tests/core/handlers/group_conversation.h"

namespace mq::core {
namespace {

class SlowDiskTest : public GroupsTest {
 protected:
  void SetUp() override {
    start();
    create("t", 4);
    EXPECT_EQ(commit({.offset = 5}), 0);
  }

  // A commit that was accepted and is on its way to the disk.
  void begin_commit(const std::string& group, std::int64_t offset) {
    broker->hold();
    kafka::OffsetCommitRequest request;
    request.group_id = group;
    request.generation_id_or_member_epoch = -1;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    topic.partitions.push_back({0, offset, 0, ""});
    wire->send(request, 8);
    broker->wait_for_sync();
  }
  void end_commit() {
    const auto answer = wire->receive<kafka::OffsetCommitResponse>(8);
    EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, 0);
  }
  // Asked by somebody else before the disk goes on; answered when it may be.
  template <class Response, class Request>
  Response ask_meanwhile(const Request& request, kafka::Version version) {
    Wire other = broker->connect();
    other.send(request, version);
    broker->connect().call<kafka::ApiVersionsResponse>(kafka::ApiVersionsRequest{}, 2);
    broker->release();
    return other.receive<Response>(version);
  }
  static kafka::OffsetFetchRequest fetch_request(bool stable) {
    kafka::OffsetFetchRequest request;
    request.group_id = "g";
    request.require_stable = stable;
    auto& topic = request.topics.emplace().emplace_back();
    topic.name = "t";
    topic.partition_indexes = {0};
    return request;
  }
};

TEST_F(SlowDiskTest, WhoAsksForStableOffsetsSeesWhatWasAcceptedBefore) {
  begin_commit("g", 6);
  const auto fetched = ask_meanwhile<kafka::OffsetFetchResponse>(fetch_request(true), 7);
  EXPECT_EQ(fetched.topics.at(0).partitions.at(0).committed_offset, 6);
  end_commit();
}

TEST_F(SlowDiskTest, WhoDoesNotIsToldAtOnceWhatIsDurable) {
  begin_commit("g", 6);
  const auto fetched = broker->connect().call<kafka::OffsetFetchResponse>(fetch_request(false), 7);
  EXPECT_EQ(fetched.topics.at(0).partitions.at(0).committed_offset, 5);
  broker->release();
  end_commit();
}

TEST_F(SlowDiskTest, ADeletionOfOffsetsMeansThoseThatWereAcceptedBefore) {
  begin_commit("fresh", 6);
  kafka::OffsetDeleteRequest request;
  request.group_id = "fresh";
  auto& topic = request.topics.emplace_back();
  topic.name = "t";
  topic.partitions.push_back({0});
  const auto deleted = ask_meanwhile<kafka::OffsetDeleteResponse>(request, 0);
  EXPECT_EQ(deleted.topics.at(0).partitions.at(0).error_code, 0);
  end_commit();
  EXPECT_EQ(committed("fresh").committed_offset, -1);
}

TEST_F(SlowDiskTest, ATransactionalIdIsThereWhenItIsDurable) {
  kafka::InitProducerIdRequest init;
  init.transactional_id = "first";
  init.transaction_timeout_ms = 60'000;
  EXPECT_EQ(wire->call<kafka::InitProducerIdResponse>(init, 4).error_code, 0)
      << "now there is a topic for it";
  init.transactional_id = "id";
  broker->hold();
  wire->send(init, 4);
  broker->wait_for_sync();
  kafka::DescribeTransactionsRequest describe;
  describe.transactional_ids = {"id"};
  const auto state = [&] {
    return broker->connect().call<kafka::DescribeTransactionsResponse>(describe, 0).transaction_states.at(0);
  };
  EXPECT_EQ(state().error_code, code(Error::transactional_id_not_found));
  broker->release();
  EXPECT_EQ(wire->receive<kafka::InitProducerIdResponse>(4).error_code, 0);
  EXPECT_EQ(state().transaction_state, "Empty");
}

}  // namespace
}  // namespace mq::core
