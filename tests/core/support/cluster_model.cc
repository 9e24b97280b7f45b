// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/cluster_model.h"

#include <algorithm>

#include "core/broker/identity.h"
#include "core/metadata/cluster_entries.h"
#include "storage/file.h"

namespace mq::core {

namespace {

constexpr const char* cluster_id = "cluster-of-the-model--";

}  // namespace

ClusterModel::ClusterModel(std::uint64_t seed, int brokers, Adjust adjust)
    : clock(seed),
      store(clock),
      network(clock),
      random_(seed),
      adjust_(std::move(adjust)),
      sessions_(clock.alarm(store_loop_)) {
  MetadataChange founded;
  founded.puts[std::string(cluster_entry)] = to_json(ClusterEntry{cluster_id, clock.wall_ms()});
  store.commit(founded, 0);
  look_at_sessions();
  for (BrokerId id = 1; id <= brokers; id++) {
    nodes_[id];
    links[id];
    wipe(id);
    start(id);
  }
}

ClusterModel::~ClusterModel() {
  for (auto& [id, node] : nodes_) network.attach(id, nullptr);
  for (auto& [id, node] : nodes_)
    if (node.broker) node.broker->crash();
  for (auto& [id, node] : nodes_) node.broker.reset();
  sessions_.reset();
  clock.forget(store_loop_);
}

void ClusterModel::look_at_sessions() {
  store.end_silent_sessions();
  sessions_->ring_at(clock.now() + std::chrono::milliseconds(500), [this] { look_at_sessions(); });
}

void ClusterModel::wipe(BrokerId broker) {
  ASSERT_FALSE(is_up(broker));
  Node& node = this->node(broker);
  node.disk = std::make_unique<storage::MemoryDisk>();
  node.data = dir_.path() / std::to_string(++directories_);
  std::filesystem::create_directories(node.data);
  storage::MemoryStore meta(*node.disk);
  remember(storage::real_files(), node.data, meta, {cluster_id, broker, random_uuid(clock), true, {}});
}

namespace {

storage::MemoryDisk copy_of(const storage::MemoryDisk& disk) {
  storage::MemoryDisk copy = disk;
  for (auto& [number, partition] : copy.partitions)
    partition = std::make_shared<storage::MemoryPartition>(*partition);
  return copy;
}

}  // namespace

std::shared_ptr<const ClusterModel::Copy> ClusterModel::copy(BrokerId broker) {
  const Node& node = this->node(broker);
  const auto path = dir_.path() / std::to_string(++directories_);
  std::filesystem::copy(node.data, path, std::filesystem::copy_options::recursive);
  return std::make_shared<Copy>(Copy{path, copy_of(*node.disk)});
}

void ClusterModel::restore(BrokerId broker, const Copy& copy) {
  ASSERT_FALSE(is_up(broker));
  Node& node = this->node(broker);
  node.disk = std::make_unique<storage::MemoryDisk>(copy_of(copy.disk));
  node.data = dir_.path() / std::to_string(++directories_);
  std::filesystem::copy(copy.data, node.data, std::filesystem::copy_options::recursive);
}

void ClusterModel::seal(BrokerId broker) {
  storage::Rewriter& rewriter = node(broker).broker->journal().rewriter();
  asio::co_spawn(loop(broker), rewriter.roll(), asio::detached);
}

void ClusterModel::start(BrokerId id) {
  Node& node = this->node(id);
  const auto adjust = [this, id](Config& config) {
    config.node_id = id;
    config.offsets_partitions = config.transactions_partitions = internal_partitions;
    config.retention_check_interval = std::chrono::seconds(2);
    if (adjust_) adjust_(config);
  };
  const auto adjust_world = [&](World& world) {
    World::Cluster cluster;
    cluster.open_store = [this, id](asio::io_context& loop, const Identity&) {
      auto client = std::make_unique<StoreClient>(store, loop, store_loop_, clock, links[id]);
      this->node(id).store = client.get();
      return client;
    };
    cluster.connect = [this, id](const Endpoint& to) {
      return network.connector(id, this->node(id).broker->loop())(to);
    };
    cluster.endpoints = {NetworkModel::endpoint(id), {Listener().name, std::to_string(id), 9092}};
    world.cluster = std::move(cluster);
  };
  node.broker = std::make_unique<test::VirtualBroker>(node.data, *node.disk, clock, adjust, adjust_world);
  network.attach(id, node.broker.get());
}

void ClusterModel::stop(BrokerId id) {
  node(id).broker->begin_stop();
  EXPECT_TRUE(run_until([&] { return node(id).broker->has_stopped(); }));
  network.attach(id, nullptr);
  node(id).broker.reset();
}

void ClusterModel::crash(BrokerId id) {
  network.attach(id, nullptr);
  node(id).broker->crash();
  node(id).broker.reset();
}

void ClusterModel::end_session(BrokerId id) {
  store.end_session(node(id).store->session_id());
}

void ClusterModel::take_turns() {
  std::vector<asio::io_context*> loops{&store_loop_};
  for (auto& [id, node] : nodes_)
    if (node.broker) loops.push_back(&node.broker->loop());
  for (auto* loop : loops) loop->restart();
  while (!loops.empty()) {
    const std::size_t chosen = random_() % loops.size();
    if (loops[chosen]->poll_one() > 0) {
      continue;
    }
    // Idle; but others may give it something to do.
    bool all_idle = true;
    for (auto* loop : loops) {
      loop->restart();
      all_idle = loop->poll_one() == 0 && all_idle;
    }
    if (all_idle) return;
  }
}

bool ClusterModel::is_settled() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& one) {
    if (!one.second.broker) return false;
    const Registrations& known = one.second.broker->broker().catalog().registrations();
    const bool all_run =
        std::all_of(known.begin(), known.end(), [](const auto& r) { return r.second.running; });
    return known.size() == nodes_.size() && all_run && one.second.broker->broker().catalog().controller();
  });
}

