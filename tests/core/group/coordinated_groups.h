// SPDX-License-Identifier: Apache-2.0
// The coordinator of groups over topics on a real disk, without sockets; a clock that tests move.
#pragma once

#include <algorithm>

#include "core/group/coordinator.h"
#include "net/kafka/records/consumer_protocol.h"
#include "net/kafka/records/framing.h"
#include "tests/core/metadata/stored_topics.h"

namespace mq::core {

class CoordinatedGroups : public StoredTopics {
 protected:
  void open() override {
    StoredTopics::open();
    groups = std::make_shared<GroupCoordinator>(loop, clock, config, topics->catalog, *topic);
    coordinate(offsets_topic, groups);
    while (groups->log().is_loading()) loop.run_one();
  }
  void close() override {
    groups->stop();
    groups.reset();
    StoredTopics::close();
  }
  void reopen() {
    close();
    open();
  }
  void make(const std::string& name, std::int32_t partitions = 1) {
    std::vector<NewTopic> wanted;
    wanted.push_back({name, partitions, {}});
    ASSERT_EQ(run(topics->controller->create(std::move(wanted))).at(0).error, kafka::Error::none);
  }
  void pass(Time::duration time) {
    clock.pass(time);
    groups->deadlines().wake();
    settle();
  }
  // Until whatever was begun is durable.
  void settle() {
    const auto busy_group = [](const auto& entry) { return entry.second->in_flight > 0; };
    while (std::any_of(groups->registry().all().begin(), groups->registry().all().end(), busy_group))
      loop.run_one();
    loop.poll();
  }
  static ClassicGroup::Join join_request(std::string id = "") {
    static int ids = 0;
    kafka::ConsumerProtocolSubscription said;
    said.topics = {"t"};
    ClassicGroup::Join join;
    join.member_id = std::move(id);
    join.session_timeout = join.rebalance_timeout = std::chrono::seconds(30);
    join.protocol_type = "consumer";
    join.protocols.push_back({"range", kafka::encode_value(said, 1)});
    join.new_member_id = "member-" + std::to_string(++ids);
    return join;
  }

  std::shared_ptr<GroupCoordinator> groups;
};

}  // namespace mq::core
