// SPDX-License-Identifier: Apache-2.0
#include "cli/group.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/ioctl.h>

#include <boost/json.hpp>
#include <fstream>
#include <thread>

#include "cli/group_seek.h"
#include "core/client/member.h"
#include "net/kafka/messages/every.h"
#include "net/kafka/record_batch.h"
#include "tests/cli/support/streams.h"
#include "tests/support/test_broker.h"

namespace mq::cli {
namespace json = boost::json;
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<core::TopicPartition> of(const std::string& topic, std::vector<std::int32_t> partitions) {
  std::vector<core::TopicPartition> all;
  for (const auto partition : partitions) all.push_back({topic, partition});
  return all;
}

// ---- pure ----

TEST(Spans, AreShort) {
  auto all = of("a", {0, 1, 2, 5});
  all.push_back({"b", 7});
  EXPECT_EQ(spans(all), "a[0-2,5] b[7]");
  EXPECT_EQ(spans({}), "");
}

TEST(GroupSelector, TakesPatternsUnlessEverythingIsMeantLiterally) {
  EXPECT_TRUE(GroupSelector("etl-*", false).matches("etl-1"));
  EXPECT_TRUE(GroupSelector("/^etl/", false).matches("etl-1"));
  EXPECT_FALSE(GroupSelector("etl-*", true).matches("etl-1"));
  EXPECT_TRUE(GroupSelector("etl-*", true).matches("etl-*"));
  EXPECT_FALSE(GroupSelector("etl.1", false).matches("etlx1"));
  EXPECT_THROW(GroupSelector("/(/", false), UsageError);
}

TEST(Progress, CountsFromTheStartWithoutACommitAndIsNeverBelowNothing) {
  Progress progress;
  EXPECT_FALSE(progress.lag());
  progress.start = 10, progress.end = 30;
  EXPECT_EQ(progress.lag(), 20);
  progress.committed = 25;
  EXPECT_EQ(progress.lag(), 5);
  progress.committed = 3;  // those are gone
  EXPECT_EQ(progress.lag(), 20);
  progress.committed = 31;
  EXPECT_EQ(progress.lag(), 0);
}

TEST(Trend, SaysWhenTheGroupWillHaveCaughtUp) {
  GroupProgress group;
  Progress& progress = group.partitions.emplace_back();
  progress.committed = 0, progress.start = 0, progress.end = 12'400;
  EXPECT_EQ(drains_in(group), "");
  group.lag_per_s = -310;
  EXPECT_EQ(drains_in(group), "drains in about 40.0 s");
  group.lag_per_s = 2;
  EXPECT_EQ(drains_in(group), "never at this rate");
  EXPECT_EQ(human_trend(-310), "↘ -310/s");
  EXPECT_EQ(human_trend(412.3), "↗ +412/s");
}

TEST(Moves, LeaveOutWhatIsThereAlready) {
  const Positions current{{{"t", 0}, 5}, {{"t", 1}, 7}}, target{{{"t", 0}, 5}, {{"t", 1}, 0}, {{"t", 2}, 1}};
  const auto all = moves(current, target);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].partition.partition, 1);
  EXPECT_EQ(all[0].current, 7);
  EXPECT_FALSE(all[1].current);
}

TEST(Positions, AreReadFromJsonAndFromWhatKafkasToolWrites) {
  std::string group;
  const Positions wanted{{{"orders", 0}, 12}, {{"orders", 1}, 0}};
  EXPECT_EQ(parse_positions(R"({"group":"g","offsets":[{"topic":"orders","partition":0,"offset":12},
                               {"topic":"orders","partition":1,"offset":0}]})",
                            group),
            wanted);
  EXPECT_EQ(group, "g");
  EXPECT_EQ(parse_positions("orders,0,12\norders,1,0\n", group), wanted);
  EXPECT_EQ(parse_positions("\"h\",\"orders\",0,12\n\"h\",\"orders\",1,0", group), wanted);
  EXPECT_EQ(group, "h");
  for (const char* bad :
       {"", "{}", "[1]", "orders,0", "orders,x,1", "orders,0,-1", "[{\"topic\":\"t\"}]", "{"})
    EXPECT_THROW(parse_positions(bad, group), UsageError) << bad;
}

// ---- against a broker ----

