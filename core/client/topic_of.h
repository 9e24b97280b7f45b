// SPDX-License-Identifier: Apache-2.0
// Requests name each topic once, with its partitions below it.
#pragma once

#include <string>

namespace mq::client {

// The one of that name, made when it is new. Walks all: for the few topics of one request.
template <class Topics>
auto& topic_of(Topics& topics, const std::string& name) {
  for (auto& topic : topics)
    if (topic.name == name) return topic;
  auto& topic = topics.emplace_back();
  topic.name = name;
  return topic;
}

}  // namespace mq::client
