// SPDX-License-Identifier: Apache-2.0
// What a broker says of its directory while that takes no writes.
#include "tests/core/handlers/conversation.h"
#include "tests/support/power_cut.h"

namespace mq::core {
namespace {

class LogDirsTest : public SocketConversation {
 protected:
  void SetUp() override {
    broker = std::make_unique<TestBroker>(
        dir.path() / "data", [](Config& config) { config.min_free_bytes = 1000; }, disk_);
    connect();
    create("t");
  }
  void TearDown() override {
    wire.reset();
    broker.reset();  // before its disk
  }
  std::int16_t log_dir_error() {
    return wire->call<kafka::DescribeLogDirsResponse>(kafka::DescribeLogDirsRequest{}, 4)
        .results.at(0)
        .error_code;
  }
  void produce_until(kafka::Error expected) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (produce("t", batch({.values = {"v"}})).error_code != code(expected))
      if (std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error("nothing changed for 30 seconds");
  }

  test::PowerCut disk_{dir.path()};
};

TEST_F(LogDirsTest, ADirectoryThatTakesNoWritesIsAnErrorForAsLongAsItDoesNot) {
  EXPECT_EQ(log_dir_error(), 0);
  disk_.set_free_bytes(500);
  produce_until(Error::kafka_storage_error);
  EXPECT_EQ(log_dir_error(), code(Error::kafka_storage_error));
  disk_.set_free_bytes({});
  produce_until(Error::none);
  EXPECT_EQ(log_dir_error(), 0);
}

}  // namespace
}  // namespace mq::core