class GroupCommand : public testing::Test {
 protected:
  Exit run(std::vector<std::string> words, std::string_view input = {}) {
    words.insert(words.end(), {"-b", address()});
    streams_ = std::make_unique<Streams>(input);
    return cli::run(streams_->context, words);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(broker_.port()); }
  std::string out() const { return streams_->out(); }
  std::string err() const { return streams_->err(); }
  json::value result() const { return json::parse(streams_->out()); }

  void fill(const std::string& topic, const std::string& values, const std::string& partitions = "1") {
    ASSERT_EQ(run({"produce", topic, "--create=" + partitions}, values), Exit::ok) << err();
  }

  test::TempDir dir_;
  test::TestBroker broker_{dir_.path()};
  std::unique_ptr<Streams> streams_;
};

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

// A command whose reader takes nothing for a while, so that it stands still in the middle of a record.
class Stuck {
 public:
  explicit Stuck(std::vector<std::string> words) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    room_ = ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
    in_ = ends[0];
    streams_.context.out = ends[1];
    thread_ = std::thread([this, words = std::move(words)] {
      exit_ = cli::run(streams_.context, words);
      ::close(streams_.context.out);
    });
  }
  ~Stuck() {
    go_on();
    ::close(in_);
  }
  bool waits() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    int bytes = 0;
    while (bytes < room_ && std::chrono::steady_clock::now() < deadline) {
      ::ioctl(in_, FIONREAD, &bytes);
      std::this_thread::yield();
    }
    return bytes == room_;
  }
  // All that it writes until its end.
  std::string go_on() {
    std::string all;
    char some[4096];
    for (ssize_t n = 1; n > 0; all.append(some, static_cast<std::size_t>(std::max<ssize_t>(n, 0))))
      n = ::read(in_, some, sizeof some);
    if (thread_.joinable()) thread_.join();
    return all;
  }
  Exit exit() const { return exit_; }
  std::string err() const { return streams_.err(); }

 private:
  Streams streams_;
  int in_ = -1, room_ = 0;
  Exit exit_ = Exit::failed;
  std::thread thread_;
};

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
  // Reads a topic of two records, `count` of all that come, and has written half of the first.
  std::unique_ptr<Stuck> read(const std::string& name, const std::string& protocol,
                              const std::string& count) {
    fill(name, first + "\nb\n");
    const std::vector<std::string> words{"consume", name,  "-g", "g",       "--protocol", protocol,
                                         "-n",      count, "-b", address(), "--max-time", "20s"};
    return std::make_unique<Stuck>(words);
  }

  const std::string first = std::string(100'000, 'a');
};

TEST_F(ReplacedTopic, IsReadFromItsBeginningByAGroupThatReadTheOneBefore) {
  for (const std::string protocol : {"classic", "consumer"}) {
    const std::string name = "t-" + protocol;
    const auto reader = read(name, protocol, "5");
    ASSERT_TRUE(reader->waits());
    replace(name, {"c", "d", "e"});
    EXPECT_EQ(reader->go_on(), first + "\nb\nc\nd\ne\n");
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
    EXPECT_EQ(reader->go_on(), first + "\nb\n");
    EXPECT_EQ(reader->exit(), Exit::ok) << reader->err();
    EXPECT_EQ(committed("g", name), -1);
  }
}

TEST_F(ReplacedTopic, EndsAReadingWithoutAGroup) {
  fill("t", first + "\nb\n");
  Stuck reader({"consume", "t", "-b", address(), "--max-time", "20s"});
  ASSERT_TRUE(reader.waits());
  replace("t", {"c", "d", "e"});
  EXPECT_EQ(reader.go_on(), first + "\nb\n");
  EXPECT_EQ(reader.exit(), Exit::not_found);
  EXPECT_THAT(reader.err(), HasSubstr("deleted and created anew"));
}

