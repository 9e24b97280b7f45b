// SPDX-License-Identifier: Apache-2.0
// The clients of a random run.
#include "tests/core/support/random_run.h"

namespace mq::core {

bool RandomRun::is_passing(Error error) {
  return kafka::retriable(error) || error == Error::kafka_storage_error ||
         error == Error::concurrent_transactions || error == Error::unknown_server_error;
}

void RandomRun::Actor::note(const std::string& what) const {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(run_.clock_.now().time_since_epoch());
  run_.events_.push_back(std::to_string(ms.count()) + " " + name_ + ": " + what);
}

void RandomRun::Actor::connect() {
  wire_ = std::make_unique<test::VirtualWire>(*run_.broker_);
}

void RandomRun::Actor::collect() {
  if (!then_) return;
  const auto frame = wire_->poll();
  if (!frame) return;
  const auto then = std::exchange(then_, nullptr);
  then(*frame);
}

void RandomRun::Actor::disconnect() {
  wire_.reset();
  if (!std::exchange(then_, nullptr)) return;
  note("nothing");
  lost();
}

class RandomRun::IdempotentProducer final : public Actor {
 public:
  IdempotentProducer(RandomRun& run, int number)
      : Actor(run, "producer " + std::to_string(number)), number_(number) {}

 private:
  bool is_at_rest() const override { return !waits() && (pending_.empty() || id_ < 0); }
  void next() override {
    if (id_ < 0) {
      kafka::InitProducerIdRequest request;
      request.transaction_timeout_ms = 60'000;
      return ask<kafka::InitProducerIdResponse>(request, 4, [this](const auto& answer) {
        note("id, error " + std::to_string(answer.error_code));
        if (answer.error_code == 0) id_ = answer.producer_id;
      });
    }
    if (pending_.empty()) {
      if (run_.ending_) return;
      partition_ = static_cast<std::int32_t>(chance(partitions));
      pending_ = "p" + std::to_string(number_) + "-" + std::to_string(++values_);
      run_.sent_[pending_] = {partition_};
    }
    const std::string records =
        batch({.values = {pending_}, .producer = {id_, 0, sequences_[partition_], false}});
    kafka::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 30'000;
    request.topic_data.emplace_back().name = "t";
    request.topic_data[0].partition_data.push_back({partition_, kafka::Records{bytes_of(records), {}}});
    ask<kafka::ProduceResponse>(request, 9, [this](const auto& answer) {
      const auto& part = answer.responses.at(0).partition_responses.at(0);
      const Error error = kafka::error_of(part.error_code);
      note(pending_ + " to " + std::to_string(partition_) + ", error " + std::to_string(part.error_code) +
           " at " + std::to_string(part.base_offset));
      if (is_passing(error)) return;
      EXPECT_EQ(error, Error::none) << pending_;
      run_.sent_[pending_] = {partition_, part.base_offset, Sent::Fate::there};
      sequences_[partition_]++;
      pending_.clear();
    });
  }

  const int number_;
  ProducerId id_ = -1;
  int values_ = 0;
  std::int32_t partition_ = 0;
  std::string pending_;
  std::map<std::int32_t, std::int32_t> sequences_;
};

// Begins anew under the same id after whatever it does not understand.
class RandomRun::TransactionalProducer final : public Actor {
 public:
  TransactionalProducer(RandomRun& run, int number)
      : Actor(run, "transaction " + std::to_string(number)), id_("tx" + std::to_string(number)) {}

 private:
  enum class Step { init, add, write, end };

  bool is_at_rest() const override { return !waits() && step_ == Step::add && values_.empty(); }
  void lost() override { begin_anew(); }
  // What an abort will do, unless a commit was decided.
  void begin_anew() {
    if (!ending_)
      for (const std::string& value : values_) run_.sent_[value].fate = Sent::Fate::gone;
    values_.clear();
    ending_ = false;
    step_ = Step::init;
  }
  // Whether to go on.
  bool good(std::int16_t code, const std::string& what) {
    note(what + ", error " + std::to_string(code));
    const Error error = kafka::error_of(code);
    if (error == Error::none) return true;
    if (!is_passing(error)) begin_anew();
    return false;
  }

