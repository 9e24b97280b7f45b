// SPDX-License-Identifier: Apache-2.0
// Transactions: written by mq produce, looked at and ended by mq txn.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "core/client/producer.h"
#include "tests/cli/support/streams.h"
#include "tests/core/client/fake_broker.h"
#include "tests/support/test_broker.h"

namespace mq::cli {
namespace json = boost::json;
namespace {

using testing::HasSubstr;

class TxnCommand : public testing::Test {
 protected:
  Exit run(std::vector<std::string> words, std::string_view input = {}) {
    words.insert(words.end(), {"-b", "127.0.0.1:" + std::to_string(broker_.port())});
    streams_ = std::make_unique<Streams>(input);
    return cli::run(streams_->context, words);
  }
  std::string out() const { return streams_->out(); }
  std::string err() const { return streams_->err(); }
  json::value result() const { return json::parse(streams_->out()); }

  std::string committed(const std::string& topic) {
    EXPECT_EQ(run({"consume", topic, "-e"}), Exit::ok) << err();
    return out();
  }
  std::string uncommitted(const std::string& topic) {
    EXPECT_EQ(run({"consume", topic, "-e", "--isolation", "uncommitted"}), Exit::ok) << err();
    return out();
  }

  // Writes a record in a transaction and leaves it open.
  void leave_open(const std::string& id, const std::string& topic) {
    client::Options options;
    options.brokers = {{"127.0.0.1", broker_.port()}};
    client_ = std::make_unique<client::Client>(loop_, options);
    client::ProducerOptions wanted;
    wanted.topic = topic;
    wanted.transactions.emplace().id = id;
    auto producer = client::Producer::create(*client_, std::move(wanted));
    const auto started = client::run_until_done(loop_, client::Producer::start(producer));
    ASSERT_TRUE(started) << started.error().text();
    producer->append(0, 1000, std::nullopt, client::bytes_of("open"), {}, 1);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    ASSERT_TRUE(client::run_until_done(loop_, client::Producer::flush(producer, deadline)));
    ASSERT_EQ(producer->delivered_records(), 1u);
    producer->stop();
  }

  test::TempDir dir_;
  test::TestBroker broker_{dir_.path()};
  net::asio::io_context loop_;
  std::unique_ptr<client::Client> client_;
  std::unique_ptr<Streams> streams_;
};

TEST_F(TxnCommand, AllOfTheInputIsWrittenInOneTransaction) {
  ASSERT_EQ(run({"produce", "t", "--create", "--txn=tool"}, "a\nb\nc\n"), Exit::ok) << err();
  EXPECT_EQ(committed("t"), "a\nb\nc\n");
  ASSERT_EQ(run({"txn", "describe", "tool", "-o", "json"}), Exit::ok) << err();
  EXPECT_EQ(result().at("transactional_id"), "tool");
  EXPECT_GE(result().at("producer_id").to_number<int>(), 0);
  ASSERT_EQ(run({"txn", "list", "-o", "name"}), Exit::ok) << err();
  EXPECT_EQ(out(), "tool\n");
  EXPECT_EQ(run({"txn", "describe", "other"}), Exit::not_found);
}

TEST_F(TxnCommand, OneTransactionCanFollowTheOther) {
  ASSERT_EQ(run({"produce", "t", "--create=3", "--txn", "--txn-every", "2"}, "a\nb\nc\nd\ne\n"), Exit::ok)
      << err();
  std::string values = committed("t");
  std::ranges::sort(values);
  EXPECT_EQ(values, "\n\n\n\n\nabcde");
  ASSERT_EQ(run({"produce", "t", "--txn", "--txn-every", "1s"}, "f\n"), Exit::ok) << err();
  EXPECT_THAT(committed("t"), HasSubstr("f\n"));
}

TEST_F(TxnCommand, WhatGoesWrongIsWrittenNotAtAll) {
  ASSERT_EQ(run({"topic", "create", "t", "-c", "max.message.bytes=1000"}), Exit::ok) << err();
  EXPECT_EQ(run({"produce", "t", "--txn", "-z", "none"}, "a\n" + std::string(3000, 'x') + "\n"),
            Exit::failed);
  EXPECT_THAT(err(), HasSubstr("aborted"));
  EXPECT_EQ(committed("t"), "");
}

TEST_F(TxnCommand, IsAbortedWhenItsReceiptsCannotBeWritten) {
  ASSERT_EQ(run({"topic", "create", "t"}), Exit::ok) << err();
  Streams streams("a\nb\n");
  streams.context.out = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  cli::run(streams.context, {"produce", "t", "--txn", "--receipt", "%o\n", "-b",
                             "127.0.0.1:" + std::to_string(broker_.port())});
  EXPECT_NE(streams.context.write_error, 0);
  EXPECT_THAT(streams.err(), HasSubstr("aborted"));
  EXPECT_EQ(committed("t"), "");
  ::close(streams.context.out);
}

TEST_F(TxnCommand, FlagsThatMakeNoSenseAreRefused) {
  EXPECT_EQ(run({"produce", "t", "--txn", "--acks", "1"}, "a\n"), Exit::usage);
  EXPECT_EQ(run({"produce", "t", "--txn-every", "5"}, "a\n"), Exit::usage);
  EXPECT_EQ(run({"produce", "t", "--txn", "--txn-every", "often"}, "a\n"), Exit::usage);
  EXPECT_EQ(run({"txn", "abort", "t:0"}), Exit::usage) << "which one?";
}

TEST_F(TxnCommand, AnOpenOneHoldsBackReadersAndIsNoConcernOfOthersWhileItsCoordinatorKnowsIt) {
  ASSERT_EQ(run({"produce", "t", "--create"}, "before\n"), Exit::ok) << err();
  leave_open("tool", "t");
  EXPECT_EQ(committed("t"), "before\n");
  EXPECT_EQ(uncommitted("t"), "before\nopen\n");
  ASSERT_EQ(run({"txn", "describe", "tool", "-o", "json"}), Exit::ok) << err();
  EXPECT_EQ(result().at("state"), "Ongoing");
  EXPECT_EQ(result().at("partitions"), "t[0]");
  EXPECT_EQ(run({"txn", "hanging"}), Exit::ok) << out();
  EXPECT_EQ(run({"txn", "abort", "t:0", "--start-offset", "1", "-y"}), Exit::refused) << "that is severe";
  EXPECT_EQ(run({"txn", "abort", "t:0", "--start-offset", "7", "-y"}), Exit::not_found);
  ASSERT_EQ(run({"txn", "abort", "t:0", "--start-offset", "1", "--dry-run"}), Exit::ok) << err();
  ASSERT_EQ(run({"txn", "abort", "t:0", "--start-offset", "1", "--confirm", "t:0"}), Exit::ok) << err();
  ASSERT_EQ(run({"produce", "t"}, "after\n"), Exit::ok) << err();
  EXPECT_EQ(committed("t"), "before\nafter\n");
}

TEST_F(TxnCommand, WhoeverTakesTheIdEndsWhatWasLeftOpen) {
  ASSERT_EQ(run({"topic", "create", "t"}), Exit::ok);
  leave_open("tool", "t");
  ASSERT_EQ(run({"produce", "t", "--txn=tool"}, "next\n"), Exit::ok) << err();
  EXPECT_EQ(committed("t"), "next\n");
}

}  // namespace
}  // namespace mq::cli