TEST_F(GroupCommand, ListAndLagSayHowFarBehindAGroupIs) {
  fill("t", "a\nb\nc\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-n", "1"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "list", "-o", "json"}), Exit::ok) << err();
  const json::object row = result().as_array().at(0).as_object();
  EXPECT_EQ(row.at("group"), "g");
  EXPECT_EQ(row.at("state"), "Empty");
  EXPECT_EQ(row.at("lag"), 2);
  EXPECT_EQ(row.at("members"), 0);
  EXPECT_LT(row.at("time_lag_ms").to_number<int>(), 60'000);
  EXPECT_EQ(run({"group", "lag", "g", "--max", "1"}), Exit::condition);
  EXPECT_EQ(run({"group", "lag", "g", "--max", "2"}), Exit::ok);
  EXPECT_EQ(run({"group", "lag", "g", "--max", "1h"}), Exit::ok);
  EXPECT_EQ(run({"group", "lag", "g", "--max", "0ms"}), Exit::condition);
  EXPECT_EQ(run({"group", "lag", "g", "--max", "soon"}), Exit::usage);
  EXPECT_EQ(run({"group", "lag", "other"}), Exit::not_found);
  ASSERT_EQ(run({"group", "list", "--lagging", "-t", "t", "-o", "name"}), Exit::ok);
  EXPECT_EQ(out(), "g\n");
  ASSERT_EQ(run({"group", "list", "-t", "other", "-o", "name"}), Exit::ok);
  EXPECT_EQ(out(), "");
  ASSERT_EQ(run({"group", "list", "--trend=10ms"}), Exit::ok) << err();
  EXPECT_THAT(out(), HasSubstr("TREND"));
}

TEST_F(GroupCommand, DescribeShowsEachPartition) {
  fill("t", "a\nb\nc\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-n", "1"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "describe", "g", "-o", "json"}), Exit::ok) << err();
  const json::object partition = result().at("partition_details").at(0).as_object();
  EXPECT_EQ(partition.at("committed_offset"), 1);
  EXPECT_EQ(partition.at("end_offset"), 3);
  EXPECT_EQ(partition.at("lag"), 2);
  ASSERT_EQ(run({"group", "describe", "g"}), Exit::ok);
  EXPECT_THAT(out(), HasSubstr("Empty, 0 members"));
  ASSERT_EQ(run({"group", "describe", "gg"}), Exit::not_found);
  EXPECT_THAT(err(), HasSubstr("did you mean \"g\"?"));
}

TEST_F(GroupCommand, PeekShowsWhatIsAroundWhereAGroupIs) {
  fill("t", "a\nb\nc\nd\ne\nf\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g:1", "-n", "3"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "peek", "g:1", "-B", "1", "-A", "2"}), Exit::ok) << err();
  EXPECT_EQ(out(), "c\nd\ne\n");
  ASSERT_EQ(run({"group", "peek", "g:1", "-t", "t:0", "-f", "%o "}), Exit::ok) << err();
  EXPECT_EQ(out(), "0 1 2 3 4 5 ");
  EXPECT_EQ(run({"group", "peek", "g:1", "-t", "t:1"}), Exit::not_found);
  EXPECT_EQ(run({"group", "peek", "other"}), Exit::not_found);
  EXPECT_EQ(run({"group", "peek", "g:1", "--before=-1"}), Exit::usage);
  ASSERT_EQ(run({"consume", "t", "-g", "g:1", "-e"}), Exit::ok) << err();
  EXPECT_EQ(out(), "d\ne\nf\n") << "it is where it was";
}

TEST_F(GroupCommand, SeekMovesAnEmptyGroup) {
  fill("t", "a\nb\nc\nd\n");
  EXPECT_EQ(run({"group", "seek", "g", "--to", "start", "-t", "t"}), Exit::not_found)
      << "it does not exist yet";
  EXPECT_EQ(run({"group", "seek", "g", "--to", "end"}), Exit::usage) << "of which topic?";
  EXPECT_EQ(run({"group", "seek", "g", "-t", "t"}), Exit::usage) << "where to?";
  ASSERT_EQ(run({"group", "seek", "g", "--to", "end", "-t", "t", "--create"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "seek", "g", "--by", "-3", "-t", "t", "--dry-run", "-o", "json"}), Exit::ok)
      << err();
  EXPECT_EQ(result().at(0).at("new_offset"), 1);
  EXPECT_EQ(result().at(0).at("change"), -3);
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e"}), Exit::ok) << err();
  EXPECT_EQ(out(), "") << "a dry run changes nothing";
  ASSERT_EQ(run({"group", "seek", "g", "--by", "-3", "--all-topics"}), Exit::ok) << err();
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e"}), Exit::ok) << err();
  EXPECT_EQ(out(), "b\nc\nd\n");
  ASSERT_EQ(run({"group", "seek", "g", "--to", "+1", "-t", "t:0"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "seek", "h", "--to-group", "g", "--create"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "lag", "h", "-o", "json"}), Exit::ok) << err();
  EXPECT_EQ(result().at(0).at("lag"), 3);
}