  void next() override {
    switch (step_) {
      case Step::init: {
        kafka::InitProducerIdRequest request;
        request.transactional_id = id_;
        request.transaction_timeout_ms = 20'000;
        return ask<kafka::InitProducerIdResponse>(request, 4, [this](const auto& answer) {
          if (!good(answer.error_code, "init")) return;
          producer_ = {answer.producer_id, answer.producer_epoch};
          sequences_.clear();
          step_ = Step::add;
        });
      }
      case Step::add: {
        if (run_.ending_ && values_.empty()) return;
        partition_ = static_cast<std::int32_t>(chance(partitions));
        kafka::AddPartitionsToTxnRequest request;
        request.v3_and_below_transactional_id = id_;
        request.v3_and_below_producer_id = producer_.id;
        request.v3_and_below_producer_epoch = producer_.epoch;
        request.v3_and_below_topics.push_back({"t", {partition_}});
        return ask<kafka::AddPartitionsToTxnResponse>(request, 3, [this](const auto& answer) {
          const auto& topic = answer.results_by_topic_v3_and_below.at(0);
          if (good(topic.results_by_partition.at(0).partition_error_code, "add")) step_ = Step::write;
        });
      }
      case Step::write: {
        const std::string value = id_ + "-" + std::to_string(++count_);
        values_.push_back(value);
        run_.sent_[value] = {partition_};
        const std::string records = batch(
            {.values = {value}, .producer = {producer_.id, producer_.epoch, sequences_[partition_], true}});
        kafka::ProduceRequest request;
        request.transactional_id = id_;
        request.acks = -1;
        request.timeout_ms = 30'000;
        request.topic_data.emplace_back().name = "t";
        request.topic_data[0].partition_data.push_back({partition_, kafka::Records{bytes_of(records), {}}});
        return ask<kafka::ProduceResponse>(request, 9, [this, value](const auto& answer) {
          const auto& part = answer.responses.at(0).partition_responses.at(0);
          note(value + " to " + std::to_string(partition_) + ", error " + std::to_string(part.error_code) +
               " at " + std::to_string(part.base_offset));
          if (part.error_code != 0) return begin_anew();
          run_.sent_[value].offset = part.base_offset;
          sequences_[partition_]++;
          step_ = run_.ending_ || chance(2) ? Step::end : chance(2) ? Step::write : Step::add;
        });
      }
      case Step::end: {
        if (!ending_) ending_ = commit_ = chance(3) > 0;
        return ask<kafka::EndTxnResponse>(
            kafka::EndTxnRequest{id_, producer_.id, producer_.epoch, commit_}, 3, [this](const auto& answer) {
              if (!good(answer.error_code, commit_ ? "commit" : "abort")) return;
              for (const std::string& value : values_)
                run_.sent_[value].fate = commit_ ? Sent::Fate::there : Sent::Fate::gone;
              values_.clear();
              ending_ = false;
              step_ = Step::add;
            });
      }
    }
  }

  const std::string id_;
  ProducerEpoch producer_;
  Step step_ = Step::init;
  bool ending_ = false, commit_ = false;  // a commit has been asked for: it may happen whatever we hear
  int count_ = 0;
  std::int32_t partition_ = 0;
  std::vector<std::string> values_;
  std::map<std::int32_t, std::int32_t> sequences_;
};

// Commits larger and larger offsets, and looks at them now and then.
class RandomRun::Committer final : public Actor {
 public:
  Committer(RandomRun& run, int number)
      : Actor(run, "committer " + std::to_string(number)), group_("g" + std::to_string(number)) {}

 private:
  bool is_at_rest() const override { return !waits() && looked_; }
  void next() override {
    if (run_.ending_ || chance(4) == 0) return look();
    kafka::OffsetCommitRequest request;
    request.group_id = group_;
    request.generation_id_or_member_epoch = -1;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    topic.partitions.push_back({0, ++tried_, 0, ""});
    ask<kafka::OffsetCommitResponse>(request, 8, [this, offset = tried_](const auto& answer) {
      const std::int16_t code = answer.topics.at(0).partitions.at(0).error_code;
      note("commit " + std::to_string(offset) + ", error " + std::to_string(code));
      EXPECT_TRUE(code == 0 || is_passing(kafka::error_of(code))) << code;
      if (code == 0) committed_ = offset;
    });
  }
  void look() {
    kafka::OffsetFetchRequest request;
    request.group_id = group_;
    auto& topic = request.topics.emplace().emplace_back();
    topic.name = "t";
    topic.partition_indexes = {0};
    ask<kafka::OffsetFetchResponse>(request, 7, [this](const auto& answer) {
      note("fetch, error " + std::to_string(answer.error_code));
      if (answer.error_code != 0) return;
      const std::int64_t offset = answer.topics.at(0).partitions.at(0).committed_offset;
      note("stands at " + std::to_string(offset));
      EXPECT_GE(offset, committed_);
      EXPECT_LE(offset, tried_);
      committed_ = std::max(committed_, offset);  // seen once, never unseen
      if (run_.ending_) looked_ = true;
    });
  }

