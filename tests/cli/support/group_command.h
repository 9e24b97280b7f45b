// SPDX-License-Identifier: Apache-2.0
// Commands about groups, run against a broker of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/cli/support/streams.h"
#include "tests/support/test_broker.h"

namespace mq::cli {

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
  boost::json::value result() const { return boost::json::parse(streams_->out()); }

  void fill(const std::string& topic, const std::string& values, const std::string& partitions = "1") {
    ASSERT_EQ(run({"produce", topic, "--create=" + partitions}, values), Exit::ok) << err();
  }

  test::TempDir dir_;
  test::TestBroker broker_{dir_.path()};
  std::unique_ptr<Streams> streams_;
};

}  // namespace mq::cli
