// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>

#include "cli/bench_report.h"
#include "tests/cli/support/streams.h"
#include "tests/support/test_broker.h"

namespace mq::cli {
namespace json = boost::json;

namespace {

using testing::HasSubstr;

// ---- what is asked for ----

std::pair<double, bool> rate(const std::string& text) {
  bench::Options load;
  parse_rate(text, load);
  return {load.rate, load.rate_in_bytes};
}

TEST(BenchFlags, RatesAreRecordsByThousandsOrBytes) {
  EXPECT_EQ(rate("100/s"), std::pair(100.0, false));
  EXPECT_EQ(rate("50k/s"), std::pair(50'000.0, false));
  EXPECT_EQ(rate("1.5M/s"), std::pair(1'500'000.0, false));
  EXPECT_EQ(rate("10MiB/s"), std::pair(10.0 * (1 << 20), true));
  EXPECT_EQ(rate("1MB/s"), std::pair(1e6, true));
  for (const char* wrong : {"", "/s", "k/s", "50k", "0/s", "-1/s", "fast/s", "B/s"})
    EXPECT_THROW(rate(wrong), UsageError) << wrong;
}

TEST(BenchFlags, SizesAreOneOrARange) {
  EXPECT_EQ(parse_sizes("1KiB").min, 1024u);
  EXPECT_EQ(parse_sizes("1KiB").max, 1024u);
  EXPECT_EQ(parse_sizes("100..2k").min, 100u);
  EXPECT_EQ(parse_sizes("100..2k").max, 2048u);
  for (const char* wrong : {"", "x", "10..", "..10", "10..5", "1GiB"})
    EXPECT_THROW(parse_sizes(wrong), UsageError) << wrong;
}

// ---- what is told ----

json::object result_of(double rate, double latency) {
  const auto part = [&](double times) {
    json::object told{{"count", 10}};
    for (const char* field : {"p50", "p90", "p99", "p99_9", "p99_99", "max"}) told[field] = latency * times++;
    return told;
  };
  return {{"bench", "e2e"},
          {"errors", 2},
          {"produced", {{"records", 1000}, {"records_per_s", rate}, {"bytes_per_s", rate * 1024}}},
          {"latency_ns", {{"e2e", part(2)}, {"ack", part(1)}}},
          {"verify", {{"checked", 1000}, {"lost", 1}, {"repeated", 0}, {"damaged", 0}, {"foreign", 0}}}};
}

TEST(BenchReport, IsATableOfLatenciesUnderAHeadline) {
  EXPECT_EQ(bench_table(result_of(2048, 1e6), nullptr),
            "records 1000  2048/s  2 MiB/s  errors 2\n"
            "latency     p50     p90     p99   p99.9  p99.99     max\n"
            "e2e      2.0 ms  3.0 ms  4.0 ms  5.0 ms  6.0 ms  7.0 ms\n"
            "ack      1.0 ms  2.0 ms  3.0 ms  4.0 ms  5.0 ms  6.0 ms\n"
            "verify  checked 1000  lost 1  repeated 0  damaged 0\n");
}

TEST(BenchReport, ComparesWithAnEarlierOne) {
  const json::object before = result_of(1024, 2e6);
  const std::string table = bench_table(result_of(2048, 1e6), &before);
  EXPECT_THAT(table, HasSubstr("2048/s (+100.0 %)  2 MiB/s (+100.0 %)"));
  EXPECT_THAT(table, HasSubstr("-50.0 %"));
}

TEST(BenchReport, LatenciesAreAsPreciseAsTheyAreLarge) {
  EXPECT_EQ(latency_text(42'000), "0.042 ms");
  EXPECT_EQ(latency_text(940'000), "0.9 ms");
  EXPECT_EQ(latency_text(1'234e6), "1234 ms");
  EXPECT_EQ(latency_text(12.34e9), "12.3 s");
}

// ---- against a broker ----

class BenchCommand : public testing::Test {
 protected:
  Exit run(std::vector<std::string> words) {
    words.insert(words.begin(), "bench");
    words.insert(words.end(), {"-b", "127.0.0.1:" + std::to_string(broker_.port())});
    streams_ = std::make_unique<Streams>();
    return cli::run(streams_->context, words);
  }
  json::object result() const { return json::parse(streams_->out()).as_object(); }
  std::uint64_t number(const json::object& in, std::string_view field) const {
    return in.at(field).to_number<std::uint64_t>();
  }
  std::string topics() {
    Streams streams;
    const std::string address = "127.0.0.1:" + std::to_string(broker_.port());
    EXPECT_EQ(cli::run(streams.context, {"topic", "list", "-o", "name", "-b", address}), Exit::ok);
    return streams.out();
  }

  test::TempDir dir_;
  test::TestBroker broker_{dir_.path()};
  std::unique_ptr<Streams> streams_;
};

TEST_F(BenchCommand, EndToEndMeasuresBothWaysAndLeavesNothingBehind) {
  ASSERT_EQ(run({"e2e", "-n", "500", "--size", "100", "-p", "2", "--clients", "2", "--verify", "-o", "json"}),
            Exit::ok)
      << streams_->err();
  const json::object told = result();
  EXPECT_EQ(number(told.at("produced").as_object(), "records"), 500u);
  EXPECT_EQ(number(told.at("consumed").as_object(), "records"), 500u);
  EXPECT_EQ(number(told.at("verify").as_object(), "checked"), 500u);
  const json::object& latency = told.at("latency_ns").as_object();
  for (const char* name : {"e2e", "ack"}) {
    EXPECT_EQ(number(latency.at(name).as_object(), "count"), 500u) << name;
    EXPECT_FALSE(latency.at(name).as_object().at("buckets").as_array().empty());
  }
  EXPECT_TRUE(told.at("options").at("linger_ms").is_int64());
  EXPECT_TRUE(told.at("options").at("warmup_ms").is_int64());
  EXPECT_EQ(topics(), "");
}

TEST_F(BenchCommand, ConsumeWritesFirstWhatItReads) {
  ASSERT_EQ(run({"consume", "-n", "300", "--size", "36..200", "-z", "lz4", "--verify"}), Exit::ok)
      << streams_->err();
  EXPECT_THAT(streams_->out(), HasSubstr("records 300 "));
  EXPECT_THAT(streams_->out(), HasSubstr("checked 300  lost 0  repeated 0  damaged 0"));
}

TEST_F(BenchCommand, ProduceKeepsATopicOnRequestAndConsumeReadsIt) {
  ASSERT_EQ(run({"produce", "-n", "200", "--verify", "--topic", "mine", "--keep", "--keys", "5"}), Exit::ok)
      << streams_->err();
  EXPECT_THAT(streams_->out(), HasSubstr("checked 200  lost 0"));
  EXPECT_EQ(topics(), "mine\n");
  ASSERT_EQ(run({"consume", "--topic", "mine", "--verify"}), Exit::ok) << streams_->err();
  EXPECT_THAT(streams_->out(), HasSubstr("checked 200  lost 0"));
  EXPECT_EQ(topics(), "mine\n");
}

TEST_F(BenchCommand, MixedTellsBothRates) {
  ASSERT_EQ(run({"mixed", "--rate", "2k/s", "--time", "200ms", "--warmup", "0"}), Exit::ok)
      << streams_->err();
  EXPECT_THAT(streams_->out(), HasSubstr("produced 400 "));
  EXPECT_THAT(streams_->out(), HasSubstr("consumed 400 "));
}

TEST_F(BenchCommand, RecordsThatFailMakeItFail) {
  EXPECT_EQ(run({"produce", "-n", "2", "--size", "4MiB"}), Exit::failed);
  EXPECT_THAT(streams_->out(), HasSubstr("errors 2"));
  EXPECT_THAT(streams_->err(), HasSubstr("2 records were not acknowledged"));
  EXPECT_EQ(topics(), "");
}

TEST_F(BenchCommand, AnEarlierResultCanBeComparedWith) {
  const std::string file = dir_.path() / "before.json";
  ASSERT_EQ(run({"produce", "-n", "100", "-o", "json"}), Exit::ok) << streams_->err();
  std::ofstream(file) << streams_->out();
  ASSERT_EQ(run({"produce", "-n", "100", "--compare", file}), Exit::ok) << streams_->err();
  EXPECT_THAT(streams_->out(), HasSubstr(" %"));
  EXPECT_EQ(run({"produce", "-n", "1", "--compare", "/no/such/file"}), Exit::usage);
}

TEST_F(BenchCommand, WhatNeedsAStampNeedsRoomForIt) {
  EXPECT_EQ(run({"e2e", "-n", "1", "--size", "10"}), Exit::usage);
  EXPECT_EQ(run({"produce", "-n", "10", "--size", "10"}), Exit::ok) << streams_->err();
}

}  // namespace
}  // namespace mq::cli
