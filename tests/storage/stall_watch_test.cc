// SPDX-License-Identifier: Apache-2.0
#include "storage/stall_watch.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "storage/logger.h"

namespace mq::test {
namespace {

using namespace std::chrono_literals;

class StallWatchTest : public testing::Test {
 protected:
  StallWatchTest() { storage::logger().sinks().push_back(sink); }
  ~StallWatchTest() override { storage::logger().sinks().pop_back(); }

  std::ostringstream said;
  std::shared_ptr<spdlog::sinks::sink> sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(said);
  storage::asio::io_context loop{1};
};

TEST_F(StallWatchTest, WhatIsNotAnsweredIsSaidWithWhatTheWriterDoes) {
  storage::StallWatch watch(loop, 1ms);
  watch.watch([] { return "syncs"; });
  watch.began();
  while (said.str().empty()) loop.run_one();
  EXPECT_NE(said.str().find("the writer syncs"), std::string::npos) << said.str();
  EXPECT_GE(watch.stalled(), 1ms);
}

TEST_F(StallWatchTest, NothingIsSaidAndNoTimerRunsOnWhenAllIsAnswered) {
  storage::StallWatch watch(loop, 1ms);
  watch.began();
  watch.answered(0);
  EXPECT_EQ(loop.run(), 1u) << "one look";
  EXPECT_EQ(said.str(), "");
  EXPECT_EQ(watch.stalled(), 0ms);
}

}  // namespace
}  // namespace mq::test
