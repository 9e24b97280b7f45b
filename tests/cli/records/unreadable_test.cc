// SPDX-License-Identifier: Apache-2.0
// A range that its broker has lost.
#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <thread>

#include "tests/cli/support/streams.h"
#include "tests/core/client/fake_broker.h"

namespace mq::cli {
namespace {

using testing::HasSubstr;

// Offsets 2 to 5 of 8 are lost.
class Unreadable : public testing::Test {
 protected:
  Unreadable() {
    for (const char* value : {"0", "1", "2", "3", "4", "5", "6", "7"})
      broker_.store(0, client::batch_of({value}));
    broker_.lost = {2, 6};
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Unreadable() override {
    loop_.stop();
    thread_.join();
  }
  Exit run(std::vector<std::string> words) {
    words.insert(words.end(), {"-b", "127.0.0.1:" + std::to_string(broker_.port)});
    streams_ = std::make_unique<Streams>();
    return cli::run(streams_->context, words);
  }
  std::string out() const { return streams_->out(); }
  std::string err() const { return streams_->err(); }

  net::asio::io_context loop_;
  client::FakeBroker broker_{loop_};
  net::asio::executor_work_guard<net::asio::io_context::executor_type> work_{loop_.get_executor()};
  std::unique_ptr<Streams> streams_;
  std::thread thread_;
};

TEST_F(Unreadable, EndsTheReadingAndSaysSo) {
  EXPECT_EQ(run({"consume", "t", "-e"}), Exit::partial);
  EXPECT_EQ(out(), "0\n1\n");
  EXPECT_THAT(err(), HasSubstr("t[0]: what begins at offset 2 cannot be read (CORRUPT_MESSAGE"));
  EXPECT_THAT(err(), HasSubstr("--on-error skip"));
}

TEST_F(Unreadable, IsPassedOverWhenAsked) {
  EXPECT_EQ(run({"consume", "t", "-e", "--on-error", "skip"}), Exit::ok) << err();
  EXPECT_EQ(out(), "0\n1\n6\n7\n");
  EXPECT_THAT(err(), HasSubstr("t[0]: offset 2 is gone; going on at 6"));
}

TEST_F(Unreadable, HoldsUpNobodyWhoLooksForTheNewest) {
  EXPECT_EQ(run({"consume", "t", "--last", "3", "--on-error", "skip"}), Exit::ok) << err();
  EXPECT_THAT(out(), HasSubstr("6\n7\n"));
}

}  // namespace
}  // namespace mq::cli
