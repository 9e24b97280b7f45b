// SPDX-License-Identifier: Apache-2.0
// However much one request asks for, others come in between: no turn of the loop is long.
#include <time.h>

#include <boost/asio/post.hpp>

#include "tests/core/handlers/conversation.h"

namespace mq::core {
namespace {

using std::chrono::microseconds;

// A turn has a millisecond, and what is done between two looks at the clock; sanitizers make that several.
// What does not give way takes hundreds.
constexpr microseconds turn_max{80'000};  // 54 was seen on a busy machine

// The longest turn of a loop, in CPU time of its thread: what else the machine does is not counted.
class Turns {
 public:
  explicit Turns(net::asio::io_context& loop) : loop_(loop) {
    net::asio::post(loop_, [this] {
      last_ = now();
      look();
    });
  }
  microseconds longest() {
    std::promise<microseconds> longest;
    net::asio::post(loop_, [&] {
      ended_ = true;
      longest.set_value(longest_);
    });
    const microseconds found = longest.get_future().get();
    std::promise<void> forgotten;  // by the look that is on its way
    net::asio::post(loop_, [&] { forgotten.set_value(); });
    forgotten.get_future().get();
    return found;
  }

 private:
  static microseconds now() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return microseconds(time.tv_sec * 1'000'000 + time.tv_nsec / 1000);
  }
  void look() {
    if (ended_) return;
    const microseconds present = now();
    longest_ = std::max(longest_, present - last_);
    last_ = present;
    net::asio::post(loop_, [this] { look(); });
  }
  net::asio::io_context& loop_;
  microseconds last_{0}, longest_{0};
  bool ended_ = false;
};

// Made by repeating one element: of no topic that is there, unless it says so.
template <class T>
std::vector<T> many(T one, std::size_t count = 200'000) {
  return std::vector<T>(count, std::move(one));
}

template <class Request>
void ask(test::Wire& wire, const Request& request, kafka::Version version) {
  wire.send(request, version);
  EXPECT_FALSE(wire.receive().empty());
}

struct LongRequest {
  std::string api;
  std::function<void(test::Wire&)> ask;
};
void PrintTo(const LongRequest& request, std::ostream* out) {
  *out << request.api;
}

class TurnsTest : public SocketConversation {
 protected:
  microseconds longest_turn(const std::function<void()>& act) {
    Turns turns(broker->loop());
    act();
    return turns.longest();
  }
};

class LongRequestTest : public TurnsTest, public testing::WithParamInterface<LongRequest> {};

TEST_P(LongRequestTest, ManyElementsInOneRequestHoldNobodyUp) {
  create("t", 3);
  EXPECT_LT(longest_turn([&] { GetParam().ask(*wire); }), turn_max);
}

template <class Request>
Request with_topic() {
  Request request;
  request.topics.emplace_back();
  request.topics.back().name = "t";
  return request;
}

const LongRequest long_requests[] = {
    {"Metadata",
     [](test::Wire& wire) {
       kafka::MetadataRequest request;
       request.allow_auto_topic_creation = false;
       request.topics = many(kafka::MetadataRequest::MetadataRequestTopic{{}, "unknown"});
       ask(wire, request, 9);
     }},
    {"MetadataThatCreates",
     [](test::Wire& wire) {
       kafka::MetadataRequest request;
       request.topics.emplace();
       for (int i = 0; i < 20'000; i++) request.topics->push_back({{}, "new-" + std::to_string(i)});
       ask(wire, request, 9);
     }},
    {"Produce",
     [](test::Wire& wire) {
       kafka::ProduceRequest request;
       request.acks = -1;
       request.topic_data.emplace_back().name = "t";
       request.topic_data.back().partition_data = many(kafka::ProduceRequest::PartitionProduceData{1, {}});
       ask(wire, request, 9);
     }},
    {"Fetch",
     [](test::Wire& wire) {
       kafka::FetchRequest request;
       request.topics.emplace_back().topic = "t";
       request.topics.back().partitions = many(kafka::FetchRequest::FetchPartition{.partition = 7}, 100'000);
       ask(wire, request, 12);
     }},
    {"ListOffsets",
     [](test::Wire& wire) {
       auto request = with_topic<kafka::ListOffsetsRequest>();
       request.topics.back().partitions = many(kafka::ListOffsetsRequest::ListOffsetsPartition{0, -1, -1});
       ask(wire, request, 7);
     }},
    {"OffsetForLeaderEpoch",
     [](test::Wire& wire) {
       kafka::OffsetForLeaderEpochRequest request;
       request.topics.emplace_back().topic = "t";
       request.topics.back().partitions =
           many(kafka::OffsetForLeaderEpochRequest::OffsetForLeaderPartition{});
       ask(wire, request, 4);
     }},
    {"DeleteRecords",
     [](test::Wire& wire) {
       auto request = with_topic<kafka::DeleteRecordsRequest>();
       request.topics.back().partitions = many(kafka::DeleteRecordsRequest::DeleteRecordsPartition{0, 0});
       ask(wire, request, 2);
     }},
    {"OffsetCommit",
     [](test::Wire& wire) {
       auto request = with_topic<kafka::OffsetCommitRequest>();
       request.group_id = "g";
       kafka::OffsetCommitRequest::OffsetCommitRequestPartition two;
       two.partition_index = 2;
       request.topics.back().partitions = many(two, 30'000);
       ask(wire, request, 8);
     }},
    {"OffsetFetch",
     [](test::Wire& wire) {
       kafka::OffsetFetchRequest request;
       auto& group = request.groups.emplace_back();
       group.group_id = "g";
       group.topics.emplace().emplace_back().name = "t";
       group.topics->back().partition_indexes = many<std::int32_t>(5);
       ask(wire, request, 8);
     }},
    {"FindCoordinator",
     [](test::Wire& wire) {
       kafka::FindCoordinatorRequest request;
       request.coordinator_keys = many<std::string>("a-group");
       ask(wire, request, 4);
     }},
    {"DescribeGroups",
     [](test::Wire& wire) {
       kafka::DescribeGroupsRequest request;
       request.groups = many<std::string>("a-group");
       ask(wire, request, 5);
     }},
    {"CreateTopics",
     [](test::Wire& wire) {
       kafka::CreateTopicsRequest request;
       request.validate_only = true;
       for (int i = 0; i < 20'000; i++) {
         auto& topic = request.topics.emplace_back();
         topic.name = "new-" + std::to_string(i);
         topic.num_partitions = topic.replication_factor = 1;
       }
       ask(wire, request, 7);
     }},
    {"DeleteTopics",
     [](test::Wire& wire) {
       kafka::DeleteTopicsRequest request;
       request.topics = many(kafka::DeleteTopicsRequest::DeleteTopicState{"unknown", {}});
       ask(wire, request, 6);
     }},
    {"CreatePartitions",
     [](test::Wire& wire) {
       kafka::CreatePartitionsRequest request;
       kafka::CreatePartitionsRequest::CreatePartitionsTopic topic;
       topic.name = "unknown";
       request.topics = many(topic);
       ask(wire, request, 3);
     }},
    {"DescribeConfigs",
     [](test::Wire& wire) {
       kafka::DescribeConfigsRequest request;
       request.resources = many(kafka::DescribeConfigsRequest::DescribeConfigsResource{2, "t", {}}, 5000);
       ask(wire, request, 4);
     }},
    {"IncrementalAlterConfigs",
     [](test::Wire& wire) {
       kafka::IncrementalAlterConfigsRequest request;
       auto& resource = request.resources.emplace_back();
       resource.resource_type = 2;
       resource.resource_name = "t";
       resource.configs =
           many(kafka::IncrementalAlterConfigsRequest::AlterableConfig{"retention.ms", 0, "1"});
       ask(wire, request, 1);
     }},
    {"DescribeLogDirs",
     [](test::Wire& wire) {
       kafka::DescribeLogDirsRequest request;
       request.topics.emplace().emplace_back().topic = "t";
       request.topics->back().partitions = many<std::int32_t>(1);
       ask(wire, request, 4);
     }},
    {"DescribeProducers",
     [](test::Wire& wire) {
       auto request = with_topic<kafka::DescribeProducersRequest>();
       request.topics.back().partition_indexes = many<std::int32_t>(1);
       ask(wire, request, 0);
     }},
    {"DescribeTransactions",
     [](test::Wire& wire) {
       kafka::DescribeTransactionsRequest request;
       request.transactional_ids = many<std::string>("unknown");
       ask(wire, request, 0);
     }},
    {"AddPartitionsToTxn",
     [](test::Wire& wire) {
       kafka::AddPartitionsToTxnRequest request;
       request.v3_and_below_transactional_id = "x";
       request.v3_and_below_topics.emplace_back().name = "unknown";
       request.v3_and_below_topics.back().partitions = many<std::int32_t>(1);
       ask(wire, request, 3);
     }},
    {"WriteTxnMarkers",
     [](test::Wire& wire) {
       kafka::WriteTxnMarkersRequest request;
       auto& marker = request.markers.emplace_back();
       marker.producer_id = 1;
       marker.topics.emplace_back().name = "unknown";
       marker.topics.back().partition_indexes = many<std::int32_t>(1, 100'000);
       ask(wire, request, 1);
     }},
    {"DescribeTopicPartitions",
     [](test::Wire& wire) {
       kafka::DescribeTopicPartitionsRequest request;
       for (int i = 0; i < 100'000; i++) request.topics.push_back({"unknown-" + std::to_string(i)});
       ask(wire, request, 0);
     }},
};

INSTANTIATE_TEST_SUITE_P(PerApi, LongRequestTest, testing::ValuesIn(long_requests),
                         [](const auto& at) { return at.param.api; });

constexpr std::int32_t wide = 20'000;

TEST_F(TurnsTest, ATopicOfManyPartitionsIsMadeWrittenToReadListedAndDeletedWithoutHoldingAnybodyUp) {
  EXPECT_LT(longest_turn([&] { create("wide", wide); }), turn_max) << "made";

  const std::string one = batch({.values = {"v"}});
  kafka::ProduceRequest written;
  written.acks = -1;
  written.timeout_ms = 10'000;
  written.topic_data.emplace_back().name = "wide";
  for (std::int32_t i = 0; i < wide; i++)
    written.topic_data.back().partition_data.push_back({i, kafka::Records{bytes_of(one), {}}});
  EXPECT_LT(longest_turn([&] { ask(*wire, written, 9); }), turn_max) << "written to";

  kafka::FetchRequest read;
  read.max_bytes = 50 << 20;
  read.topics.emplace_back().topic = "wide";
  for (std::int32_t i = 0; i < wide; i++)
    read.topics.back().partitions.push_back({.partition = i, .partition_max_bytes = 1 << 20});
  EXPECT_LT(longest_turn([&] { ask(*wire, read, 12); }), turn_max) << "read";

  EXPECT_LT(longest_turn([&] {
              kafka::MetadataRequest all;
              all.topics.reset();
              ask(*wire, all, 9);
            }),
            turn_max)
      << "listed";

  EXPECT_LT(longest_turn([&] {
              kafka::DeleteTopicsRequest gone;
              gone.topics.push_back({"wide", {}});
              ask(*wire, gone, 6);
            }),
            turn_max)
      << "deleted";
}

// Little to send, and much to look into.
std::string many_records(std::size_t count, std::optional<std::string> key) {
  return batch({.values = many<std::string>("value", count),
                .key = std::move(key),
                .timestamp = 1'000'000,
                .codec = kafka::Codec::gzip});
}

TEST_F(TurnsTest, WhatIsPackedIsLookedIntoElsewhere) {
  create("compacted", 4, {{"cleanup.policy", "compact"}});
  const std::string records = many_records(200'000, "k");
  kafka::ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = 10'000;
  request.topic_data.emplace_back().name = "compacted";
  for (std::int32_t i = 0; i < 4; i++)
    request.topic_data.back().partition_data.push_back({i, kafka::Records{bytes_of(records), {}}});
  EXPECT_LT(longest_turn([&] { ask(*wire, request, 9); }), turn_max);
  EXPECT_EQ(fetch("compacted", 0, 3).high_watermark, 200'000);
}

TEST_F(TurnsTest, WhoLooksForATimeDoesNotUnpackOnTheLoop) {
  create("t");
  EXPECT_EQ(produce("t", many_records(200'000, {})).error_code, 0);
  EXPECT_LT(longest_turn([&] { EXPECT_EQ(offset_at("t", 1'000'000 + 199'999), 199'999); }), turn_max);
}

// Produces behind one that is looked into elsewhere wait for it, whatever they need themselves.
TEST_F(TurnsTest, ProducesOfOneConnectionKeepTheirOrderWhenOneIsLookedIntoElsewhere) {
  create("t", 1, {{"cleanup.policy", "compact"}});
  const std::string packed = many_records(100'000, "first"),
                    plain = batch({.values = {"v"}, .key = "second"});
  wire->send(produce_request("t", 0, bytes_of(packed)), 9);
  wire->send(produce_request("t", 0, bytes_of(plain)), 9);
  for (const std::int64_t offset : {0, 100'000}) {
    const auto answer = wire->receive<kafka::ProduceResponse>(9).responses.at(0).partition_responses.at(0);
    EXPECT_EQ(answer.error_code, 0);
    EXPECT_EQ(answer.base_offset, offset);
  }
}

TEST_F(TurnsTest, OneRequestCreatesSoManyTopicsAtMost) {
  kafka::MetadataRequest request;
  request.topics.emplace();
  for (int i = 0; i < 150; i++) request.topics->push_back({{}, "new-" + std::to_string(i)});
  const auto count = [](const kafka::MetadataResponse& response, Error error) {
    return std::ranges::count_if(response.topics, [&](const auto& t) { return t.error_code == code(error); });
  };
  auto response = wire->call<kafka::MetadataResponse>(request, 9);
  EXPECT_EQ(count(response, Error::none), 100);
  EXPECT_EQ(count(response, Error::leader_not_available), 50);
  response = wire->call<kafka::MetadataResponse>(request, 9);
  EXPECT_EQ(count(response, Error::none), 150) << "whoever asks again finds the others";
}

}  // namespace
}  // namespace mq::core
