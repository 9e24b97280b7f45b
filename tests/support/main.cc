// SPDX-License-Identifier: Apache-2.0
// The main of every test program: what is logged during a test is shown when it fails, and only then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <iostream>

namespace {

constexpr std::size_t lines_kept = 200;

class LogOfFailures : public testing::EmptyTestEventListener {
 public:
  void OnTestStart(const testing::TestInfo&) override {
    lines_ = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(lines_kept);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("", lines_));
  }

  void OnTestEnd(const testing::TestInfo& test) override {
    if (!test.result()->Failed()) return;
    for (const std::string& line : lines_->last_formatted()) std::cerr << line;
    // Once more, where a runner that shortens the output still shows it.
    std::cerr << "FAILED: " << test.test_suite_name() << '.' << test.name() << std::endl;
  }

 private:
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> lines_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new LogOfFailures);  // owned by the list
  return RUN_ALL_TESTS();
}