std::optional<BrokerId> ClusterModel::controller() const {
  for (const auto& [id, node] : nodes_)
    if (node.broker && node.broker->broker().cluster()->is_controller()) return id;
  return std::nullopt;
}

TopicPtr ClusterModel::topic(BrokerId id, const std::string& name) const {
  return node(id).broker->broker().catalog().find(name);
}

std::shared_ptr<Partition> ClusterModel::partition(BrokerId id, const std::string& name,
                                                   std::int32_t index) const {
  const Broker& broker = node(id).broker->broker();
  const TopicPtr topic = broker.catalog().find(name);
  return topic ? broker.partitions().find(topic->id, index) : nullptr;
}

PartitionState ClusterModel::state(BrokerId id, const std::string& name, std::int32_t index) const {
  const Catalog& catalog = node(id).broker->broker().catalog();
  const TopicPtr topic = catalog.find(name);
  return topic ? catalog.state(*topic, index) : PartitionState{};
}

BrokerId ClusterModel::leader(BrokerId id, const std::string& name, std::int32_t index) const {
  return state(id, name, index).leader;
}

std::string ClusterModel::describe(const std::string& name, std::int32_t index) const {
  std::string text;
  for (const auto& [id, node] : nodes_) {
    text += "\n" + name + "-" + std::to_string(index) + " at broker " + std::to_string(id) + ": ";
    const auto here = node.broker ? partition(id, name, index) : nullptr;
    if (!here) text += node.broker ? "not there" : "it is down";
    if (!here) continue;
    text += (here->leads() ? "leads" : "follows") + std::string(" in epoch ") +
            std::to_string(here->leader_epoch()) + ", start " + std::to_string(here->start()) + ", end " +
            std::to_string(here->end()) + ", high watermark " + std::to_string(here->high_watermark()) +
            ", stable " + std::to_string(here->last_stable_offset()) + ", state " +
            to_json(state(id, name, index));
  }
  return text;
}

Error ClusterModel::create(const std::string& name, std::int32_t partitions, int min_isr,
                           const std::map<std::string, std::string>& configs) {
  EXPECT_TRUE(run_until([&] { return is_settled() && controller(); }))
      << "the brokers do not find each other";
  kafka::CreateTopicsRequest request;
  request.timeout_ms = 10'000;
  auto& topic = request.topics.emplace_back();
  topic.name = name;
  topic.num_partitions = partitions;
  topic.replication_factor = 3;
  topic.configs.push_back({"min.insync.replicas", std::to_string(min_isr)});
  topic.configs.push_back({"retention.ms", "-1"});
  for (const auto& [key, value] : configs) topic.configs.push_back({key, value});
  const auto answer = ask<kafka::CreateTopicsResponse>(*controller(), request, 7);
  return answer ? kafka::error_of(answer->topics.at(0).error_code) : Error::network_exception;
}

}  // namespace mq::core
