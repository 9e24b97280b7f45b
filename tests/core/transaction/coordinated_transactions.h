// SPDX-License-Identifier: Apache-2.0
// The coordinator of transactions over topics on a real disk; a clock that tests move.
#pragma once

#include "core/transaction/coordinator.h"
#include "tests/core/metadata/stored_topics.h"

namespace mq::core {

// Without sockets; partitions remember no producers over a restart here, for nobody replays them.
class CoordinatedTransactions : public StoredTopics {
 protected:
  using Error = kafka::Error;
  using Status = Transaction::Status;

  void open() override {
    StoredTopics::open();
    ids = std::make_unique<ProducerIds>(topics->store);
    log = std::make_unique<InternalTopic>(*topics->controller, topics->catalog, topics->partitions, loop,
                                          clock, config, transactions_topic);
    transactions = std::make_shared<TransactionCoordinator>(loop, clock, config, topics->catalog,
                                                            topics->partitions, *ids, *log);
    transactions->tell_ended([this](std::int32_t partition, ProducerId producer, bool committed) {
      offsets_ended.emplace_back(partition, producer, committed);
    });
    coordinate(transactions_topic, transactions);
    while (transactions->is_loading()) loop.run_one();
    if (topics->catalog.find("t")) return;
    std::vector<NewTopic> wanted;
    wanted.push_back({"t", 2, {}});
    ASSERT_EQ(run(topics->controller->create(std::move(wanted))).at(0).error, Error::none);
  }
  void close() override {
    transactions->stop();
    transactions.reset();
    loop.poll();
    log.reset();
    ids.reset();
    StoredTopics::close();
  }
  void reopen() {
    close();
    open();
  }

  ProducerEpoch begin(std::string id = "tx", std::int32_t timeout_ms = 60'000) {
    const auto answer = run(transactions->init(std::move(id), timeout_ms, {}));
    EXPECT_EQ(answer.error, Error::none);
    return answer.producer;
  }
  Error add(ProducerEpoch who, std::set<TopicPartition> to, std::string id = "tx") {
    return run(transactions->add(std::move(id), who, std::move(to), ClientVersion::first));
  }
  Error end(ProducerEpoch who, bool commit, std::string id = "tx") {
    return run(transactions->end(std::move(id), who, commit, ClientVersion::first)).error;
  }
  std::optional<Status> status(const std::string& id = "tx") {
    const auto entry = transactions->find(id);
    return entry ? std::optional(entry->state.now().status) : std::nullopt;
  }
  void wait_for(std::optional<Status> wanted, const std::string& id = "tx") {
    while (status(id) != wanted) loop.run_one();
  }
  void pass(Time::duration time) {
    clock.pass(time);
    transactions->wake();
    loop.poll();
  }
  Offset end_of(std::int32_t partition) {
    return topics->partitions.find(topics->catalog.find("t")->id, partition)->end();
  }

  std::unique_ptr<ProducerIds> ids;
  std::unique_ptr<InternalTopic> log;
  std::shared_ptr<TransactionCoordinator> transactions;
  std::vector<std::tuple<std::int32_t, ProducerId, bool>> offsets_ended;
};

}  // namespace mq::core
