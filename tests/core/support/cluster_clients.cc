// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/cluster_clients.h"

#include "net/kafka/uuid.h"
#include "tests/core/support/cluster_run.h"

namespace mq::core {

using kafka::Error;
using Fate = ClusterHistory::Fate;

namespace {

std::string error_name(std::int16_t code) {
  return std::string(kafka::name_of(kafka::error_of(code)));
}

// `records` outlives it.
kafka::ProduceRequest produce_request(const ClusterHistory::Place& to, const std::string& records) {
  kafka::ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = 5'000;
  auto& data = request.topic_data.emplace_back();
  data.name = to.first;
  data.partition_data.push_back({to.second, kafka::Records{bytes_of(records), {}}});
  return request;
}

}  // namespace

// ---- a pipelined producer

void PipelinedProducer::act() {
  if (id_.id < 0) {
    if (!connection_) identify();
    return;
  }
  const std::size_t before = batches_.size();
  if (!run_.is_ending() && before < in_flight_max && (!connection_ || chance(3) == 0)) add_batch();
  if (connection_) return send_from(before);
  if (batches_.empty()) return;
  const auto leader = leader_of(to_.first, to_.second);
  if (!leader) return;
  connect(*leader);
  send_from(0);
}

void PipelinedProducer::identify() {
  const auto broker = run_.server();
  if (!broker) return;
  ask<kafka::InitProducerIdResponse>(*broker, kafka::InitProducerIdRequest{}, 4, [this](const auto& answer) {
    if (answer.error_code == 0) id_ = {answer.producer_id, answer.producer_epoch, 0};
  });
}

void PipelinedProducer::add_batch() {
  Batch added;
  for (std::uint64_t left = 1 + chance(3); left > 0; left--) {
    added.values.push_back(name() + "-" + std::to_string(values_++));
    history().send(added.values.back(), to_);
  }
  BatchOf of{added.values};
  if (keys_ > 0) of.key = added.key = name() + "/" + std::to_string(values_ % keys_);
  of.producer = id_;
  of.producer.sequence = std::exchange(next_sequence_, values_);
  added.records = batch(of);
  batches_.push_back(std::move(added));
}

void PipelinedProducer::send_from(std::size_t first) {
  for (std::size_t i = first; i < batches_.size(); i++)
    ClusterModel::send(*connection_, produce_request(to_, batches_[i].records), 9);
}

void PipelinedProducer::acknowledged(const Batch& batch, Offset first) {
  if (keys_ > 0) return run_.acknowledge_key(batch.key, batch.values.back());
  for (const std::string& value : batch.values) history().acknowledge_as_there(value, first++);
}

// The first answer that is an error ends it: what was sent behind it is sent again, too.
void PipelinedProducer::collect() {
  if (id_.id < 0 || !connection_) return ClusterClient::collect();
  constexpr auto patience = std::chrono::seconds(8);
  while (auto frame = connection_->take()) {
    const auto answer = cluster().decoded<kafka::ProduceResponse>(std::move(*frame), 9);
    const auto& one = answer.responses.at(0).partition_responses.at(0);
    const Error error = kafka::error_of(one.error_code);
    const Batch& first = batches_.front();
    const std::string value = first.values.front();
    note(value + ": " + error_name(one.error_code) + " " + std::to_string(one.base_offset));
    since_ = cluster().clock.now();
    if (error == Error::none) {
      acknowledged(first, one.base_offset);
      batches_.pop_front();
      if (batches_.empty()) return hang_up();
      continue;
    }
    if (!is_passing(error))
      violated(value + ": " + error_name(one.error_code) + cluster().describe(to_.first, to_.second));
    return hang_up();
  }
  if (connection_->closed() || cluster().clock.now() - since_ >= patience) hang_up();
}

// ---- a transactional producer

// What an abort will do, unless a commit was decided.
void TransactionalProducer::begin_anew() {
  if (!ends_ || !commits_)
    for (const std::string& value : values_) history().decide(value, Fate::gone);
  values_.clear();
  ends_ = commits_ = false;
  step_ = Step::init;
}

// Whether to go on.
bool TransactionalProducer::is_good(std::int16_t code, const std::string& what) {
  note(what + ": " + error_name(code));
  const Error error = kafka::error_of(code);
  if (error == Error::none) return true;
  if (!is_passing(error)) begin_anew();
  return false;
}

void TransactionalProducer::next() {
  switch (step_) {
    case Step::init:
      return init();
    case Step::add:
      return add();
    case Step::write:
      return write();
    case Step::end:
      return end();
  }
}

void TransactionalProducer::init() {
  const auto broker = coordinator_of(transactions_topic, id_);
  if (!broker) return;
  kafka::InitProducerIdRequest request;
  request.transactional_id = id_;
  request.transaction_timeout_ms = 20'000;
  ask<kafka::InitProducerIdResponse>(*broker, request, 4, [this](const auto& answer) {
    if (!is_good(answer.error_code, "init")) return;
    producer_ = {answer.producer_id, answer.producer_epoch, 0, true};
    sequences_.clear();
    step_ = Step::add;
  });
}

void TransactionalProducer::add() {
  if (run_.is_ending() && values_.empty()) return;
  const auto broker = coordinator_of(transactions_topic, id_);
  if (!broker) return;
  partition_ = static_cast<std::int32_t>(chance(ClusterRun::partitions));
  kafka::AddPartitionsToTxnRequest request;
  request.v3_and_below_transactional_id = id_;
  request.v3_and_below_producer_id = producer_.id;
  request.v3_and_below_producer_epoch = producer_.epoch;
  request.v3_and_below_topics.push_back({"t", {partition_}});
  ask<kafka::AddPartitionsToTxnResponse>(*broker, request, 3, [this](const auto& answer) {
    const auto& topic = answer.results_by_topic_v3_and_below.at(0);
    if (is_good(topic.results_by_partition.at(0).partition_error_code, "add t-" + std::to_string(partition_)))
      step_ = Step::write;
  });
}

void TransactionalProducer::write() {
  const auto broker = leader_of("t", partition_);
  if (!broker) return;
  const std::string value = name() + "-" + std::to_string(count_++);
  values_.push_back(value);
  history().send(value, {"t", partition_});
  BatchOf of{{value}};
  of.producer = producer_;
  of.producer.sequence = sequences_[partition_];
  const std::string records = batch(of);
  kafka::ProduceRequest request = produce_request({"t", partition_}, records);
  request.transactional_id = id_;
  ask<kafka::ProduceResponse>(*broker, request, 9, [this, value](const auto& answer) {
    const auto& one = answer.responses.at(0).partition_responses.at(0);
    note(value + " to t-" + std::to_string(partition_) + ": " + error_name(one.error_code) + " " +
         std::to_string(one.base_offset));
    if (one.error_code != 0) return begin_anew();
    history().acknowledge(value, one.base_offset);
    sequences_[partition_]++;
    step_ = run_.is_ending() || chance(2) ? Step::end : chance(2) ? Step::write : Step::add;
  });
}

void TransactionalProducer::end() {
  const auto broker = coordinator_of(transactions_topic, id_);
  if (!broker) return;
  if (!std::exchange(ends_, true)) commits_ = chance(3) > 0;
  kafka::EndTxnRequest request{id_, producer_.id, producer_.epoch, commits_};
  ask<kafka::EndTxnResponse>(*broker, request, 3, [this](const auto& answer) {
    if (!is_good(answer.error_code, commits_ ? "commit" : "abort")) return;
    for (const std::string& value : values_) history().decide(value, commits_ ? Fate::there : Fate::gone);
    values_.clear();
    ends_ = commits_ = false;
    step_ = Step::add;
  });
}

// ---- a group's offsets

void Committer::next() {
  const auto broker = coordinator_of(offsets_topic, group_);
  if (!broker) return;
  if (run_.is_ending() || chance(3) == 0) return look(*broker);
  kafka::OffsetCommitRequest request;
  request.group_id = group_;
  auto& topic = request.topics.emplace_back();
  topic.name = "t";
  topic.partitions.push_back({0, ++tried_, 0, ""});
  ask<kafka::OffsetCommitResponse>(*broker, request, 8, [this, offset = tried_](const auto& answer) {
    const std::int16_t code = answer.topics.at(0).partitions.at(0).error_code;
    note("commit " + std::to_string(offset) + ": " + error_name(code));
    if (code == 0) committed_ = std::max(committed_, offset);
    if (code != 0 && !is_passing(kafka::error_of(code))) violated("commit: " + error_name(code));
  });
}

void Committer::look(BrokerId broker) {
  kafka::OffsetFetchRequest request;
  request.group_id = group_;
  auto& topic = request.topics.emplace().emplace_back();
  topic.name = "t";
  topic.partition_indexes = {0};
  ask<kafka::OffsetFetchResponse>(broker, request, 7, [this](const auto& answer) {
    if (answer.error_code != 0) return;
    const std::int64_t offset = answer.topics.at(0).partitions.at(0).committed_offset;
    note("stands at " + std::to_string(offset));
    if (offset < committed_)
      violated("stands at " + std::to_string(offset) + ", and was at " + std::to_string(committed_));
    if (offset > tried_) violated("stands at " + std::to_string(offset) + ", which nobody committed");
    committed_ = std::max(committed_, offset);  // seen once, never unseen
    if (run_.is_ending()) looked_ = true;
  });
}

// ---- a reader

void Reader::next() {
  const auto broker = leader_of(from_.first, from_.second);
  if (!broker) return;
  if (chance(8) == 0) position_ = 0;
  const bool stable = chance(2) == 0;
  kafka::FetchRequest request;
  request.min_bytes = 0;
  request.isolation_level = stable ? 1 : 0;
  request.max_bytes = 1 << 20;
  auto& topic = request.topics.emplace_back();
  topic.topic = from_.first;
  auto& asked = topic.partitions.emplace_back();
  asked.partition = from_.second;
  asked.fetch_offset = position_;
  asked.partition_max_bytes = 1 << 20;
  ask<kafka::FetchResponse>(*broker, request, 12, [this, stable](const auto& answer) {
    if (answer.responses.empty()) return;
    const auto& data = answer.responses.at(0).partitions.at(0);
    if (data.error_code == kafka::number_of(Error::offset_out_of_range) && data.log_start_offset >= 0)
      position_ = data.log_start_offset;
    if (data.error_code == 0) read(data, stable);
  });
}

void Reader::read(const kafka::FetchResponse::PartitionData& data, bool stable) {
  std::multimap<Offset, std::int64_t> begins;  // of aborted transactions
  if (data.aborted_transactions)
    for (const auto& aborted : *data.aborted_transactions)
      begins.emplace(aborted.first_offset, aborted.producer_id);
  std::set<std::int64_t> skipping;
  net::Bytes rest = data.records->bytes;
  while (const auto one = kafka::next_batch(rest)) {
    const auto head = *kafka::BatchHead::parse(*one);
    while (!begins.empty() && begins.begin()->first <= head.last_offset()) {
      skipping.insert(begins.begin()->second);
      begins.erase(begins.begin());
    }
    if (head.last_offset() >= data.high_watermark)
      violated("offset " + std::to_string(head.last_offset()) + " lies behind the high watermark " +
               std::to_string(data.high_watermark));
    if (head.is_control()) {
      skipping.erase(head.producer_id);
    } else {
      const bool is_aborted = head.is_transactional() && skipping.contains(head.producer_id);
      kafka::RecordReader reader(*one, 1 << 20);
      while (const auto* record = reader.next())
        if (record->offset >= position_)
          history().see(from_, record->offset, text_of(*record->value), stable && !is_aborted);
    }
    position_ = std::max(position_, head.last_offset() + 1);
  }
}

// ---- who deletes records

void Deleter::next() {
  const auto broker = leader_of(from_.first, from_.second);
  const auto there = broker ? cluster().partition(*broker, from_.first, from_.second) : nullptr;
  if (!there || run_.is_ending() || there->high_watermark() <= there->start() || chance(20) != 0) return;
  const Offset before =
      there->start() + 1 +
      static_cast<Offset>(chance(static_cast<std::uint64_t>(there->high_watermark() - there->start())));
  history().ask_to_delete(from_, before);
  kafka::DeleteRecordsRequest request;
  request.timeout_ms = 5'000;
  request.topics.push_back({from_.first, {{from_.second, before}}});
  ask<kafka::DeleteRecordsResponse>(*broker, request, 2, [this, before](const auto& answer) {
    const auto& one = answer.topics.at(0).partitions.at(0);
    note("delete before " + std::to_string(before) + ": " + error_name(one.error_code) + " " +
         std::to_string(one.low_watermark));
  });
}

// ---- who makes a topic anew

bool Recreator::is_at_rest() const {
  return ClusterClient::is_at_rest() && looked_ && !is_dead();
}

bool Recreator::is_dead() const {
  const TopicPtr now = cluster().is_up(1) ? cluster().topic(1, topic) : nullptr;
  if (!now || written_.contains(now->id)) return false;
  const PartitionState state = cluster().state(1, topic, 0);
  return state.leader < 0 && state.isr.empty() && state.elr.empty() && !state.last_known.empty();
}

void Recreator::next() {
  const auto broker = run_.server();
  if (!broker) return;
  const TopicPtr now = cluster().topic(*broker, topic);
  if (!now) return create(*broker);
  if (!names_.contains(now->id)) names_[now->id] = "d" + std::to_string(++topics_);
  if (run_.is_ending()) return is_dead() ? remove(*broker) : look(now);
  switch (chance(12)) {
    case 0:
      return remove(*broker);
    case 1:
    case 2:
      return look(now);
    case 3:
    case 4:
    case 5:
      return commit(now);
    default:
      return write(now);
  }
}

void Recreator::create(BrokerId broker) {
  kafka::CreateTopicsRequest request;
  request.timeout_ms = 5'000;
  auto& made = request.topics.emplace_back();
  made.name = topic;
  made.num_partitions = 1;
  made.replication_factor = 3;
  made.configs.push_back({"min.insync.replicas", "2"});
  made.configs.push_back({"retention.ms", "-1"});
  ask<kafka::CreateTopicsResponse>(broker, request, 7, [this](const auto& answer) {
    note("create: " + error_name(answer.topics.at(0).error_code));
  });
}

void Recreator::remove(BrokerId broker) {
  kafka::DeleteTopicsRequest request;
  request.timeout_ms = 5'000;
  request.topic_names.push_back(topic);
  ask<kafka::DeleteTopicsResponse>(broker, request, 5, [this](const auto& answer) {
    note("delete: " + error_name(answer.responses.at(0).error_code));
  });
}

// Under its id: nobody else's topic takes it.
void Recreator::write(TopicPtr now) {
  const auto broker = leader_of(topic, 0);
  if (!broker) return;
  const std::string value = names_[now->id] + "-" + std::to_string(values_++);
  history().send(value, {names_[now->id], 0});
  const std::string records = batch({.values = {value}});
  kafka::ProduceRequest request = produce_request({topic, 0}, records);
  request.topic_data.at(0).topic_id = now->id;
  ask<kafka::ProduceResponse>(*broker, request, 13, [this, value, id = now->id](const auto& answer) {
    const auto& one = answer.responses.at(0).partition_responses.at(0);
    note(value + ": " + error_name(one.error_code) + " " + std::to_string(one.base_offset));
    if (one.error_code != 0) return;
    history().acknowledge_as_there(value, one.base_offset);
    written_.insert(id);
  });
}

void Recreator::commit(TopicPtr now) {
  const auto broker = coordinator_of(offsets_topic, name());
  if (!broker) return;
  const std::int64_t offset = ++committed_[now->id];
  kafka::OffsetCommitRequest request;
  request.group_id = name();
  auto& of_topic = request.topics.emplace_back();
  of_topic.topic_id = now->id;
  of_topic.partitions.push_back({0, offset, 0, ""});
  ask<kafka::OffsetCommitResponse>(*broker, request, 10, [this, offset](const auto& answer) {
    note("commit " + std::to_string(offset) + ": " +
         error_name(answer.topics.at(0).partitions.at(0).error_code));
  });
}

void Recreator::look(TopicPtr now) {
  const auto broker = coordinator_of(offsets_topic, name());
  if (!broker) return;
  kafka::OffsetFetchRequest request;
  auto& group = request.groups.emplace_back();
  group.group_id = name();
  auto& of_topic = group.topics.emplace().emplace_back();
  of_topic.topic_id = now->id;
  of_topic.partition_indexes = {0};
  ask<kafka::OffsetFetchResponse>(*broker, request, 10, [this, id = now->id](const auto& answer) {
    const auto& of_group = answer.groups.at(0);
    if (of_group.error_code != 0 || of_group.topics.empty()) return;
    const auto& one = of_group.topics.at(0).partitions.at(0);
    if (one.error_code != 0) return;
    note("stands at " + std::to_string(one.committed_offset));
    if (one.committed_offset > committed_[id])
      violated("its group stands at " + std::to_string(one.committed_offset) +
               ", which was of a topic of that name before");
    if (run_.is_ending()) looked_ = true;
  });
}

}  // namespace mq::core
