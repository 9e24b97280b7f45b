// SPDX-License-Identifier: Apache-2.0
#include "core/admin/replica_changes.h"

#include <gmock/gmock.h>

#include "core/admin/usage_error.h"

namespace mq::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string complaint(const std::function<void()>& about) {
  try {
    about();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Reassignments, EachPartitionNamedGetsTheReplicasInTheirOrder) {
  const auto all = parse_reassignment("orders:0,2-3=3,1");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].partition, (core::TopicPartition{"orders", 2}));
  for (const Reassignment& one : all) EXPECT_THAT(one.replicas, ElementsAre(3, 1));
}

TEST(Reassignments, WordsThatDoNotSayWhichOrWhereToAreRefused) {
  for (const char* word : {"orders", "orders:0", "orders=1,2", "orders:0=", "orders:0=1,", "orders:0=1,x",
                           "orders:0=-1", "orders:0=1,1", "orders:x=1", "ord*:0=1"})
    EXPECT_NE(complaint([&] { parse_reassignment(word); }), "") << word;
}

TEST(Reassignments, KafkasFileIsUnderstood) {
  const auto all = parse_reassignment_file(
      R"({"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1,2],"log_dirs":["any","any"]},)"
      R"({"topic":"b.c","partition":7,"replicas":[3]}]})");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].partition, (core::TopicPartition{"a", 0}));
  EXPECT_THAT(all[0].replicas, ElementsAre(1, 2));
  EXPECT_EQ(all[1].partition, (core::TopicPartition{"b.c", 7}));
}

TEST(Reassignments, AFileThatIsNoneSaysWhatIsWrong) {
  const auto says = [](const char* text) { return complaint([&] { parse_reassignment_file(text); }); };
  EXPECT_THAT(says(""), HasSubstr("no reassignment"));
  EXPECT_THAT(says("[]"), HasSubstr("\"partitions\" is missing"));
  EXPECT_THAT(says(R"({"version":2,"partitions":[]})"), HasSubstr("version 2"));
  EXPECT_THAT(says(R"({"version":1,"partitions":[]})"), HasSubstr("no partition"));
  EXPECT_THAT(says(R"({"partitions":[7]})"), HasSubstr("\"topic\" is missing"));
  EXPECT_THAT(says(R"({"partitions":[{"topic":7,"partition":0,"replicas":[1]}]})"), HasSubstr("no name"));
  EXPECT_THAT(says(R"({"partitions":[{"topic":"a","partition":-1,"replicas":[1]}]})"), HasSubstr("-1"));
  EXPECT_THAT(says(R"({"partitions":[{"topic":"a","partition":0,"replicas":1}]})"), HasSubstr("no list"));
  EXPECT_THAT(says(R"({"partitions":[{"topic":"a","partition":0,"replicas":[]}]})"), HasSubstr("no broker"));
  EXPECT_THAT(says(R"({"partitions":[{"topic":"a","partition":0,"replicas":[1],"log_dirs":["/data"]}]})"),
              HasSubstr("log_dirs"));
}

TEST(Reassignments, APartitionIsNamedOnce) {
  EXPECT_EQ(complaint([] { check_each_once(parse_reassignment("orders:0-2=1")); }), "");
  std::vector<Reassignment> twice = parse_reassignment("orders:0-2=1");
  twice.push_back(twice[1]);
  EXPECT_EQ(complaint([&] { check_each_once(twice); }), "orders[1] is named twice");
}

}  // namespace
}  // namespace mq::admin
