// SPDX-License-Identifier: Apache-2.0
// Who uses the cluster of a run.
#pragma once

#include <deque>

#include "tests/core/support/cluster_client.h"

namespace mq::core {

// An idempotent producer with up to five batches under way; those that are not acknowledged are sent again,
// as they were and in their order.
class PipelinedProducer final : public ClusterClient {
 public:
  // `keys`: none, or so many that it writes in turn.
  PipelinedProducer(ClusterRun& run, const std::string& name, ClusterHistory::Place to, int keys = 0)
      : ClusterClient(run, name), to_(std::move(to)), keys_(keys) {}

  void act() override;
  void collect() override;
  bool is_at_rest() const override { return batches_.empty(); }
  std::string doing() const override {
    return batches_.empty() ? "" : "has " + batches_.front().values.front();
  }

 private:
  static constexpr std::size_t in_flight_max = 5;
  struct Batch {
    std::vector<std::string> values;
    std::string key, records;
  };

  void next() override {}
  void identify();
  void send_from(std::size_t first);
  void add_batch();
  void acknowledged(const Batch& batch, Offset first);

  const ClusterHistory::Place to_;
  const int keys_;
  kafka::BatchProducer id_ = {};
  std::int32_t next_sequence_ = 0;
  int values_ = 0;
  std::deque<Batch> batches_;
  bool identifies_ = false;
};

// Begins anew under the same id after whatever it does not understand.
class TransactionalProducer final : public ClusterClient {
 public:
  TransactionalProducer(ClusterRun& run, const std::string& name) : ClusterClient(run, name), id_(name) {}
  bool is_at_rest() const override {
    return ClusterClient::is_at_rest() && step_ == Step::add && values_.empty();
  }
  std::string doing() const override {
    return is_at_rest() ? "" : "is at step " + std::to_string(static_cast<int>(step_));
  }

 private:
  enum class Step { init, add, write, end };

  void lost() override { begin_anew(); }
  void begin_anew();
  bool is_good(std::int16_t code, const std::string& what);
  void next() override;
  void init();
  void add();
  void write();
  void end();

  const std::string id_;
  kafka::BatchProducer producer_ = {};
  Step step_ = Step::init;
  bool ends_ = false, commits_ = false;  // a commit was asked for: it may happen whatever we hear
  int count_ = 0;
  std::int32_t partition_ = 0;
  std::vector<std::string> values_;
  std::map<std::int32_t, std::int32_t> sequences_;
};

// Commits larger and larger offsets of a group, and looks at them now and then.
class Committer final : public ClusterClient {
 public:
  Committer(ClusterRun& run, const std::string& name) : ClusterClient(run, name), group_(name) {}
  bool is_at_rest() const override { return ClusterClient::is_at_rest() && looked_; }
  std::string doing() const override { return looked_ ? "" : "does not see what it committed"; }

 private:
  void next() override;
  void look(BrokerId broker);

  const std::string group_;
  std::int64_t tried_ = 0, committed_ = -1;
  bool looked_ = false;
};

// Reads what others write, over and over.
class Reader final : public ClusterClient {
 public:
  Reader(ClusterRun& run, const std::string& name, ClusterHistory::Place from)
      : ClusterClient(run, name), from_(std::move(from)) {}

 private:
  void next() override;
  void read(const kafka::FetchResponse::PartitionData& data, bool stable);

  const ClusterHistory::Place from_;
  Offset position_ = 0;
};

// Has old records deleted.
class Deleter final : public ClusterClient {
 public:
  Deleter(ClusterRun& run, const std::string& name, ClusterHistory::Place from)
      : ClusterClient(run, name), from_(std::move(from)) {}

 private:
  void next() override;

  const ClusterHistory::Place from_;
};

// Deletes a topic and makes another of that name, writes to whichever it is and commits offsets of it.
class Recreator final : public ClusterClient {
 public:
  static constexpr const char* topic = "d";
  Recreator(ClusterRun& run, const std::string& name) : ClusterClient(run, name) {}
  std::string prefix_of(const Uuid& id) const { return names_.contains(id) ? names_.at(id) : "d0"; }
  bool is_at_rest() const override;
  std::string doing() const override { return is_at_rest() ? "" : "has not seen its topic whole"; }

 private:
  void next() override;
  void create(BrokerId broker);
  void remove(BrokerId broker);
  void write(TopicPtr now);
  void commit(TopicPtr now);
  void look(TopicPtr now);

  // Made so shortly before all of its brokers died that none of them had it on disk: none can tell that
  // nothing was lost, so nobody leads it. Nothing was, and it is made anew.
  bool is_dead() const;

  std::map<Uuid, std::int64_t> committed_;  // the largest that was tried of each topic
  std::set<Uuid> written_;                  // those in which something was acknowledged
  std::map<Uuid, std::string> names_;       // of where its values belong
  int values_ = 0, topics_ = 0;
  bool looked_ = false;
};

}  // namespace mq::core
