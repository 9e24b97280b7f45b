// SPDX-License-Identifier: Apache-2.0
// What was named, or meant by a pattern, and is not there. A plain value; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "core/client/failure.h"

namespace mq::admin {

struct Missing {
  enum class What {
    topic,      // `why`: what the cluster says about it, which may be that it must not be seen
    partition,  // of a topic that is there
    group,
    topics,  // nothing that the pattern matches
    groups,
  };
  What what = What::topic;
  std::string name;             // of the topic or group, or the pattern as it was given
  std::int32_t partition = -1;  // -1: it is about no partition
  std::string near = {};        // what is there and has nearly this name; empty: nothing
  client::Failure why = {};

  std::string text() const;  // "group \"x\" does not exist"; one sentence without full stop
};

Missing missing_partition(const std::string& topic, std::int32_t partition);

}  // namespace mq::admin
