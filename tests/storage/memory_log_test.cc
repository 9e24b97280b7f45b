// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_log.h"

#include "tests/storage/log_contract.h"

namespace mq::test {
namespace {

class MemoryMaker {
 public:
  storage::asio::io_context& loop() { return loop_; }
  std::shared_ptr<Log> log() { return std::make_shared<storage::MemoryLog>(loop_.get_executor()); }

 private:
  storage::asio::io_context loop_;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LogContract, MemoryMaker);

TEST(MemoryLog, FailsAppendsWhenTold) {
  storage::asio::io_context loop;
  storage::MemoryLog log(loop.get_executor());
  log.fail_with(storage::Errc::io);
  EXPECT_EQ(append_to(loop, log, make_batch(0)), storage::Errc::io);
  EXPECT_EQ(log.end(), 0);
}

}  // namespace
}  // namespace mq::test
