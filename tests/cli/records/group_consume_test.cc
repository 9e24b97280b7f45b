// SPDX-License-Identifier: Apache-2.0
// Consuming as a member of a group.
#include <gmock/gmock.h>

#include "net/kafka/messages/every.h"
#include "net/kafka/record_batch.h"
#include "tests/cli/support/group_command.h"
#include "tests/cli/support/stuck.h"

namespace mq::cli {
namespace {

using testing::HasSubstr;

TEST_F(GroupCommand, AGroupGoesOnWhereItWas) {
  fill("t", "a\nb\nc\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-n", "2"}), Exit::ok) << err();
  EXPECT_EQ(out(), "a\nb\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e"}), Exit::ok) << err();
  EXPECT_EQ(out(), "c\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e"}), Exit::ok) << err();
  EXPECT_EQ(out(), "");
}

TEST_F(GroupCommand, WhereAGroupBeginsIsCommittedThoughNothingIsThere) {
  fill("t", "a\nb\n", "2");  // all in one of them
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "export", "g", "-o", "csv"}), Exit::ok) << err();
  EXPECT_THAT(out(), testing::AnyOf(HasSubstr("t,0,0\nt,1,2\n"), HasSubstr("t,0,2\nt,1,0\n")));
}

TEST_F(GroupCommand, EachRecordCanBeCommittedByItselfAndNoneAtAll) {
  fill("t", "a\nb\nc\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e", "--commit", "none"}), Exit::ok) << err();
  EXPECT_EQ(out(), "a\nb\nc\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-n", "1", "--commit", "each", "--assignor", "range"}), Exit::ok)
      << err();
  EXPECT_EQ(out(), "a\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e", "--assignor", "roundrobin"}), Exit::ok) << err();
  EXPECT_EQ(out(), "b\nc\n");
}

TEST_F(GroupCommand, FromAppliesOnlyWhereNothingIsCommitted) {
  fill("t", "a\nb\nc\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e", "--from", "+2"}), Exit::ok) << err();
  EXPECT_EQ(out(), "c\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e", "--from", "start"}), Exit::ok) << err();
  EXPECT_EQ(out(), "");
  EXPECT_THAT(err(), HasSubstr("mq group seek g"));
}

TEST_F(GroupCommand, WhatDoesNotGoWithAGroupIsSaid) {
  EXPECT_EQ(run({"consume", "t", "-g", "g", "-p", "0"}), Exit::usage);
  EXPECT_EQ(run({"consume", "t", "-g", "g", "--last", "3"}), Exit::usage);
  EXPECT_EQ(run({"consume", "t", "--commit", "each"}), Exit::usage);
  EXPECT_EQ(run({"consume", "nope", "-g", "g"}), Exit::not_found);
}

TEST_F(GroupCommand, InTheNewerProtocolAGroupGoesOnWhereItWasToo) {
  fill("t", "a\nb\nc\n");
  fill("u", "d\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "--protocol", "consumer", "-n", "2"}), Exit::ok) << err();
  EXPECT_EQ(out(), "a\nb\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "--protocol", "consumer", "--assignor", "range", "-e"}), Exit::ok)
      << err();
  EXPECT_EQ(out(), "c\n");
  ASSERT_EQ(run({"consume", "/^[tu]$/", "-g", "g", "--protocol", "consumer", "--commit", "each", "-e"}),
            Exit::ok)
      << err();
  EXPECT_EQ(out(), "d\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e"}), Exit::ok) << err();
  EXPECT_EQ(out(), "") << "an empty group can change its protocol";
}

TEST_F(GroupCommand, AutoIsTheNewerProtocolWhereTheBrokerAndTheAssignorAreOfIt) {
  fill("t", "a\n");
  const auto type_after = [&](std::vector<std::string> flags) {
    std::vector<std::string> words{"consume", "t", "-g", "g", "--protocol", "auto", "-e"};
    words.insert(words.end(), flags.begin(), flags.end());
    EXPECT_EQ(run(words), Exit::ok) << err();
    const auto answer = broker_.connect().call<kafka::ListGroupsResponse>(kafka::ListGroupsRequest{}, 5);
    return answer.groups.at(0).group_type;
  };
  EXPECT_EQ(type_after({}), "consumer");
  EXPECT_EQ(type_after({"--assignor", "roundrobin"}), "classic");
  EXPECT_EQ(type_after({"--assignor", "uniform"}), "consumer");
  EXPECT_EQ(type_after({"--assignor", "range"}), "consumer");
}

TEST_F(GroupCommand, AnAssignorIsOfItsProtocol) {
  EXPECT_EQ(run({"consume", "t", "-g", "g", "--protocol", "consumer", "--assignor", "roundrobin"}),
            Exit::usage);
  EXPECT_THAT(err(), HasSubstr("uniform or range"));
  EXPECT_EQ(run({"consume", "t", "-g", "g", "--assignor", "uniform"}), Exit::usage);
  EXPECT_THAT(err(), HasSubstr("--protocol consumer"));
  EXPECT_EQ(run({"consume", "t", "--protocol", "consumer"}), Exit::usage) << "without a group";
}

