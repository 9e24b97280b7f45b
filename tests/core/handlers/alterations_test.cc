// SPDX-License-Identifier: Apache-2.0
#include "tests/core/handlers/conversation.h"

namespace mq::core {
namespace {

constexpr std::int8_t of_topic = 2, of_broker = 4, of_group = 32;

class AlterationsTest : public Conversation {
 protected:
  static kafka::IncrementalAlterConfigsRequest altering(std::int8_t type, std::string resource,
                                                        std::string config, std::string value) {
    kafka::IncrementalAlterConfigsRequest request;
    request.resources.push_back({type, std::move(resource), {{std::move(config), 0, std::move(value)}}});
    return request;
  }
  std::string config(std::int8_t type, std::string resource, const std::string& name) {
    kafka::DescribeConfigsRequest request;
    request.resources.push_back({type, std::move(resource), std::vector{name}});
    const auto answer = wire->call<kafka::DescribeConfigsResponse>(request, 4);
    return answer.results.at(0).configs.at(0).value.value_or("");
  }
};

TEST_F(AlterationsTest, OfTwoAlterationsAtOnceNeitherIsLost) {
  struct Pair {
    std::int8_t type;
    std::string resource, first, second;
  };
  create("t");
  Wire other = broker->connect();
  for (const Pair& pair :
       {Pair{of_topic, "t", "retention.ms", "retention.bytes"},
        Pair{of_broker, "", "log.retention.ms", "log.retention.bytes"},
        Pair{of_group, "g", "consumer.session.timeout.ms", "consumer.heartbeat.interval.ms"}})
    for (int i = 0; i < 20; i++) {
      const std::string one = std::to_string(50'000 + i), two = std::to_string(10'000 + i);
      wire->send(altering(pair.type, pair.resource, pair.first, one), 1);
      other.send(altering(pair.type, pair.resource, pair.second, two), 1);
      wire->receive<kafka::IncrementalAlterConfigsResponse>(1);
      other.receive<kafka::IncrementalAlterConfigsResponse>(1);
      ASSERT_EQ(config(pair.type, pair.resource, pair.first), one) << pair.first;
      ASSERT_EQ(config(pair.type, pair.resource, pair.second), two) << pair.second;
    }
}

}  // namespace
}  // namespace mq::core
