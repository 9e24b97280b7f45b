// SPDX-License-Identifier: Apache-2.0
#include "cli/group/group.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "cli/group/group_seek.h"
#include "core/client/member.h"
#include "tests/cli/support/group_command.h"

namespace mq::cli {
namespace json = boost::json;
namespace {

using testing::HasSubstr;
using testing::Not;

// ---- pure ----

TEST(Trend, SaysWhenTheGroupWillHaveCaughtUp) {
  admin::GroupProgress group;
  admin::Progress& progress = group.partitions.emplace_back();
  progress.committed = 0, progress.start = 0, progress.end = 12'400;
  EXPECT_EQ(drains_in(group), "");
  group.lag_per_s = -310;
  EXPECT_EQ(drains_in(group), "drains in about 40.0 s");
  group.lag_per_s = 2;
  EXPECT_EQ(drains_in(group), "never at this rate");
  EXPECT_EQ(human_trend(-310), "↘ -310/s");
  EXPECT_EQ(human_trend(412.3), "↗ +412/s");
}

// ---- against a broker ----

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
