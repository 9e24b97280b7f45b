// SPDX-License-Identifier: Apache-2.0
// The members of one group of the classic protocol: who they are, who leads, and which protocol they agree
// on. Pure: no I/O, no clock, no threads.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"
#include "net/kafka/types.h"

namespace mq::core {

using Generation = std::int32_t;
using Ticket = std::uint64_t;  // of a request that waits for its answer; the caller's number

// A way of assigning that a member knows, and what it tells the leader for it. The broker does not look
// inside.
struct Protocol {
  std::string name;
  kafka::Bytes metadata;
  bool operator==(const Protocol&) const = default;
};

struct ClassicMember {
  std::string id;
  std::optional<std::string> instance_id;  // static members
  std::string client_id, client_host;
  std::chrono::milliseconds session_timeout{}, rebalance_timeout{};
  std::vector<Protocol> protocols;  // the one it likes best first
  kafka::Bytes assignment;

  std::optional<Ticket> joining, syncing;  // its parked requests
  bool is_new = false;                     // no generation began since it came
  bool owes_sync = false;                  // in this generation
  std::optional<Generation> came_with;  // another protocol's epoch: what it knows until the group has joined
  Time expires{};

  const kafka::Bytes& metadata_for(std::string_view protocol) const;  // empty when it does not know it
};

class ClassicMembers {
 public:
  using ById = std::map<std::string, ClassicMember, std::less<>>;

  ClassicMember* find(std::string_view id);
  const ClassicMember* find(std::string_view id) const;
  const std::string* id_of(std::string_view instance_id) const;  // null: no such static member
  const ById& all() const { return by_id_; }
  ById::iterator begin() { return by_id_.begin(); }
  ById::iterator end() { return by_id_.end(); }
  std::size_t size() const { return by_id_.size(); }
  bool empty() const { return by_id_.empty(); }

  ClassicMember& add(ClassicMember member);  // the first one leads
  void remove(const std::string& id);        // when it led, somebody else does
  // The same member under another id.
  ClassicMember& rename(const std::string& id, const std::string& new_id);
  void set_protocols(ClassicMember& member, std::vector<Protocol> protocols);

  const std::string& leader() const { return leader_; }  // empty: nobody
  // The leader stays if it has joined, else somebody who has becomes it. False when nobody has.
  bool elect_leader();
  void set_leader(std::string id) { leader_ = std::move(id); }

  std::size_t joining() const;
  std::chrono::milliseconds rebalance_timeout() const;  // the longest
  bool all_know_one_of(const std::vector<Protocol>& protocols) const;
  // What most like best among those that all know; empty when there is none.
  std::string vote() const;

 private:
  void count(const std::vector<Protocol>& protocols, int by);

  ById by_id_;
  std::map<std::string, std::string, std::less<>> by_instance_;  // → member id
  std::map<std::string, std::size_t, std::less<>> known_by_;     // protocol → how many members know it
  std::string leader_;
};

}  // namespace mq::core