  const std::string group_;
  std::int64_t tried_ = 0, committed_ = -1;
  bool looked_ = false;
};

// One of a classic group; leads it when it is told so.
class RandomRun::Member final : public Actor {
 public:
  Member(RandomRun& run, int number) : Actor(run, "member " + std::to_string(number)) {}

 private:
  enum class Step { join, sync, stable };

  bool is_at_rest() const override { return !waits() && step_ == Step::stable; }
  void lost() override { step_ = Step::join; }
  void understand(std::int16_t code) {
    const Error error = kafka::error_of(code);
    if (error == Error::none || is_passing(error)) return;
    if (error == Error::unknown_member_id) {  // the group may be forgotten, and begin anew
      id_.clear();
      generation_ = dealt_ = -1;
    }
    step_ = Step::join;
  }

  void next() override {
    if (step_ == Step::join) return join();
    if (step_ == Step::sync) return sync();
    kafka::HeartbeatRequest request;
    request.group_id = "team";
    request.generation_id = generation_;
    request.member_id = id_;
    ask<kafka::HeartbeatResponse>(request, 3, [this](const auto& answer) {
      note("heartbeat, error " + std::to_string(answer.error_code));
      understand(answer.error_code);
    });
  }
  void join() {
    kafka::JoinGroupRequest request;
    request.group_id = "team";
    request.session_timeout_ms = 10'000;
    request.rebalance_timeout_ms = 10'000;
    request.member_id = id_;
    request.protocol_type = "consumer";
    request.protocols.push_back({"range", {}});
    ask<kafka::JoinGroupResponse>(request, 5, [this](const auto& answer) {
      note("join, error " + std::to_string(answer.error_code) + " generation " +
           std::to_string(answer.generation_id) + " of " + std::to_string(answer.members.size()));
      if (answer.error_code == number_of(Error::member_id_required)) {
        id_ = answer.member_id;
        return;
      }
      understand(answer.error_code);
      if (answer.error_code != 0) return;
      EXPECT_GE(answer.generation_id, dealt_)
          << "a generation that was dealt out came again: " << run_.last_events(100);
      id_ = answer.member_id;
      generation_ = answer.generation_id;
      leads_ = answer.leader == id_;
      others_.clear();
      for (const auto& member : answer.members) others_.push_back(member.member_id);
      step_ = Step::sync;
    });
  }
  void sync() {
    kafka::SyncGroupRequest request;
    request.group_id = "team";
    request.generation_id = generation_;
    request.member_id = id_;
    if (leads_)
      for (const std::string& member : others_) {
        const auto bytes = bytes_of(member);
        request.assignments.push_back({member, kafka::Bytes(bytes.begin(), bytes.end())});
      }
    ask<kafka::SyncGroupResponse>(request, 3, [this](const auto& answer) {
      note("sync, error " + std::to_string(answer.error_code));
      understand(answer.error_code);
      if (answer.error_code != 0) return;
      EXPECT_EQ(text_of(net::Bytes(answer.assignment)), id_) << "its own share";
      dealt_ = generation_;
      step_ = Step::stable;
    });
  }

  Step step_ = Step::join;
  std::string id_;
  std::int32_t generation_ = -1;
  std::int32_t dealt_ = -1;  // the generation in which it has got its share: that one is on the disk
  bool leads_ = false;
  std::vector<std::string> others_;
};

void RandomRun::make_actors() {
  for (int i = 0; i < 2; i++) {
    actors_.push_back(std::make_unique<IdempotentProducer>(*this, i));
    actors_.push_back(std::make_unique<TransactionalProducer>(*this, i));
    actors_.push_back(std::make_unique<Committer>(*this, i));
    actors_.push_back(std::make_unique<Member>(*this, i));
  }
}

}  // namespace mq::core
