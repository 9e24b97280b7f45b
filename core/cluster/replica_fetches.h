// SPDX-License-Identifier: Apache-2.0
// Answers the fetches of followers: what they have durably moves the high watermark, what they lack is read
// up to the end of the log. Only what came by the internal listener may get here: anybody could move a high
// watermark. Lives on the loop.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/cluster/replica_session.h"
#include "core/loop/pace.h"
#include "core/metadata/partition_table.h"

namespace mq::core {

class ReplicaFetches {
 public:
  static constexpr std::size_t answer_bytes_max = 8u << 20;

  ReplicaFetches(asio::io_context& loop, const Clock& clock, const PartitionTable& partitions)
      : loop_(loop), clock_(clock), partitions_(partitions) {}

  // A request of version 15 or later. A new session ends the one that broker had.
  Task<kafka::FetchResponse> fetch(const kafka::FetchRequest& request);

  // Called when a follower has asked for a partition that is led here, and its log does not diverge.
  using Fetched = std::function<void(const ReplicaSession::Key&, Partition&)>;
  void on_fetched(Fetched fetched) { fetched_ = std::move(fetched); }

  void stop();  // answers who waits

 private:
  using Session = std::shared_ptr<ReplicaSession>;
  using Answers = std::map<ReplicaSession::Key, kafka::FetchResponse::PartitionData>;

  Result<Session> session_of(const kafka::FetchRequest& request);
  Task<void> take(const kafka::FetchRequest& request, Session session);
  void note(ReplicaSession& session, const ReplicaSession::Key& key);
  Task<void> collect(Session session, std::size_t bytes_max, Answers& answers);
  Task<kafka::FetchResponse::PartitionData> answer_of(ReplicaSession::Entry entry, std::int32_t index,
                                                      std::size_t bytes_max);
  static void tell_quiet(ReplicaSession& session, Answers& answers);

  asio::io_context& loop_;
  const Clock& clock_;
  const PartitionTable& partitions_;
  Fetched fetched_ = [](const ReplicaSession::Key&, Partition&) {};
  std::map<BrokerId, Session> sessions_;
  std::int32_t sessions_made_ = 0;
  bool stopped_ = false;
};

}  // namespace mq::core
