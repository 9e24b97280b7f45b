// SPDX-License-Identifier: Apache-2.0
#include "core/group/classic_members.h"

#include <algorithm>
#include <set>

namespace mq::core {

const kafka::Bytes& ClassicMember::metadata_for(std::string_view protocol) const {
  static const kafka::Bytes none;
  for (const Protocol& known : protocols)
    if (known.name == protocol) return known.metadata;
  return none;
}

ClassicMember* ClassicMembers::find(std::string_view id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const ClassicMember* ClassicMembers::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const std::string* ClassicMembers::id_of(std::string_view instance_id) const {
  const auto found = by_instance_.find(instance_id);
  return found == by_instance_.end() ? nullptr : &found->second;
}

ClassicMember& ClassicMembers::add(ClassicMember member) {
  if (leader_.empty()) leader_ = member.id;
  if (member.instance_id) by_instance_[*member.instance_id] = member.id;
  count(member.protocols, 1);
  std::string id = member.id;
  return by_id_.insert_or_assign(std::move(id), std::move(member)).first->second;
}

void ClassicMembers::remove(const std::string& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const ClassicMember member = std::move(found->second);
  by_id_.erase(found);
  count(member.protocols, -1);
  if (member.instance_id) by_instance_.erase(*member.instance_id);
  if (leader_ == member.id) leader_ = by_id_.empty() ? "" : by_id_.begin()->first;
}

ClassicMember& ClassicMembers::rename(const std::string& id, const std::string& new_id) {
  auto node = by_id_.extract(id);
  if (leader_ == node.key()) leader_ = new_id;
  node.key() = new_id;
  node.mapped().id = new_id;
  if (node.mapped().instance_id) by_instance_[*node.mapped().instance_id] = new_id;
  return by_id_.insert(std::move(node)).position->second;
}

void ClassicMembers::set_protocols(ClassicMember& member, std::vector<Protocol> protocols) {
  count(member.protocols, -1);
  member.protocols = std::move(protocols);
  count(member.protocols, 1);
}

// A name that a member gives twice counts once.
void ClassicMembers::count(const std::vector<Protocol>& protocols, int by) {
  std::set<std::string_view> names;
  for (const Protocol& protocol : protocols) {
    if (!names.insert(protocol.name).second) continue;
    const auto at = known_by_.try_emplace(protocol.name, 0).first;
    at->second += static_cast<std::size_t>(by);
    if (at->second == 0) known_by_.erase(at);
  }
}

bool ClassicMembers::elect_leader() {
  const ClassicMember* leader = find(leader_);
  if (leader && leader->joining) return true;
  const auto joined = std::find_if(by_id_.begin(), by_id_.end(),
                                   [](const auto& entry) { return entry.second.joining.has_value(); });
  if (joined == by_id_.end()) return false;
  leader_ = joined->first;
  return true;
}

std::size_t ClassicMembers::joining() const {
  return static_cast<std::size_t>(std::count_if(
      by_id_.begin(), by_id_.end(), [](const auto& entry) { return entry.second.joining.has_value(); }));
}

std::chrono::milliseconds ClassicMembers::rebalance_timeout() const {
  std::chrono::milliseconds longest{0};
  for (const auto& [id, member] : by_id_) longest = std::max(longest, member.rebalance_timeout);
  return longest;
}

bool ClassicMembers::all_know_one_of(const std::vector<Protocol>& protocols) const {
  return std::any_of(protocols.begin(), protocols.end(), [&](const Protocol& protocol) {
    const auto known = known_by_.find(protocol.name);
    return known != known_by_.end() && known->second == size();
  });
}

std::string ClassicMembers::vote() const {
  const auto known_by_all = [&](const Protocol& p) { return known_by_.find(p.name)->second == size(); };
  std::map<std::string_view, std::size_t> votes;
  for (const auto& [id, member] : by_id_) {
    const auto choice = std::find_if(member.protocols.begin(), member.protocols.end(), known_by_all);
    if (choice != member.protocols.end()) votes[choice->name]++;
  }
  const auto most = std::max_element(votes.begin(), votes.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == votes.end() ? std::string() : std::string(most->first);
}

}  // namespace mq::core
