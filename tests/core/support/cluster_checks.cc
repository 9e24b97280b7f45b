// SPDX-License-Identifier: Apache-2.0
// How a run ends, and what must be true then.
#include <algorithm>

#include "tests/core/support/cluster_run.h"

namespace mq::core {

using Found = ClusterHistory::Found;

namespace {

std::string name_of(const ClusterHistory::Place& at) {
  return at.first + "-" + std::to_string(at.second);
}

int number_in(const std::string& value) {
  return std::stoi(value.substr(value.rfind('-') + 1));
}

// What lies in a log, as who reads what is committed takes it.
std::vector<Found> found_in(const std::vector<std::vector<std::byte>>& batches, Offset start) {
  std::vector<Found> found;
  std::map<ProducerId, std::vector<std::size_t>> open;
  for (const auto& batch : batches) {
    const auto head = *kafka::BatchHead::parse(batch);
    if (head.is_control()) {
      const auto marker = kafka::read_marker(batch);
      for (const std::size_t i : open[head.producer_id]) found[i].stable = marker && marker->commit;
      open.erase(head.producer_id);
      continue;
    }
    kafka::RecordReader reader(batch, 1 << 20);
    while (const kafka::Record* record = reader.next()) {
      if (record->offset < start) continue;
      if (head.is_transactional()) open[head.producer_id].push_back(found.size());
      found.push_back({record->offset, std::string(text_of(*record->value)), true});
    }
  }
  return found;
}

// Which epoch begins where.
std::vector<Epochs::End> epochs_in(const std::vector<std::vector<std::byte>>& batches) {
  std::vector<Epochs::End> epochs;
  for (const auto& batch : batches) {
    const auto head = *kafka::BatchHead::parse(batch);
    if (epochs.empty() || epochs.back().epoch < head.partition_leader_epoch)
      epochs.push_back({head.partition_leader_epoch, head.base_offset});
  }
  return epochs;
}

}  // namespace

// ---- the end

std::vector<ClusterRun::Place> ClusterRun::places() const {
  std::vector<Place> all;
  for (const auto& [name, topic] : cluster_.catalog(1).all())
    for (std::int32_t i = 0; i < topic->partitions; i++) all.emplace_back(name, i);
  return all;
}

bool ClusterRun::is_on_all(const Place& at) const {
  const PartitionState state = cluster_.state(1, at.first, at.second);
  return state.replicas.size() == brokers && state.adding.empty() && state.removing.empty();
}

bool ClusterRun::is_in_sync(const Place& at) const {
  for (BrokerId id = 1; id <= brokers; id++) {
    const auto& isr = cluster_.state(id, at.first, at.second).isr;
    const auto runs = [&](const ReplicaEntry& entry) {
      return is_running(cluster_.catalog(id).registrations(), entry);
    };
    if (isr.size() != brokers || !std::ranges::all_of(isr, runs)) return false;
  }
  return true;
}

bool ClusterRun::is_whole() const {
  for (BrokerId id = 1; id <= brokers; id++)
    if (!cluster_.serves(id)) return false;
  return std::ranges::all_of(places(), [this](const Place& at) { return is_in_sync(at); });
}

bool ClusterRun::is_even(const Place& at) const {
  const auto first = cluster_.partition(1, at.first, at.second);
  for (BrokerId id = 1; id <= brokers; id++) {
    const auto here = cluster_.partition(id, at.first, at.second);
    if (!here || here->end() != first->end() || here->high_watermark() != here->end() ||
        here->last_stable_offset() != here->end())
      return false;
  }
  return true;
}

bool ClusterRun::rests() {
  for (const auto& client : clients_) {
    client->collect();
    if (!client->is_at_rest()) client->act();
  }
  if (!violations().empty()) return true;
  const auto all = places();
  for (const Place& at : all)
    if (!is_on_all(at) && cluster_.clock.now() - moved_ > std::chrono::seconds(3)) move(at, {1, 2, 3});
  return std::ranges::all_of(clients_, [](const auto& client) { return client->is_at_rest(); }) &&
         is_whole() && std::ranges::all_of(all, [this](const Place& at) { return is_even(at); });
}

void ClusterRun::heal() {
  ending_ = true;
  make_well();
  note("everything is well again");
  if (cluster_.run_until([this] { return rests(); }, std::chrono::minutes(3))) return;
  for (const auto& client : clients_)
    if (!client->is_at_rest()) note(client->name() + " " + client->doing());
  for (BrokerId id = 1; id <= brokers; id++)
    if (!cluster_.serves(id)) note("broker " + std::to_string(id) + " has not joined");
  for (const Place& at : places())
    if (!is_even(at) || !is_on_all(at) || !is_in_sync(at)) note(cluster_.describe(at.first, at.second));
  violated("it does not come to rest");
}

// ---- what must be true

ClusterRun::Batches ClusterRun::batches_of(BrokerId broker, const Place& at, Offset from) {
  Batches batches;
  std::optional<error_code> walked;
  Partition::Walk walk;
  walk.visit = [&](net::Bytes batch) {
    if (kafka::BatchHead::parse(batch)->last_offset() >= from)
      batches.emplace_back(batch.begin(), batch.end());
  };
  asio::co_spawn(cluster_.loop(broker),
                 cluster_.partition(broker, at.first, at.second)->walk(std::move(walk)),
                 [&](std::exception_ptr, error_code error) { walked = error; });
  cluster_.run_until([&] { return walked.has_value(); });
  if (!walked || *walked) violated(name_of(at) + " at broker " + std::to_string(broker) + " cannot be read");
  return batches;
}

void ClusterRun::check() {
  for (const Place& at : places()) {
    const TopicPtr topic = cluster_.topic(1, at.first);
    topic->config.compacts ? check_compacted(at) : check_log(at);
    if (!violations().empty()) note(cluster_.describe(at.first, at.second));
  }
}

// Who deleted more than others has less.
void ClusterRun::check_log(const Place& at) {
  Offset start = 0;
  for (BrokerId id = 1; id <= brokers; id++)
    start = std::max(start, cluster_.partition(id, at.first, at.second)->start());
  const auto batches = batches_of(1, at, start);
  for (BrokerId id = 1; id <= brokers; id++) {
    const std::string where = name_of(at) + " at broker " + std::to_string(id);
    if (id > 1 && batches_of(id, at, start) != batches) violated(where + " is another log");
    check_memory(where, *cluster_.partition(id, at.first, at.second), batches);
  }
  Offset next = start;
  for (const auto& batch : batches) {
    const auto head = *kafka::BatchHead::parse(batch);
    if (head.base_offset > next) violated("there is a gap in " + name_of(at) + " at " + std::to_string(next));
    next = head.last_offset() + 1;
  }
  Place place = at;
  if (at.first == Recreator::topic) place.first = recreator_->prefix_of(cluster_.topic(1, at.first)->id);
  history_.check(place, start, found_in(batches, start));
}

// What a replica knows beside its log is what its log says.
void ClusterRun::check_memory(const std::string& where, const Partition& here, const Batches& batches) {
  std::map<Epoch, Offset> starts;  // of epochs that begin here
  for (const auto& [epoch, offset] : epochs_in(batches)) starts[epoch] = offset;
  for (const auto& [epoch, offset] : here.epochs().all()) {
    const bool is_earlier =
        batches.empty() || epoch <= kafka::BatchHead::parse(batches.front())->partition_leader_epoch;
    if (!is_earlier && (!starts.contains(epoch) || starts[epoch] != offset))
      violated(where + " takes epoch " + std::to_string(epoch) + " to begin at " + std::to_string(offset));
  }
  std::map<ProducerId, kafka::BatchHead> newest;
  for (const auto& batch : batches) {
    const auto head = *kafka::BatchHead::parse(batch);
    if (head.producer_id >= 0) newest[head.producer_id] = head;
  }
  for (const auto& [id, head] : newest) {
    const auto known = here.producers().all().find(id);
    bool is_known = known != here.producers().all().end() && known->second.epoch == head.producer_epoch;
    if (is_known && !head.is_control())
      is_known = !known->second.batches.empty() && known->second.batches.back().last == head.last_offset();
    // A batch that was refused tells of a newer epoch, too.
    const bool is_newer = known != here.producers().all().end() &&
                          known->second.epoch > head.producer_epoch && known->second.refused_until;
    if (is_known || is_newer) continue;
    std::string what = "nothing";
    if (known != here.producers().all().end())
      what = "epoch " + std::to_string(known->second.epoch) +
             (known->second.batches.empty() ? ""
                                            : " up to " + std::to_string(known->second.batches.back().last));
    violated(where + " knows " + what + " of producer " + std::to_string(id) + ", which wrote epoch " +
             std::to_string(head.producer_epoch) + " up to " + std::to_string(head.last_offset()));
  }
}

// Without what is gone: who compacts when is each replica's own affair.
std::map<std::string, std::pair<Offset, std::string>> ClusterRun::newest_of(BrokerId broker,
                                                                            const Place& at) {
  std::map<std::string, std::pair<Offset, std::string>> newest;
  for (const auto& batch : batches_of(broker, at, 0)) {
    const auto head = *kafka::BatchHead::parse(batch);
    if (head.is_control()) continue;
    kafka::RecordReader reader(batch, 1 << 20);
    while (const kafka::Record* record = reader.next()) {
      const std::string key(text_of(*record->key));
      if (record->value)
        newest[key] = {record->offset, std::string(text_of(*record->value))};
      else
        newest.erase(key);
    }
  }
  return newest;
}

void ClusterRun::check_compacted(const Place& at) {
  const auto newest = newest_of(1, at);
  for (BrokerId id = 2; id <= brokers; id++) {
    const auto here = newest_of(id, at);
    if (here == newest) continue;
    violated(name_of(at) + " at broker " + std::to_string(id) + " has other values");
    for (const auto& [key, value] : newest)
      if (!here.contains(key) || here.at(key) != value)
        note(key + ": " + value.second + " at " + std::to_string(value.first) + " at broker 1");
  }
  for (const auto& [key, value] : keys_) {
    if (at.first != "c") return;
    const auto found = newest.find(key);
    if (found == newest.end() || number_in(found->second.second) < number_in(value))
      violated(value + " was acknowledged for key " + key + ", under which there is " +
               (found == newest.end() ? "nothing" : found->second.second));
  }
}

}  // namespace mq::core
