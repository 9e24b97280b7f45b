// SPDX-License-Identifier: Apache-2.0
// What Consul is asked and what it answers, as its HTTP API writes it. Pure; any thread.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/metadata/store.h"

namespace mq::core {

// How a call ended, for whoever made it.
enum class ConsulVerdict {
  ok,
  unknown,     // no answer, or one that does not tell: it may have been done, or yet be
  refused,     // not done, nor would be if it came again
  conflict,    // not done: a transaction was rolled back
  no_session,  // not done: the session is gone
  nothing,     // there is no such thing (404)
};

struct ConsulAnswer {
  ConsulVerdict verdict = ConsulVerdict::unknown;
  std::string why = {};                  // for people, when it is not ok
  boost::json::value body = {};          // when it is, and of a conflict
  std::int64_t index = 0;                // of what was read; 0: not told
  bool filtered = false;                 // what the token may not read was left out
  std::vector<std::size_t> failed = {};  // conflict: which operations did
  bool ok() const { return verdict == ConsulVerdict::ok; }
};

ConsulAnswer parse_consul_answer(unsigned status, std::string_view body);

struct ConsulEntry {
  MetadataEntry entry;  // its version is Consul's ModifyIndex
  std::string session;  // that holds it; empty: none
};
using ConsulEntries = std::map<std::string, ConsulEntry>;

// Keys are without the prefix here, and with it in Consul, where they lie in areas, each of which is watched
// by itself: a change then brings what is in its area, not all there is. Of partitions there are so many
// areas that one holds few of them, and so few that their connections, one each, do not matter.
class ConsulRequests {
 public:
  explicit ConsulRequests(std::string prefix);  // "mq/<cluster>/"

  static constexpr std::size_t partition_areas = 16;
  static constexpr std::size_t areas = partition_areas + 3;
  static std::size_t area_of(std::string_view key);
  // Of who runs, who is the controller, and whatever else is held: what a session ends is here.
  static constexpr std::size_t cluster_area = partition_areas;

  // Targets of GET. `index`: waits for a later one.
  std::string list_all() const;
  std::string nothing() const;  // a key that is never there
  std::string list(std::size_t area, std::int64_t index, std::chrono::seconds wait) const;

  // Bodies of PUT /v1/txn. A session that is empty holds nothing.
  boost::json::array read(const std::vector<std::string>& keys) const;
  // `held`: which keys live with the session. `found`: versions of keys that are put without a guard and not
  // held, 0 for none; they have to be so still.
  boost::json::array commit(const MetadataChange& change, const std::string& session,
                            const std::set<std::string>& held,
                            const std::map<std::string, EntryVersion>& found) const;
  // The key must not be there, or be as it was seen and of that session.
  boost::json::array hold(std::string_view key, std::string_view value, const std::string& session,
                          std::optional<EntryVersion> seen) const;
  // Is rolled back, but only for whoever may read and write what is under the prefix.
  boost::json::array trial() const;
  boost::json::object session(std::chrono::seconds ttl) const;

  // Nothing: the key is not under the prefix, or no broker's.
  std::optional<std::string> key_of(std::string_view in_consul) const;
  const std::string& prefix() const { return prefix_; }

 private:
  std::string in_consul(std::string_view key) const;

  const std::string prefix_;
};

// Of a list, or of a transaction that read.
ConsulEntries entries_of(const boost::json::value& answer, const ConsulRequests& requests);
// What a transaction has written: ModifyIndex by area. What it erased is not told.
std::map<std::size_t, std::int64_t> written_by(const boost::json::value& answer,
                                               const ConsulRequests& requests);

}  // namespace mq::core
