// SPDX-License-Identifier: Apache-2.0
// A metadata store that was put back to an earlier state.
#include "core/cluster/restored_store.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/metadata/cluster_entries.h"
#include "core/metadata/entries.h"
#include "tests/core/support/store_model.h"
#include "tests/storage/support/batches.h"

namespace mq::core {
namespace {

// At once, and always there.
class Direct final : public MetadataStore {
 public:
  explicit Direct(StoreModel& model) : model_(model) {}
  Task<Result<MetadataUpdate>> load() override { co_return model_.load(); }
  Task<Committed> commit(MetadataChange change) override { co_return model_.commit(change, 0); }
  Task<Result<MetadataUpdate>> watch(Revision after) override { co_return model_.since(after); }
  Session session() const override { return Session::alive; }
  void on_session(SessionChanged) override {}
  Task<Result<std::optional<EntryVersion>>> hold(std::string, std::string) override {
    co_return std::optional<EntryVersion>();
  }
  Task<error_code> evict(std::string) override { co_return error_code(); }
  void stop() override {}

 private:
  StoreModel& model_;
};

Uuid uuid(int number) {
  Uuid id{};
  id[0] = std::byte(number);
  return id;
}

class RestoredStore : public testing::Test {
 protected:
  void put(const std::string& key, const std::string& value) {
    MetadataChange change;
    change.puts[key] = value;
    ASSERT_EQ(model.commit(change, 0).outcome, Committed::Outcome::done);
  }
  std::string at(const std::string& key) { return model.load().entries.at(key)->value; }
  std::size_t accept() {
    return test::wait_for(loop, accept_restored(loop, clock, store, Time::duration(0)));
  }

  test::VirtualClock clock;
  asio::io_context loop{1};
  StoreModel model{clock};
  Direct store{model};
};

TEST_F(RestoredStore, NoEpochAndNoProducerIdComesASecondTime) {
  const Uuid topic = uuid(1), directory = uuid(2), run = uuid(3);
  put("meta/cluster", to_json(ClusterEntry{"c", 1}));
  PartitionState state;
  state.leader = 1;
  state.leader_broker_epoch = 10;
  state.leader_epoch = 7;
  state.replicas = {1, 2};
  state.isr = {{1, 10}, {2, 11}};
  put(partition_key(topic, 0), to_json(state));
  put(registered_key(1), to_json(RegisteredEntry{run, directory, "a"}));
  put(std::string(producer_id_entry), producer_id_to_json(5000));
  put("config/topic/t", "{}");

  EXPECT_EQ(accept(), 1u);
  const auto after = parse_partition(at(partition_key(topic, 0)));
  EXPECT_GT(after->leader_epoch, 1'000'000);
  EXPECT_EQ(after->leader, -1) << "it is elected when brokers run";
  EXPECT_EQ(after->isr, state.isr);
  EXPECT_EQ(after->replicas, state.replicas);
  const auto registered = parse_registered(at(registered_key(1)));
  EXPECT_EQ(registered->incarnation, Uuid{}) << "any run of that directory";
  EXPECT_EQ(registered->directory, directory);
  EXPECT_GT(*parse_producer_id(at(std::string(producer_id_entry))), 1'000'000);
  EXPECT_GT(parse_cluster(at("meta/cluster"))->restored_ms, 0);
  EXPECT_EQ(at("config/topic/t"), "{}");
}

TEST_F(RestoredStore, IsNotTouchedWhileABrokerRuns) {
  put("meta/cluster", to_json(ClusterEntry{"c", 1}));
  LiveEntry live;
  live.status = LiveEntry::Status::running;
  put(live_key(3), to_json(live));
  EXPECT_THROW(accept(), WrongStart);
  EXPECT_EQ(parse_cluster(at("meta/cluster"))->restored_ms, 0);
}

TEST_F(RestoredStore, HasToBeThatOfACluster) {
  EXPECT_THROW(accept(), WrongStart);
}

}  // namespace
}  // namespace mq::core
