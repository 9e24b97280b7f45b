// SPDX-License-Identifier: Apache-2.0
// A client of a cluster whose brokers come and go: asks whoever seems to be the right one, and again, until
// it has the answer that it needs.
#pragma once

#include "tests/core/support/cluster_history.h"
#include "tests/core/support/cluster_model.h"

namespace mq::core {

class ClusterRun;

class ClusterClient {
 public:
  ClusterClient(ClusterRun& run, std::string name) : run_(run), name_(std::move(name)) {}
  virtual ~ClusterClient() = default;

  // Does something, unless it waits for an answer.
  virtual void act() {
    if (!connection_) next();
  }
  // An answer, if there is one; or its patience is over.
  virtual void collect();
  void disconnect(BrokerId from);                           // that broker is dead
  virtual bool is_at_rest() const { return !connection_; }  // nothing is half done
  const std::string& name() const { return name_; }
  virtual std::string doing() const { return {}; }  // for people

 protected:
  virtual void next() = 0;  // asks for something
  virtual void lost() {}    // nobody knows what became of it

  template <class Response, class Request>
  void ask(BrokerId broker, const Request& request, kafka::Version version,
           std::function<void(const Response&)> then) {
    connect(broker);
    ClusterModel::send(*connection_, request, version);
    then_ = [this, version, then = std::move(then)](std::vector<std::byte> frame) {
      then(cluster().decoded<Response>(std::move(frame), version));
    };
  }
  void connect(BrokerId broker);
  void hang_up();

  // Who leads it, in the eyes of somebody; as clients do (KIP-320), nobody in an older epoch than the newest
  // that was heard of is believed.
  std::optional<BrokerId> leader_of(const std::string& topic, std::int32_t partition);
  // Who coordinates it.
  std::optional<BrokerId> coordinator_of(std::string_view topic, const std::string& id);

  ClusterModel& cluster() const;
  ClusterHistory& history();
  std::uint64_t chance(std::uint64_t of);
  void note(const std::string& what);
  void violated(const std::string& what);
  // What passes by itself.
  static bool is_passing(kafka::Error error);

  ClusterRun& run_;
  std::shared_ptr<test::VirtualConnection> connection_;
  BrokerId at_ = -1;
  Time since_ = {};

 private:
  const std::string name_;
  std::function<void(std::vector<std::byte>)> then_;
  std::map<Catalog::PartitionId, Epoch> epochs_;
};

}  // namespace mq::core
