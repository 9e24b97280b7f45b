// SPDX-License-Identifier: Apache-2.0
// Incremental fetch sessions (KIP-227): what a client asked for last time and what it was told, so that next
// time both sides say only what changed. Pure but for the times it is given; lives on the loop.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/types.h"
#include "net/kafka/error.h"
#include "net/kafka/messages/fetch.h"

namespace mq::core {

// A partition as a fetch names it: by the topic's id (v13+) or its name.
struct FetchKey {
  std::string topic;
  Uuid topic_id{};
  std::int32_t partition = 0;
  auto operator<=>(const FetchKey&) const = default;
};

struct PartitionRequest {
  FetchKey key;
  kafka::FetchRequest::FetchPartition asked;
};

class FetchSession {
 public:
  std::int32_t id = 0;
  std::int32_t epoch = 1;  // that the next request must carry
  bool by_id = false;      // topics are named by id
  Time used;

  void ask(PartitionRequest one);  // adds or replaces
  void forget(const FetchKey& key);
  std::vector<PartitionRequest> partitions() const;  // in the order in which they are served
  std::size_t size() const { return by_key_.size(); }

  // Is there anything to tell about this answer? Remembers it as told. A partition with records moves behind
  // all others, so that none starves.
  bool changed(const FetchKey& key, const kafka::FetchResponse::PartitionData& answer, bool has_records);

 private:
  struct Entry {
    PartitionRequest request;
    std::int64_t high_watermark = -1, log_start = -1;  // as told last
    bool told_error = false;
  };
  using Entries = std::list<Entry>;
  Entries entries_;
  std::map<FetchKey, Entries::iterator> by_key_;
};

class FetchSessions {
 public:
  static constexpr std::size_t sessions_max = 1000;
  static constexpr std::chrono::minutes evictable_after{2};
  static constexpr std::size_t partitions_max = 1'000'000;  // of all sessions together
  static constexpr std::size_t session_partitions_max =
      10'000;  // who asks for more is served without a session

  // What a request turns out to be. `session` null: sessionless, `partitions` are the request's own; it has
  // too many to be looked through in one turn: they are left to the caller.
  struct SessionContext {
    kafka::Error error = kafka::Error::none;
    std::shared_ptr<FetchSession> session;
    bool incremental = false;
    std::vector<PartitionRequest> partitions;
    bool is_long = false;
  };
  explicit FetchSessions(std::uint64_t seed = 1)
      : random_(static_cast<std::minstd_rand::result_type>(seed)) {}
  SessionContext begin(const kafka::FetchRequest& request, bool by_id, Time now);
  std::size_t size() const { return sessions_.size(); }

 private:
  std::shared_ptr<FetchSession> create(std::vector<PartitionRequest> partitions, bool by_id, Time now);
  bool make_room(Time now);
  void close(std::int32_t id);

  std::unordered_map<std::int32_t, std::shared_ptr<FetchSession>> sessions_;
  std::size_t partitions_ = 0;
  std::minstd_rand random_;
};

}  // namespace mq::core
