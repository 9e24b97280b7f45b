// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/cluster_run.h"

#include <algorithm>

#include "net/kafka/messages/alter_partition_reassignments.h"
#include "storage/gather.h"

namespace mq::core {

namespace {

constexpr auto patience = std::chrono::seconds(8);  // of a producer, for one answer

bool is_passing(Error error) {
  switch (error) {
    case Error::not_leader_or_follower:
    case Error::not_enough_replicas:
    case Error::not_enough_replicas_after_append:
    case Error::request_timed_out:
    case Error::kafka_storage_error:
    case Error::unknown_topic_or_partition:  // a broker that has not heard of it yet
    case Error::coordinator_load_in_progress:
    case Error::coordinator_not_available:
      return true;
    default:
      return false;
  }
}

}  // namespace

void ClusterRun::note(const std::string& what) {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(cluster_.clock.now().time_since_epoch());
  events_.push_back(std::to_string(micros.count()) + " us: " + what);
}

void ClusterRun::run(int steps) {
  ASSERT_EQ(cluster_.create("t", partitions), Error::none);
  for (int i = 0; i < 4; i++)
    producers_.push_back({.name = "p" + std::to_string(i), .partition = i % partitions});
  for (int i = 0; i < steps && violations_.empty(); i++) step();
  if (violations_.empty()) heal();
  if (violations_.empty()) check();
}

void ClusterRun::step() {
  switch (chance(60)) {
    case 0:
      crash();
      break;
    case 1:
    case 2:
    case 3:
      for (BrokerId id = 1; id <= brokers; id++)
        if (!cluster_.is_up(id) && chance(2) == 0) {
          note("broker " + std::to_string(id) + " starts");
          cluster_.start(id);
        }
      break;
    case 4:
      spoil_store();
      break;
    case 5:
    case 6:
      spoil_network();
      break;
    case 7:
      cluster_.network.heal();
      for (auto& [id, link] : cluster_.links) link = {};
      break;
    case 8:
      if (const auto broker = someone_up()) {
        note("the session of broker " + std::to_string(*broker) + " ends");
        cluster_.end_session(*broker);
      }
      break;
    case 10:
      if (const auto broker = someone_up()) cluster_.hold_disk(*broker);
      break;
    case 11:
    case 12:
      for (BrokerId id = 1; id <= brokers; id++)
        if (cluster_.is_up(id)) cluster_.release_disk(id);
      break;
    case 13:
      move_to_some();
      break;
    case 9:
      cluster_.pass(std::chrono::milliseconds(chance(12'000)));
      break;
    default:
      act(producers_[chance(producers_.size())]);
      cluster_.pass(std::chrono::milliseconds(chance(60)));
  }
  for (Producer& producer : producers_) collect(producer);
}

std::optional<BrokerId> ClusterRun::someone_up() {
  std::vector<BrokerId> up;
  for (BrokerId id = 1; id <= brokers; id++)
    if (cluster_.is_up(id)) up.push_back(id);
  if (up.empty()) return std::nullopt;
  return up[chance(up.size())];
}

// A disk is lost only while every replica has everything: two copies of each record are left then.
void ClusterRun::crash() {
  const auto broker = someone_up();
  if (!broker) return;
  const bool wipe = is_whole() && chance(3) == 0;
  for (Producer& producer : producers_)
    if (producer.at == *broker) producer.connection.reset(), producer.at = -1;
  note("broker " + std::to_string(*broker) + (wipe ? " dies and loses its disk" : " dies"));
  cluster_.crash(*broker);
  if (!wipe) return;
  cluster_.wipe(*broker);
  cluster_.start(*broker);
}

void ClusterRun::move(std::int32_t partition, std::vector<BrokerId> to) {
  const auto broker = someone_up();
  if (!broker) return;
  kafka::AlterPartitionReassignmentsRequest request;
  request.topics.push_back({"t", {{partition, std::move(to)}}});
  moving_ = cluster_.connect(*broker);
  moved_ = cluster_.clock.now();
  ClusterModel::send(*moving_, request, 1);
}

// Two at least: one disk may be lost.
void ClusterRun::move_to_some() {
  std::vector<BrokerId> to{1, 2, 3};
  std::shuffle(to.begin(), to.end(), random_);
  if (chance(3) != 0) to.pop_back();
  const auto partition = static_cast<std::int32_t>(chance(partitions));
  note("t-" + std::to_string(partition) + " moves to " + std::to_string(to.size()) + " replicas, first " +
       std::to_string(to.front()));
  move(partition, std::move(to));
}

bool ClusterRun::is_on_all(std::int32_t partition) const {
  const PartitionState state = cluster_.state(1, "t", partition);
  return state.replicas.size() == brokers && state.adding.empty() && state.removing.empty();
}

bool ClusterRun::is_whole() const {
  for (BrokerId id = 1; id <= brokers; id++) {
    if (!cluster_.is_up(id)) return false;
    for (std::int32_t i = 0; i < partitions; i++)
      if (cluster_.state(id, "t", i).isr.size() != brokers) return false;
  }
  return true;
}

void ClusterRun::spoil_store() {
  StoreLink& link = cluster_.links[static_cast<BrokerId>(1 + chance(brokers))];
  link.is_cut = chance(3) == 0;
  link.lost = static_cast<int>(chance(20));
  link.late = static_cast<int>(chance(20));
  link.mute = static_cast<int>(chance(20));
  link.delay_max = std::chrono::milliseconds(chance(2) == 0 ? 5 : 400);
}

void ClusterRun::spoil_network() {
  const auto one = static_cast<BrokerId>(1 + chance(brokers)),
             other = static_cast<BrokerId>(1 + chance(brokers));
  if (one == other) return;
  switch (chance(4)) {
    case 0:
      note(std::to_string(one) + " does not reach " + std::to_string(other));
      cluster_.network.cut(one, other);
      break;
    case 1:
      note(std::to_string(one) + " and " + std::to_string(other) + " are cut off from each other");
      cluster_.network.cut(one, other);
      cluster_.network.cut(other, one);
      break;
    case 2:
      cluster_.network.break_all(one, other);
      break;
    default:
      cluster_.network.delay_max = std::chrono::milliseconds(1 + chance(200));
  }
}

// ---- producers

void ClusterRun::act(Producer& producer) {
  if (producer.connection) return;
  if (producer.id.id < 0) return identify(producer);
  if (producer.value.empty()) {
    if (ending_) return;
    producer.value = producer.name + "-" + std::to_string(producer.values++);
    producer.id.sequence = producer.next_sequence++;
    BatchOf of{{producer.value}};
    of.producer = producer.id;
    producer.records = batch(of);
  }
  send(producer);
}

void ClusterRun::identify(Producer& producer) {
  const auto broker = someone_up();
  if (!broker) return;
  const auto answer = cluster_.ask<kafka::InitProducerIdResponse>(*broker, kafka::InitProducerIdRequest{}, 4);
  if (answer && answer->error_code == 0) producer.id = {answer->producer_id, answer->producer_epoch, 0};
}

// To whom some broker believes to lead it; as clients do (KIP-320), one in an older epoch is not believed.
void ClusterRun::send(Producer& producer) {
  const auto broker = someone_up();
  if (!broker) return;
  const PartitionState state = cluster_.state(*broker, "t", producer.partition);
  const BrokerId leader = state.leader;
  if (leader < 0 || !cluster_.is_up(leader) || state.leader_epoch < producer.leader_epoch) return;
  producer.leader_epoch = state.leader_epoch;
  kafka::ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = 5'000;
  auto& data = request.topic_data.emplace_back();
  data.name = "t";
  data.partition_data.push_back({producer.partition, kafka::Records{bytes_of(producer.records), {}}});
  producer.connection = cluster_.connect(leader);
  producer.at = leader;
  producer.since = cluster_.clock.now();
  ClusterModel::send(*producer.connection, request, 9);
}

void ClusterRun::collect(Producer& producer) {
  if (!producer.connection) return;
  if (auto frame = producer.connection->take()) {
    const auto answer = cluster_.decoded<kafka::ProduceResponse>(std::move(*frame), 9);
    const auto& one = answer.responses.at(0).partition_responses.at(0);
    answered(producer, kafka::error_of(one.error_code), one.base_offset);
  } else if (!producer.connection->closed() && cluster_.clock.now() - producer.since < patience) {
    return;
  }
  producer.connection->close();
  producer.connection.reset();
  producer.at = -1;
}

void ClusterRun::answered(Producer& producer, Error error, std::int64_t offset) {
  note(producer.name + ": " + producer.value + " at broker " + std::to_string(producer.at) + ": " +
       std::string(kafka::name_of(error)) + " " + std::to_string(offset));
  if (is_passing(error)) return;
  if (error != Error::none)
    return violated(producer.name + ", " + producer.value + ": " + std::string(kafka::name_of(error)) +
                    cluster_.describe("t", producer.partition));
  acknowledged_[producer.value] = {producer.partition, offset};
  producer.value.clear();
}

// ---- the end

void ClusterRun::heal() {
  ending_ = true;
  cluster_.network.heal();
  cluster_.network.delay_max = std::chrono::milliseconds(3);
  for (auto& [id, link] : cluster_.links) link = {};
  for (BrokerId id = 1; id <= brokers; id++)
    cluster_.is_up(id) ? cluster_.release_disk(id) : cluster_.start(id);
  note("everything is well again");
  const bool rests = cluster_.run_until([&] {
    for (Producer& producer : producers_) {
      collect(producer);
      if (!producer.value.empty()) act(producer);
    }
    for (std::int32_t i = 0; i < partitions; i++)
      if (!is_on_all(i) && cluster_.clock.now() - moved_ > std::chrono::seconds(3)) move(i, {1, 2, 3});
    const bool done = std::ranges::all_of(producers_, [](const auto& p) { return p.value.empty(); });
    if (!done || !is_whole()) return false;
    for (std::int32_t i = 0; i < partitions; i++) {
      const auto first = cluster_.partition(1, "t", i);
      for (BrokerId id = 1; id <= brokers; id++) {
        const auto here = cluster_.partition(id, "t", i);
        if (!here || here->end() != first->end() || here->high_watermark() != here->end()) return false;
      }
    }
    return true;
  });
  if (rests) return;
  for (const Producer& producer : producers_)
    if (!producer.value.empty()) note(producer.name + " still has " + producer.value);
  for (std::int32_t i = 0; i < partitions; i++) note(cluster_.describe("t", i));
  violated("it does not come to rest");
}

std::vector<std::string> ClusterRun::values_of(BrokerId broker, std::int32_t index) {
  const auto here = cluster_.partition(broker, "t", index);
  std::vector<std::string> values;
  std::optional<error_code> walked;
  Partition::Walk walk;
  walk.visit = [&](net::Bytes bytes) {
    kafka::RecordReader reader(bytes, 1 << 20);
    while (const kafka::Record* record = reader.next()) {
      while (values.size() < static_cast<std::size_t>(record->offset)) values.emplace_back();
      values.push_back(text_of(*record->value));
    }
  };
  asio::co_spawn(cluster_.loop(broker), here->walk(std::move(walk)),
                 [&](std::exception_ptr, error_code error) { walked = error; });
  cluster_.run_until([&] { return walked.has_value(); });
  if (!walked || *walked) violated("the log of broker " + std::to_string(broker) + " cannot be read");
  return values;
}

void ClusterRun::check() {
  for (std::int32_t i = 0; i < partitions; i++) {
    const std::string where = "t-" + std::to_string(i);
    const auto values = values_of(1, i);
    for (BrokerId id = 2; id <= brokers; id++)
      if (values_of(id, i) != values)
        violated(where + " at broker " + std::to_string(id) + " is another log");
    std::set<std::string> seen;
    for (const std::string& value : values) {
      if (value.empty()) violated("there is a gap in " + where);
      if (!seen.insert(value).second) violated(value + " is there twice");
    }
    for (const auto& [value, at] : acknowledged_) {
      const auto offset = static_cast<std::size_t>(at.second);
      if (at.first == i && (offset >= values.size() || values[offset] != value))
        violated(value + " was acknowledged at offset " + std::to_string(offset) + " of " + where +
                 " and is not there");
    }
    if (!violations_.empty()) note(cluster_.describe("t", i));
  }
}

}  // namespace mq::core
