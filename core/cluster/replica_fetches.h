// SPDX-License-Identifier: Apache-2.0
// Answers the fetches of followers: what they have durably moves the high watermark, what they lack is read
// up to the end of the log. A follower has two sessions, for partitions in which it is in sync and for those
// in which it is not: what it catches up with is read from disk, and must not hold back what producers wait
// for. Only what came by the internal listener may get here: anybody could move a high watermark. Lives on
// the loop.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/cluster/rate_limit.h"
#include "core/cluster/replica_session.h"
#include "core/loop/pace.h"
#include "core/metadata/partition_table.h"

namespace mq::core {

class ReplicaFetches {
 public:
  static constexpr std::size_t answer_bytes_max = 8u << 20;
  static constexpr std::size_t sessions_per_broker_max = 2;

  ReplicaFetches(asio::io_context& loop, const Clock& clock, const PartitionTable& partitions)
      : loop_(loop), clock_(clock), partitions_(partitions), heard_(clock.now()) {}

  // A request of version 15 or later. A new session ends the one that it names (KIP-227), those of earlier
  // runs of that broker, and the oldest where there would be more than two.
  Task<kafka::FetchResponse> fetch(const kafka::FetchRequest& request);

  // Called when a follower has asked for a partition that is led here, and its log does not diverge.
  using Fetched = std::function<void(const ReplicaSession::Key&, Partition&)>;
  void on_fetched(Fetched fetched) { fetched_ = std::move(fetched); }

  // Of a partition that is moving: whether that follower is only becoming a replica.
  using IsAdded = std::function<bool(const ReplicaSession::Key&, BrokerId)>;
  // Such a follower shares `rate()` bytes a second with all of its kind.
  void limit(IsAdded is_added, std::function<std::uint64_t()> rate);

  Time heard() const { return heard_; }  // when a follower has asked for the last time
  void stop();                           // answers who waits

 private:
  using Session = std::shared_ptr<ReplicaSession>;
  using Answers = std::map<ReplicaSession::Key, kafka::FetchResponse::PartitionData>;

  Result<Session> session_of(const kafka::FetchRequest& request);
  Session begin(const kafka::FetchRequest& request);
  void end(const Session& session);
  bool is_limited(const ReplicaSession& session, const ReplicaSession::Key& key, const Partition* partition);
  Task<void> take(const kafka::FetchRequest& request, Session session);
  void note(ReplicaSession& session, const ReplicaSession::Key& key);
  Task<void> collect(Session session, std::uint64_t number, std::size_t bytes_max, Answers& answers);
  Task<kafka::FetchResponse::PartitionData> answer_of(BrokerId follower, ReplicaSession::Entry entry,
                                                      std::int32_t index, std::size_t bytes_max);
  static void tell_quiet(ReplicaSession& session, Answers& answers);

  asio::io_context& loop_;
  const Clock& clock_;
  const PartitionTable& partitions_;
  Fetched fetched_ = [](const ReplicaSession::Key&, Partition&) {};
  IsAdded is_added_ = [](const ReplicaSession::Key&, BrokerId) { return false; };
  RateLimit limit_;
  std::map<std::int32_t, Session> sessions_;  // by their id
  std::int32_t sessions_made_ = 0;
  Time heard_;
  bool stopped_ = false;
};

}  // namespace mq::core