TEST_F(GroupCommand, MovingSeveralTopicsIsAskedAbout) {
  fill("t", "a\n");
  fill("u", "a\n");
  const std::vector<std::string> words{"group", "seek", "g", "--to", "end", "-t", "t", "-t", "u", "--create"};
  EXPECT_EQ(run(words), Exit::refused);
  auto sure = words;
  sure.emplace_back("-y");
  EXPECT_EQ(run(sure), Exit::ok) << err();
}

TEST_F(GroupCommand, WhereAGroupIsCanBeKeptAndPutBack) {
  fill("t", "a\nb\nc\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-n", "2"}), Exit::ok) << err();
  for (const char* format : {"json", "csv"}) {
    ASSERT_EQ(run({"group", "export", "g", "-o", format}), Exit::ok) << err();
    const std::string file = dir_.path() / "positions";
    std::ofstream(file) << out();
    ASSERT_EQ(run({"group", "import", std::string("copy-") + format, file}), Exit::ok) << err();
    ASSERT_EQ(run({"consume", "t", "-g", std::string("copy-") + format, "-e"}), Exit::ok) << err();
    EXPECT_EQ(out(), "c\n");
  }
  EXPECT_EQ(run({"group", "export", "other"}), Exit::not_found);
  EXPECT_EQ(run({"group", "import", "-"}, "t,0,1\n"), Exit::usage) << "into which group?";
}

TEST_F(GroupCommand, PositionsAreOfPartitionsThatExistAndWithinTheirLogs) {
  fill("t", "a\nb\nc\n");
  EXPECT_EQ(run({"group", "import", "g", "-"}, "nope,0,1\n"), Exit::not_found);
  EXPECT_THAT(err(), HasSubstr("topic \"nope\" does not exist"));
  EXPECT_EQ(run({"group", "import", "g", "-"}, "t,0,1\nt,9,1\n"), Exit::not_found);
  EXPECT_THAT(err(), HasSubstr("topic \"t\" has no partition 9"));
  EXPECT_EQ(run({"group", "describe", "g"}), Exit::not_found) << "nothing was done";
  ASSERT_EQ(run({"group", "import", "g", "-", "-o", "json"}, "t,0,99\n"), Exit::ok) << err();
  EXPECT_THAT(err(), HasSubstr("t[0]: offset 99 is after the end of the log; 3 is taken"));
  EXPECT_EQ(result().at(0).at("new_offset"), 3);
  ASSERT_EQ(run({"topic", "trim", "t", "--before", "2", "-y"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "seek", "g", "--positions", "-", "-o", "json"}, "t,0,0\n"), Exit::ok) << err();
  EXPECT_THAT(err(), HasSubstr("before the start"));
  EXPECT_EQ(result().at(0).at("new_offset"), 2);
}

TEST_F(GroupCommand, PatternsLeaveInternalTopicsAloneAndExactNamesDoNot) {
  fill("t", "a\n");
  ASSERT_EQ(run({"consume", "t", "-g", "g", "-e"}), Exit::ok) << err();
  ASSERT_EQ(run({"topic", "list", "--internal", "-o", "name"}), Exit::ok) << err();
  ASSERT_THAT(out(), HasSubstr("__consumer_offsets"));
  for (const std::vector<std::string>& words : {std::vector<std::string>{"consume", "__*", "-e"},
                                                {"topic", "describe", "__*"},
                                                {"topic", "offsets", "/^__/"},
                                                {"topic", "alter", "__*", "-c", "retention.ms=1h"}}) {
    EXPECT_EQ(run(words), Exit::not_found) << words[0] << ' ' << words[1];
    EXPECT_THAT(err(), HasSubstr("no topic matches"));
  }
  EXPECT_EQ(run({"topic", "describe", "__consumer_offsets"}), Exit::ok) << err();
  EXPECT_EQ(run({"consume", "__consumer_offsets", "-e", "-o", "none"}), Exit::ok) << err();
}