class ReplacedTopic : public GroupCommand {
 protected:
  void replace(const std::string& name, const std::vector<std::string>& values) {
    auto wire = broker_.connect();
    kafka::DeleteTopicsRequest remove;
    remove.topic_names = {name};
    ASSERT_EQ(wire.call<kafka::DeleteTopicsResponse>(remove, 3).responses.at(0).error_code, 0);
    kafka::CreateTopicsRequest create;
    auto& wanted = create.topics.emplace_back();
    wanted.name = name, wanted.num_partitions = 1, wanted.replication_factor = 1;
    ASSERT_EQ(wire.call<kafka::CreateTopicsResponse>(create, 7).topics.at(0).error_code, 0);
    kafka::BatchBuilder builder(1 << 20);
    for (const std::string& value : values)
      builder.append(1000, std::nullopt, std::as_bytes(std::span(value)));
    const net::Slice batch = builder.finish(kafka::Codec::none);
    kafka::ProduceRequest produce;
    produce.acks = -1;
    auto& data = produce.topic_data.emplace_back();
    data.name = name;
    data.partition_data.push_back({0, kafka::Records{batch.bytes(), {}}});
    const auto answer = wire.call<kafka::ProduceResponse>(produce, 9);
    ASSERT_EQ(answer.responses.at(0).partition_responses.at(0).error_code, 0);
  }
  std::int64_t committed(const std::string& group, const std::string& name) {
    kafka::OffsetFetchRequest request;
    request.group_id = group;
    auto& asked = request.topics.emplace().emplace_back();
    asked.name = name;
    asked.partition_indexes = {0};
    const auto answer = broker_.connect().call<kafka::OffsetFetchResponse>(request, 7);
    return answer.topics.at(0).partitions.at(0).committed_offset;
  }
  // Reads a topic of two records, `count` of all that come, and has written a part of the first. More than
  // it may read ahead waits behind that, so it asks the broker nothing before it goes on.
  std::unique_ptr<Stuck> read(const std::string& name, const std::string& protocol,
                              const std::string& count) {
    fill(name, before);
    const std::vector<std::string> words{"consume", name,  "-g", "g",       "--protocol", protocol,
                                         "-n",      count, "-b", address(), "--max-time", "20s"};
    return std::make_unique<Stuck>(words);
  }

  const std::string large = std::string(700'000, 'a');
  const std::string before = large + "\n" + large + "\n";
};

TEST_F(ReplacedTopic, IsReadFromItsBeginningByAGroupThatReadTheOneBefore) {
  for (const std::string protocol : {"classic", "consumer"}) {
    const std::string name = "t-" + protocol;
    const auto reader = read(name, protocol, "5");
    ASSERT_TRUE(reader->waits());
    replace(name, {"c", "d", "e"});
    EXPECT_EQ(reader->go_on(), before + "c\nd\ne\n");
    EXPECT_EQ(reader->exit(), Exit::ok) << reader->err();
    EXPECT_THAT(reader->err(), HasSubstr("topic " + name + " was deleted and created anew"));
    EXPECT_EQ(committed("g", name), 3);
  }
}

TEST_F(ReplacedTopic, HasNoPositionThatAGroupHadInTheOneBefore) {
  for (const std::string protocol : {"classic", "consumer"}) {
    const std::string name = "t-" + protocol;
    const auto reader = read(name, protocol, "2");
    ASSERT_TRUE(reader->waits());
    replace(name, {"c", "d", "e"});
    EXPECT_EQ(reader->go_on(), before);
    EXPECT_EQ(reader->exit(), Exit::ok) << reader->err();
    EXPECT_LE(committed("g", name), 0) << "nothing, or where the group begins it";
  }
}

TEST_F(ReplacedTopic, EndsAReadingWithoutAGroup) {
  fill("t", before);
  Stuck reader({"consume", "t", "-b", address(), "--max-time", "20s"});
  ASSERT_TRUE(reader.waits());
  replace("t", {"c", "d", "e"});
  EXPECT_EQ(reader.go_on(), before);
  EXPECT_EQ(reader.exit(), Exit::not_found);
  EXPECT_THAT(reader.err(), HasSubstr("deleted and created anew"));
}

TEST_F(GroupCommand, InTheNewerProtocolAGroupOfOthersIsNotJoined) {
  fill("t", "a\n");
  kafka::JoinGroupRequest request;
  request.group_id = "g";
  request.session_timeout_ms = request.rebalance_timeout_ms = 30'000;
  request.protocol_type = "connect";
  request.protocols.emplace_back().name = "sessioned";
  ASSERT_EQ(broker_.connect().call<kafka::JoinGroupResponse>(request, 3).error_code, 0);
  EXPECT_EQ(run({"consume", "t", "-g", "g", "--protocol", "consumer", "-e"}), Exit::failed);
  EXPECT_THAT(err(), HasSubstr("INCONSISTENT_GROUP_PROTOCOL"));
  EXPECT_THAT(err(), HasSubstr("--protocol classic"));
}

}  // namespace
}  // namespace mq::cli
