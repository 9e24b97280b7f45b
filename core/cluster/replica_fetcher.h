// SPDX-License-Identifier: Apache-2.0
// Copies partitions from the one broker that leads them: asks from where its own log durably ends, truncates
// where the logs diverge, appends, syncs, and asks again, which tells the leader what is durable here. One
// request is in flight, or two, when something else is to be followed than the first one waits for. What
// comes late, from another leadership, is dropped. Lives on the loop.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "core/cluster/replica_session.h"
#include "core/loop/pace.h"
#include "core/metadata/peers.h"

namespace mq::core {

class ReplicaFetcher : public std::enable_shared_from_this<ReplicaFetcher> {
 public:
  using Key = Catalog::PartitionId;
  static constexpr std::chrono::milliseconds wait_max{500};
  static constexpr std::chrono::milliseconds answer_timeout{10'000};
  static constexpr std::int32_t answer_bytes_max = 8 << 20, partition_bytes_max = 1 << 20;

  using Connection = std::shared_ptr<net::Client>;
  using Connect = ConnectTo;
  struct Self {
    BrokerId broker = -1;
    std::function<BrokerEpoch()> epoch;
  };

  ReplicaFetcher(asio::io_context& loop, const Clock& clock, Connect connect, Self self, BrokerId leader)
      : loop_(loop), clock_(clock), connect_(std::move(connect)), self_(std::move(self)), leader_(leader) {}

  // From now on, in this leader epoch. `may_lose`: it was elected unclean, what is committed here may go.
  void follow(const Key& key, std::shared_ptr<Partition> partition, Epoch leader_epoch, bool may_lose);
  void leave(const Key& key);
  void stop();

 private:
  using This = std::shared_ptr<ReplicaFetcher>;
  struct Following {
    std::shared_ptr<Partition> partition;
    Epoch leader_epoch = 0;
    bool may_lose = false;
    bool is_due = true;    // has something to tell the leader
    Time not_before = {};  // after an error
  };

  // A request that is on its way, or was answered.
  struct Call {
    std::int32_t number = 0;
    std::optional<Result<net::Slice>> frame = {};
  };

  static Task<void> work(This self);
  Task<void> converse(Connection connection);
  static Task<void> ask(This self, Connection connection, kafka::FetchRequest request,
                        std::shared_ptr<Call> call);
  void wake();
  Task<kafka::FetchRequest> next_request();
  Task<void> cut_damage(std::vector<Key> damaged);
  Result<kafka::FetchResponse> decoded(const net::Slice& frame) const;
  Task<void> apply(const kafka::FetchResponse& response, const Call& call);
  // Null: it is followed no more, or is not as when it was asked for, or is asked for again already.
  Following* current(const Key& key, const Call& call);
  Task<void> settle(Key key, const kafka::FetchResponse::PartitionData& data, const Call& call);
  Task<error_code> truncate_to(Key key, Epochs::End theirs, Offset their_start);
  void retry_later(const Key& key);

  asio::io_context& loop_;
  const Clock& clock_;
  const Connect connect_;
  const Self self_;
  const BrokerId leader_;
  std::map<Key, Following> following_;
  struct Asked {
    Epoch leader_epoch = 0;
    Offset from = 0;
    std::int32_t number = 0;  // of the request
  };
  std::map<Key, Asked> asked_;  // partitions of the session, as they were asked for last
  std::set<Key> forgotten_;
  std::int32_t session_ = 0, next_request_ = 0;
  bool has_session_ = false, has_new_ = false;
  std::weak_ptr<Waiter> waiter_;
  Connection connection_;
  bool runs_ = false, stopped_ = false;
};

}  // namespace mq::core
