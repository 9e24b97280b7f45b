// SPDX-License-Identifier: Apache-2.0
// Entries of the metadata store that only a cluster has: who runs, who leads which partition, who is the
// controller. Like entries.h: keys and JSON values, described once.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/metadata/entries.h"
#include "core/partition/partition_state.h"

namespace mq::core {

inline constexpr std::string_view partition_entries = "p/";  // + topic id + "/" + index → PartitionState
inline constexpr std::string_view live_entries = "live/";    // + broker id → LiveEntry; held by that broker
inline constexpr std::string_view registered_entries = "reg/";      // + broker id → RegisteredEntry
inline constexpr std::string_view controller_entry = "controller";  // → ControllerEntry; held by it
inline constexpr std::string_view cluster_entry = "meta/cluster";   // → ClusterEntry; made once

std::string partition_key(const Uuid& topic, std::int32_t index);
// Of a key without the prefix; nothing when it is none.
std::optional<std::pair<Uuid, std::int32_t>> parse_partition_key(std::string_view rest);
std::string live_key(BrokerId broker);
std::string registered_key(BrokerId broker);
std::optional<BrokerId> parse_broker_id(std::string_view text);

std::string to_json(const PartitionState& state);
Result<PartitionState> parse_partition(std::string_view json);

// Where a broker listens under a listener's name.
struct Endpoint {
  std::string listener, host;
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

// A run of a broker. It counts once the broker has written the token under which it holds the entry into it:
// so whoever guards a change with the version of this entry guards it with that run (cluster-wide, also in a
// store that does not tell others' tokens).
struct LiveEntry {
  enum class Status { starting, running, draining };
  BrokerEpoch epoch = -1;  // the token; -1: not written yet
  Status status = Status::starting;
  Uuid incarnation{}, directory{};
  std::string rack;
  std::vector<Endpoint> endpoints;
  bool operator==(const LiveEntry&) const = default;
};
std::string to_json(const LiveEntry& entry);
Result<LiveEntry> parse_live(std::string_view json);

// A broker that has been here, running or not.
struct RegisteredEntry {
  Uuid incarnation{}, directory{};
  std::string rack;
  bool operator==(const RegisteredEntry&) const = default;
};
std::string to_json(const RegisteredEntry& entry);
Result<RegisteredEntry> parse_registered(std::string_view json);

struct ClusterEntry {
  std::string id;  // as clients are told
  std::int64_t created_ms = 0;
  std::int64_t restored_ms =
      0;  // when the store was put back to an earlier state and that accepted; 0: never
  bool operator==(const ClusterEntry&) const = default;
};
std::string to_json(const ClusterEntry& entry);
Result<ClusterEntry> parse_cluster(std::string_view json);

// The newest that a broker has seen of the store, as it notes it in its directory from time to time.
struct StoreSeen {
  std::int64_t revision = 0;
  std::int64_t restored_ms = 0;
};
inline constexpr std::string_view store_seen_key = "core/store";  // in meta
std::string to_json(const StoreSeen& seen);
Result<StoreSeen> parse_store_seen(std::string_view json);

struct ControllerEntry {
  BrokerId broker = -1;
  BrokerEpoch epoch = -1;
  bool operator==(const ControllerEntry&) const = default;
};
std::string to_json(const ControllerEntry& entry);
Result<ControllerEntry> parse_controller(std::string_view json);

}  // namespace mq::core
