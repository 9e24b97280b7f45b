// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/error.h"
#include "core/handlers/routes.h"
#include "net/kafka/messages/alter_partition_reassignments.h"
#include "net/kafka/messages/elect_leaders.h"
#include "net/kafka/messages/list_partition_reassignments.h"
#include "tests/core/handlers/conversation.h"

namespace mq::core {
namespace {

class AdminTest : public SocketConversation {
 protected:
  kafka::MetadataResponse metadata(std::optional<std::vector<std::string>> names, bool may_create = false,
                                   kafka::Version version = 12) {
    kafka::MetadataRequest request;
    request.allow_auto_topic_creation = may_create;
    if (names) {
      request.topics.emplace();
      for (auto& name : *names) request.topics->push_back({{}, name});
    } else if (version == 0) {
      request.topics.emplace();
    }
    return wire->call<kafka::MetadataResponse>(request, version);
  }
  std::int16_t remove(const std::string& name) {
    kafka::DeleteTopicsRequest request;
    request.topics.push_back({name, {}});
    return wire->call<kafka::DeleteTopicsResponse>(request, 6).responses.at(0).error_code;
  }
};

TEST_F(AdminTest, ApiVersionsListsWhatIsRoutedAndProduceFromZero) {
  const auto answer = wire->call<kafka::ApiVersionsResponse>(kafka::ApiVersionsRequest{"test", "1.0"}, 3);
  ASSERT_EQ(answer.api_keys.size(), routes().size());
  EXPECT_EQ(answer.api_keys[0].api_key, 0);
  EXPECT_EQ(answer.api_keys[0].min_version, 0) << "or librdkafka does not compress";
  EXPECT_TRUE(std::is_sorted(answer.api_keys.begin(), answer.api_keys.end(),
                             [](const auto& a, const auto& b) { return a.api_key < b.api_key; }));
}

TEST_F(AdminTest, ApiVersionsOfTheFutureIsAnsweredInVersionZero) {
  const std::string request("\0\0\0\x0a\0\x12\0\x63\0\0\0\x07\xff\xff", 14);
  wire->send(request);
  const auto frame = wire->receive();
  const auto answer = kafka::decode<kafka::ApiVersionsResponse>(net::Bytes(frame).subspan(4), 0);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error_code, code(Error::unsupported_version));
  ASSERT_EQ(answer->api_keys.size(), 1u);
  EXPECT_EQ(answer->api_keys[0].max_version, 4);
}

TEST_F(AdminTest, ASoftwareNameThatIsNoneIsInvalid) {
  const auto answer = wire->call<kafka::ApiVersionsResponse>(kafka::ApiVersionsRequest{"-bad-", "1.0"}, 3);
  EXPECT_EQ(answer.error_code, code(Error::invalid_request));
}

TEST_F(AdminTest, UnknownKeysAndVersionsCloseTheConnection) {
  wire->send(std::string("\0\0\0\x0a\0\x7f\0\0\0\0\0\x01\xff\xff", 14));
  EXPECT_TRUE(wire->closed_by_peer());
  connect();
  wire->send(std::string("\0\0\0\x0a\0\x01\0\x03\0\0\0\x01\xff\xff", 14));
  EXPECT_TRUE(wire->closed_by_peer());
}

TEST_F(AdminTest, ABodyThatDoesNotDecodeClosesTheConnection) {
  wire->send(std::string("\0\0\0\x0e\0\x03\0\x01\0\0\0\x01\xff\xff\x7f\xff\xff\xff", 18));
  EXPECT_TRUE(wire->closed_by_peer());
}

TEST_F(AdminTest, ANullClientIdIsFine) {
  wire->send(std::string("\0\0\0\x0a\0\x12\0\0\0\0\0\x01\xff\xff", 14));
  EXPECT_FALSE(wire->closed_by_peer());
}

TEST_F(AdminTest, MetadataKnowsTheBrokerAsTheClientReachedIt) {
  const auto answer = metadata(std::vector<std::string>{});
  ASSERT_EQ(answer.brokers.size(), 1u);
  EXPECT_EQ(answer.brokers[0].host, "127.0.0.1");
  EXPECT_EQ(answer.brokers[0].port, broker->port());
  EXPECT_EQ(answer.controller_id, answer.brokers[0].node_id);
  EXPECT_FALSE(answer.cluster_id.value_or("").empty());
  EXPECT_TRUE(answer.topics.empty());
}

TEST_F(AdminTest, AllTopicsAreAskedForWithNullAndInVersionZeroWithNone) {
  create("a");
  create("b", 3);
  EXPECT_EQ(metadata(std::nullopt).topics.size(), 2u);
  EXPECT_EQ(metadata(std::nullopt, false, 0).topics.size(), 2u);
  EXPECT_EQ(metadata(std::vector<std::string>{}, false, 1).topics.size(), 0u);
}

TEST_F(AdminTest, MetadataCreatesAMissingTopicWhenTheClientAllowsIt) {
  EXPECT_EQ(metadata({{"new"}}).topics.at(0).error_code, code(Error::unknown_topic_or_partition));
  const auto made = metadata({{"new"}}, true).topics.at(0);
  EXPECT_EQ(made.error_code, 0);
  EXPECT_EQ(made.partitions.size(), 1u) << "ready at once";
  EXPECT_EQ(metadata({{"not/a/name"}}, true).topics.at(0).error_code, code(Error::invalid_topic_exception));
}

TEST_F(AdminTest, AutoCreationCanBeSwitchedOffAndPartitionsSet) {
  start([](Config& config) { config.auto_create_topics = false; });
  EXPECT_EQ(metadata({{"new"}}, true).topics.at(0).error_code, code(Error::unknown_topic_or_partition));
  start([](Config& config) { config.default_partitions = 4; });
  EXPECT_EQ(metadata({{"new"}}, true).topics.at(0).partitions.size(), 4u);
}

TEST_F(AdminTest, TopicsKeepTheirIdsAndANewTopicOfOldNameIsAnother) {
  const auto id = create("t").topic_id;
  start();
  EXPECT_EQ(metadata({{"t"}}).topics.at(0).topic_id, id);
  EXPECT_EQ(remove("t"), 0);
  EXPECT_NE(create("t").topic_id, id);
}

TEST_F(AdminTest, MetadataByIdKnowsUnknownIds) {
  const auto id = create("t").topic_id;
  kafka::MetadataRequest request;
  request.topics.emplace().push_back({id, std::nullopt});
  request.topics->push_back({kafka::Uuid{std::byte{9}}, std::nullopt});
  request.topics->push_back({id, ""});
  const auto answer = wire->call<kafka::MetadataResponse>(request, 12);
  EXPECT_EQ(answer.topics.at(0).name, "t");
  EXPECT_EQ(answer.topics.at(2).name, "t") << "Java consumers say an empty name instead of none";
  EXPECT_EQ(answer.topics.at(1).error_code, code(Error::unknown_topic_id));
}

TEST_F(AdminTest, CreatingSaysWhatIsWrongWithEachTopic) {
  create("there");
  EXPECT_EQ(create("there").error_code, code(Error::topic_already_exists));
  EXPECT_EQ(create("bad name").error_code, code(Error::invalid_topic_exception));
  EXPECT_EQ(create(std::string(250, 'x')).error_code, code(Error::invalid_topic_exception));
  EXPECT_EQ(create("..").error_code, code(Error::invalid_topic_exception));
  EXPECT_EQ(create("none", 0).error_code, code(Error::invalid_partitions));
  EXPECT_EQ(create("conf", 1, {{"retention.mz", "1"}}).error_code, code(Error::invalid_config));
  EXPECT_EQ(create("conf", 1, {{"retention.ms", "soon"}}).error_code, code(Error::invalid_config));
  create("a.b");
  EXPECT_EQ(create("a_b").error_code, code(Error::invalid_topic_exception));
}

TEST_F(AdminTest, GoodTopicsAreMadeBesideBadOnesAndEachIsAnswered) {
  kafka::CreateTopicsRequest request;
  for (const char* name : {"good", "bad name", "twice", "twice"}) {
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = topic.replication_factor = -1;
  }
  const auto answer = wire->call<kafka::CreateTopicsResponse>(request, 5);
  ASSERT_EQ(answer.topics.size(), 3u);
  EXPECT_EQ(answer.topics[0].error_code, 0);
  EXPECT_GT(answer.topics[0].configs->size(), 20u);
  EXPECT_EQ(answer.topics[0].error_message, std::nullopt);
  EXPECT_EQ(answer.topics[1].error_code, code(Error::invalid_topic_exception));
  EXPECT_EQ(answer.topics[2].error_code, code(Error::invalid_request));
  EXPECT_EQ(metadata(std::nullopt).topics.size(), 1u);
}

TEST_F(AdminTest, ValidateOnlyMakesNothing) {
  kafka::CreateTopicsRequest request;
  request.validate_only = true;
  auto& topic = request.topics.emplace_back();
  topic.name = "t";
  topic.num_partitions = 3;
  topic.replication_factor = 1;
  EXPECT_EQ(wire->call<kafka::CreateTopicsResponse>(request, 7).topics.at(0).error_code, 0);
  EXPECT_TRUE(metadata(std::nullopt).topics.empty());
}

TEST_F(AdminTest, ReplicasAreThisBroker) {
  kafka::CreateTopicsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = "t";
  topic.num_partitions = 1;
  topic.replication_factor = 3;
  EXPECT_EQ(wire->call<kafka::CreateTopicsResponse>(request, 7).topics.at(0).error_code,
            code(Error::invalid_replication_factor));
  topic.num_partitions = topic.replication_factor = -1;
  topic.assignments = {{0, {1}}, {1, {1}}};
  EXPECT_EQ(wire->call<kafka::CreateTopicsResponse>(request, 7).topics.at(0).num_partitions, 2);
  topic.name = "u";
  topic.assignments = {{0, {1}}, {2, {1}}};
  EXPECT_EQ(wire->call<kafka::CreateTopicsResponse>(request, 7).topics.at(0).error_code,
            code(Error::invalid_replica_assignment));
}

TEST_F(AdminTest, AThousandTopicsInOneRequestAreThereAfterARestart) {
  kafka::CreateTopicsRequest request;
  for (int i = 0; i < 1000; i++) {
    auto& topic = request.topics.emplace_back();
    topic.name = "topic-" + std::to_string(i);
    topic.num_partitions = topic.replication_factor = 1;
  }
  for (const auto& answer : wire->call<kafka::CreateTopicsResponse>(request, 5).topics)
    ASSERT_EQ(answer.error_code, 0);
  start();
  EXPECT_EQ(metadata(std::nullopt).topics.size(), 1000u);
}

TEST_F(AdminTest, DeletedTopicsAreGoneAtOnce) {
  create("t");
  produce("t", batch({{"a"}}));
  EXPECT_EQ(remove("t"), 0);
  EXPECT_EQ(remove("t"), code(Error::unknown_topic_or_partition));
  EXPECT_EQ(fetch("t", 0).error, code(Error::unknown_topic_or_partition));
  EXPECT_EQ(produce("t", batch({{"a"}})).error_code, code(Error::unknown_topic_or_partition));
  create("t");
  EXPECT_EQ(fetch("t", 0).high_watermark, 0) << "nothing of the old one comes back";
  start();
  EXPECT_EQ(fetch("t", 0).high_watermark, 0);
}

TEST_F(AdminTest, DeletingCanBeForbidden) {
  start([](Config& config) { config.allow_delete_topics = false; });
  create("t");
  EXPECT_EQ(remove("t"), code(Error::topic_deletion_disabled));
}

TEST_F(AdminTest, PartitionsOnlyGrow) {
  create("t", 2);
  produce("t", batch({{"a"}}), 1);
  kafka::CreatePartitionsRequest request;
  request.topics = {{"t", 4, std::nullopt}, {"nobody", 4, std::nullopt}};
  const auto grown = wire->call<kafka::CreatePartitionsResponse>(request, 3).results;
  EXPECT_EQ(grown.at(0).error_code, 0);
  EXPECT_EQ(grown.at(1).error_code, code(Error::unknown_topic_or_partition));
  EXPECT_EQ(metadata({{"t"}}).topics.at(0).partitions.size(), 4u);
  EXPECT_EQ(fetch("t", 0, 1).values, std::vector<std::string>{"a"});
  request.topics = {{"t", 4, std::nullopt}};
  EXPECT_EQ(wire->call<kafka::CreatePartitionsResponse>(request, 3).results.at(0).error_code,
            code(Error::invalid_partitions));
  start();
  EXPECT_EQ(metadata({{"t"}}).topics.at(0).partitions.size(), 4u);
}

TEST_F(AdminTest, DescribeClusterAndTopicPartitionsAndLogDirs) {
  create("a", 3);
  create("b", 3);
  produce("a", batch({{"x"}}));
  const auto cluster = wire->call<kafka::DescribeClusterResponse>(kafka::DescribeClusterRequest{}, 1);
  EXPECT_EQ(cluster.brokers.size(), 1u);
  kafka::DescribeClusterRequest controllers;
  controllers.endpoint_type = 2;
  EXPECT_EQ(wire->call<kafka::DescribeClusterResponse>(controllers, 1).error_code,
            code(Error::unsupported_endpoint_type));

  kafka::DescribeTopicPartitionsRequest pages;
  pages.response_partition_limit = 4;
  const auto first = wire->call<kafka::DescribeTopicPartitionsResponse>(pages, 0);
  ASSERT_TRUE(first.next_cursor);
  EXPECT_EQ(first.next_cursor->topic_name, "b");
  EXPECT_EQ(first.next_cursor->partition_index, 1);
  pages.cursor.emplace().topic_name = "b";
  pages.cursor->partition_index = 1;
  const auto second = wire->call<kafka::DescribeTopicPartitionsResponse>(pages, 0);
  EXPECT_FALSE(second.next_cursor);
  EXPECT_EQ(second.topics.at(0).partitions.size(), 2u);

  for (const auto& partition : second.topics.at(0).partitions) {
    EXPECT_TRUE(partition.eligible_leader_replicas) << "Java's admin client falls over null";
    EXPECT_TRUE(partition.last_known_elr);
  }

  const auto dirs = wire->call<kafka::DescribeLogDirsResponse>(kafka::DescribeLogDirsRequest{}, 4).results;
  ASSERT_EQ(dirs.size(), 1u);
  EXPECT_GT(dirs[0].topics.at(0).partitions.at(0).partition_size, 60);
  EXPECT_GT(dirs[0].total_bytes, 0);
}

TEST_F(AdminTest, ABrokerAloneLeadsEverythingAndMovesNothing) {
  create("t");
  kafka::ElectLeadersRequest election;
  election.topic_partitions = {{"t", {0}}, {"none", {0}}};
  const auto elected = wire->call<kafka::ElectLeadersResponse>(election, 2).replica_election_results;
  ASSERT_EQ(elected.size(), 2u);
  EXPECT_EQ(elected[0].partition_result.at(0).error_code, code(Error::election_not_needed));
  EXPECT_EQ(elected[1].partition_result.at(0).error_code, code(Error::unknown_topic_or_partition));

  const auto move = [&](std::optional<std::vector<std::int32_t>> to) {
    kafka::AlterPartitionReassignmentsRequest request;
    request.topics.push_back({"t", {{0, std::move(to)}}});
    const auto answer = wire->call<kafka::AlterPartitionReassignmentsResponse>(request, 1);
    return answer.responses.at(0).partitions.at(0).error_code;
  };
  EXPECT_EQ(move(std::vector{1}), 0);
  EXPECT_EQ(move(std::vector{1, 2}), code(Error::invalid_replica_assignment));
  EXPECT_EQ(move(std::nullopt), code(Error::no_reassignment_in_progress));
  const kafka::ListPartitionReassignmentsRequest all;
  EXPECT_TRUE(wire->call<kafka::ListPartitionReassignmentsResponse>(all, 0).topics.empty());
}

TEST_F(AdminTest, ASecondBrokerOnTheDirectorySaysWhoHasIt) {
  try {
    TestBroker second(dir.path() / "data");
    FAIL() << "it started";
  } catch (const WrongStart& wrong) {
    EXPECT_EQ(wrong.exit_code, 7);
    EXPECT_NE(std::string(wrong.what()).find("pid " + std::to_string(::getpid())), std::string::npos)
        << wrong.what();
  }
}

TEST_F(AdminTest, AnotherNodesDirectoryIsRefused) {
  broker.reset();
  EXPECT_THROW(TestBroker(dir.path() / "data", [](Config& config) { config.node_id = 42; }), WrongStart);
}

}  // namespace
}  // namespace mq::core