TEST_F(GroupCommand, GroupsAndOffsetsCanBeDeleted) {
  fill("t", "a\n");
  fill("u", "a\n");
  ASSERT_EQ(run({"consume", "t", "u", "-g", "g", "-e"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "forget", "g", "-t", "u", "-y"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "export", "g", "-o", "csv"}), Exit::ok);
  EXPECT_EQ(out(), "topic,partition,offset\nt,0,1\n");
  EXPECT_EQ(run({"group", "forget", "g", "-t", "u", "-y"}), Exit::not_found);
  EXPECT_EQ(run({"group", "delete", "g"}), Exit::refused) << "nobody has said yes";
  EXPECT_EQ(run({"group", "delete", "g*", "-y"}), Exit::refused) << "a pattern needs the number";
  ASSERT_EQ(run({"group", "delete", "g", "-y"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "list", "-o", "name"}), Exit::ok);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(run({"group", "delete", "g", "-y"}), Exit::not_found);
  EXPECT_EQ(run({"group", "delete", "g", "-y", "--if-exists"}), Exit::ok);
}

// A member that is not us, in a thread of its own.
class Other {
 public:
  Other(std::uint16_t port, std::string group, std::vector<std::string> topics) {
    client::Options options;
    options.brokers = {{"127.0.0.1", port}};
    client::MemberOptions membership;
    membership.membership.group = std::move(group);
    membership.membership.topics = std::move(topics);
    membership.changed = [this] {
      if (!std::exchange(told_, true)) in_.set_value();
    };
    member_ = client::Member::create(loop_, options, std::move(membership));
    member_->start();
    thread_ = std::thread([this] { loop_.run(); });
    EXPECT_EQ(in_.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  }
  ~Other() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    net::asio::co_spawn(loop_, client::Member::leave(member_, deadline), net::asio::detached);
    thread_.join();
  }

 private:
  net::asio::io_context loop_;
  std::promise<void> in_;
  bool told_ = false;
  std::shared_ptr<client::Member> member_;
  std::thread thread_;
};

TEST_F(GroupCommand, AGroupWithMembersIsNotMovedUnlessTheyAreEvicted) {
  fill("t", "a\nb\n");
  const Other other(broker_.port(), "g", {"t"});
  EXPECT_EQ(run({"group", "seek", "g", "--to", "end", "-t", "t", "--create"}), Exit::conflict);
  EXPECT_THAT(err(), HasSubstr("1 active member"));
  EXPECT_THAT(err(), HasSubstr("127.0.0.1  t[0]")) << "who it is";
  EXPECT_EQ(run({"group", "delete", "g", "-y"}), Exit::conflict);
  ASSERT_EQ(run({"group", "describe", "g", "--members"}), Exit::ok) << err();
  EXPECT_THAT(out(), HasSubstr("Stable, 1 member, cooperative-sticky"));
  EXPECT_THAT(out(), HasSubstr("t[0]"));
  ASSERT_EQ(run({"group", "seek", "g", "--to", "end", "-t", "t", "--evict", "-y"}), Exit::ok) << err();
  ASSERT_EQ(run({"group", "lag", "g", "--max", "0"}), Exit::ok);
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

TEST_F(GroupCommand, EvictedMembersAreOut) {
  fill("t", "a\n");
  EXPECT_EQ(run({"group", "evict", "g", "-y"}), Exit::not_found);
  const Other other(broker_.port(), "g", {"t"});
  EXPECT_EQ(run({"group", "evict", "g", "somebody", "-y"}), Exit::not_found);
  EXPECT_EQ(run({"group", "evict", "g"}), Exit::refused);
  ASSERT_EQ(run({"group", "evict", "g", "-y", "-o", "json"}), Exit::ok) << err();
  EXPECT_EQ(result().at(0).at("assigned"), "t[0]");
}

TEST_F(GroupCommand, NamesAreOfferedByCompletion) {
  fill("t", "a\n");
  ASSERT_EQ(run({"consume", "t", "-g", "billing", "-e"}), Exit::ok) << err();
  const Variable cache("XDG_CACHE_HOME", (dir_.path() / "cache").c_str()),
      at("MQ_BROKERS", address().c_str());
  const Variable patience("MQ_COMPLETION_TIMEOUT", "10s");
  Streams streams;
  ASSERT_EQ(cli::run(streams.context, {"__complete", "mq", "group", "describe", "b"}), Exit::ok);
  EXPECT_EQ(streams.out(), "billing\n");
}

}  // namespace
}  // namespace mq::cli
