// SPDX-License-Identifier: Apache-2.0
// What etcd is asked and what it answers, as its JSON gateway writes it. Pure; any thread.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/metadata/store.h"

namespace mq::core {

using LeaseId = std::int64_t;  // 0: none

// How a call ended, for whoever made it.
enum class EtcdVerdict {
  ok,
  unknown,       // no answer, or one that does not tell: it may have been done, or yet be
  refused,       // not done, nor would be if it came again
  token_wanted,  // not done: the token is none, or no longer one
  no_lease,      // not done: the lease is gone
  compacted,     // not done: the revision is no longer there
  auth_is_off,   // not done: there are no users
  no_gateway,    // not done: etcd's JSON gateway is not there
};

struct EtcdAnswer {
  EtcdVerdict verdict = EtcdVerdict::unknown;
  std::string why = {};           // for people, when it is not ok
  boost::json::object body = {};  // when it is
  bool ok() const { return verdict == EtcdVerdict::ok; }
};

EtcdAnswer parse_answer(unsigned status, std::string_view body);

// Numbers come as strings, and not at all when they are 0; so do false and empty.
std::int64_t number_of(const boost::json::object& from, std::string_view name);
std::string_view text_of(const boost::json::object& from, std::string_view name);
const boost::json::object& object_of(const boost::json::object& from,
                                     std::string_view name);  // or an empty one
const boost::json::array& array_of(const boost::json::object& from,
                                   std::string_view name);  // or an empty one

struct EtcdHeader {
  std::string cluster_id;
  Revision revision = 0;
};
EtcdHeader header_of(const boost::json::object& answer);

// All keys are without the prefix here, and with it there.
class EtcdRequests {
 public:
  explicit EtcdRequests(std::string prefix) : prefix_(std::move(prefix)) {}

  // Keys from `from` on, at most `limit`; revision 0: the newest.
  boost::json::object page(std::string_view from, std::int64_t limit, Revision revision) const;
  boost::json::object one(std::string_view key) const;
  boost::json::object watch(Revision from) const;
  // `held`: which keys live with `lease`.
  boost::json::object commit(const MetadataChange& change, LeaseId lease,
                             const std::map<std::string, EntryVersion>& held) const;
  // The key must not be there, or be as it was seen and of that lease.
  boost::json::object hold(std::string_view key, std::string_view value, LeaseId lease,
                           std::optional<EntryVersion> seen) const;
  // Changes nothing, but is allowed only to whoever may change what is under the prefix.
  boost::json::object write_trial() const;

  // Nothing: the key is not under the prefix.
  std::optional<std::string> key_of(const boost::json::object& kv) const;

 private:
  std::string encoded(std::string_view key) const;

  const std::string prefix_;
};

MetadataEntry entry_of(const boost::json::object& kv);

struct EtcdPage {
  Revision revision = 0;  // of the store
  std::map<std::string, std::optional<MetadataEntry>> entries;
  std::string last;  // key; the next page begins behind it
  bool more = false;
};
EtcdPage page_of(const boost::json::object& answer, const EtcdRequests& requests);

// What a txn of `change` answered.
Committed committed_of(const boost::json::object& answer, const MetadataChange& change);

// One message of a watch.
struct EtcdEvents {
  enum class Kind {
    events,     // also none: it watches now
    again,      // it has ended; another one may begin
    unallowed,  // it has ended: the token is none, or no longer one, or not enough
    compacted,  // it has ended: what it asks for is no longer there
  };
  struct Event {
    std::string key;
    EntryVersion version = 0;
    std::optional<MetadataEntry> entry;  // nothing: erased
  };
  Kind kind = Kind::events;
  std::string why = {};
  EtcdHeader header = {};
  std::vector<Event> events = {};
};
EtcdEvents parse_events(std::string_view message, const EtcdRequests& requests);

}  // namespace mq::core
