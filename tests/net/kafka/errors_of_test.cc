// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/errors_of.h"

#include <gtest/gtest.h>

#include "net/kafka/messages/fetch.h"
#include "net/kafka/messages/heartbeat.h"
#include "net/kafka/messages/metadata.h"

namespace mq::kafka {
namespace {

using Codes = std::vector<std::int16_t>;

template <class Message>
Codes errors_in(const Message& message, std::size_t elements = 1000) {
  Codes codes;
  auto visit = [&](std::int16_t code) { codes.push_back(code); };
  each_error(message, elements, visit);
  return codes;
}

TEST(ErrorsOf, AreThoseOfTheWholeOfTopicsAndOfPartitions) {
  EXPECT_EQ(errors_in(HeartbeatResponse{.error_code = 25}), Codes{25});
  EXPECT_EQ(errors_in(HeartbeatResponse{}), Codes{});
  MetadataResponse metadata;
  metadata.topics.resize(3);
  metadata.topics[1].error_code = 3;
  metadata.topics[2].partitions.resize(2);
  metadata.topics[2].partitions[1].error_code = 5;
  EXPECT_EQ(errors_in(metadata), (Codes{3, 5}));
}

TEST(ErrorsOf, ALongAnswerIsLookedAtSoFarAndNoFurther) {
  FetchResponse fetch;
  fetch.responses.resize(1);
  fetch.responses[0].partitions.resize(100);
  for (auto& partition : fetch.responses[0].partitions) partition.error_code = 1;
  EXPECT_EQ(errors_in(fetch, 11).size(), 10u) << "the topic is one of them";
  EXPECT_EQ(errors_in(FetchRequest{}), Codes{}) << "requests have none";
}

}  // namespace
}  // namespace mq::kafka
