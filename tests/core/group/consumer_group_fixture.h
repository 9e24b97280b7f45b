// SPDX-License-Identifier: Apache-2.0
// A group of the newer protocol, what its members say, and what it writes.
#pragma once

#include <gtest/gtest.h>

#include "core/group/consumer_records.h"
#include "tests/core/group/consumers.h"

namespace mq::core {

class ConsumerGroupTest : public testing::Test {
 protected:
  ConsumerGroupTest() { topics.put("t", 4); }

  ConsumerGroup::Answer send(const ConsumerGroup::Heartbeat& request) {
    rows.clear();
    return group.heartbeat(request, now, rows);
  }
  ConsumerGroup::Answer join(const std::string& id) { return send(joining(id)); }
  ConsumerGroup::Answer beat(const std::string& id, Epoch epoch, std::optional<Assignment> owned = {}) {
    ConsumerGroup::Heartbeat request;
    request.member_id = id;
    request.epoch = epoch;
    request.owned = std::move(owned);
    return send(request);
  }
  Assignment t(std::set<std::int32_t> partitions) const { return {{topics.id("t"), std::move(partitions)}}; }
  std::size_t owned(const std::string& id) const { return size_of(group.find(id)->owns.assigned); }
  // m1 owns 0..3, m2 has joined and waits for its half.
  void two() {
    join("m1");
    join("m2");
    beat("m1", 1);
  }
  bool wrote(ConsumerGroupRow::Kind kind, const std::string& of = "") const {
    return rows.contains({kind, of});
  }
  using Kind = ConsumerGroupRow::Kind;

  ListedTopics topics;
  ConsumerLimits limits;
  ConsumerGroup group{limits, topics};
  ConsumerGroupRows rows;
  Time now{};
};

}  // namespace mq::core
