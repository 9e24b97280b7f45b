// SPDX-License-Identifier: Apache-2.0
// What a consumer group makes of topics: which ones its members read, and who of them should own what.
#include <boost/endian/conversion.hpp>

#include "core/group/consumer_group.h"
#include "core/metadata/pattern.h"

namespace mq::core {

using Kind = ConsumerGroupRow::Kind;

namespace {

// FNV-1a: it must only tell, after a restart too, that something is not as it was.
class Hash {
 public:
  void add(const void* bytes, std::size_t size) {
    const auto* at = static_cast<const unsigned char*>(bytes);
    for (std::size_t i = 0; i < size; i++) value_ = (value_ ^ at[i]) * 0x100000001b3;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace

// True when the topics that members read, or their partitions, are not those of the last look.
bool ConsumerGroup::topics_changed(bool subscriptions_changed, Rows& rows) {
  const std::uint64_t version = topics_.version();
  if (seen_version_ == version && !subscriptions_changed) return false;
  seen_version_ = version;
  resolve_patterns(rows);
  const std::uint64_t hash = hash_of_topics();
  if (hash == topics_hash_) return false;
  topics_hash_ = hash;
  rows.insert({Kind::group, ""});
  return true;
}

void ConsumerGroup::resolve_patterns(Rows& rows) {
  std::map<std::string, std::set<std::string>> matches;
  for (const auto& [id, member] : members_)
    if (!member.pattern.empty()) matches[member.pattern];
  for (auto& [text, names] : matches) {
    const Pattern pattern(text);
    topics_.each_name([&pattern, &matching = names](const std::string& name) {
      if (pattern.matches(name)) matching.insert(name);
    });
    const auto before = patterns_.find(text);
    if (before == patterns_.end() || before->second != names) rows.insert({Kind::pattern, text});
  }
  for (const auto& [text, names] : patterns_)
    if (!matches.contains(text)) rows.insert({Kind::pattern, text});
  patterns_ = std::move(matches);
}

std::uint64_t ConsumerGroup::hash_of_topics() const {
  std::set<std::string_view> names;
  for (const auto& [id, member] : members_) names.insert(member.topics.begin(), member.topics.end());
  for (const auto& [pattern, matched] : patterns_) names.insert(matched.begin(), matched.end());
  Hash hash;
  for (const std::string_view name : names) {
    const auto facts = topics_.find(name);
    if (!facts) continue;
    const auto partitions = boost::endian::native_to_little(facts->partitions);
    hash.add(facts->id.data(), facts->id.size());
    hash.add(&partitions, sizeof partitions);
  }
  return hash.value();
}

std::set<Uuid> ConsumerGroup::topics_of(const ConsumerMember& member,
                                        std::map<Uuid, std::int32_t>& partitions) const {
  std::set<Uuid> out;
  const auto add_named = [&](const std::string& name) {
    const auto facts = topics_.find(name);
    if (!facts) return;
    out.insert(facts->id);
    partitions[facts->id] = facts->partitions;
  };
  for (const std::string& name : member.topics) add_named(name);
  if (const auto matched = patterns_.find(member.pattern); matched != patterns_.end())
    for (const std::string& name : matched->second) add_named(name);
  return out;
}

void ConsumerGroup::assign(Rows& rows) {
  AssignorInput input;
  for (const auto& [id, member] : members_)
    input.members.push_back({id, member.instance_id, topics_of(member, input.partitions), member.target});
  Assignments targets = find_assignor(assignor())->assign(input);
  auto target = targets.begin();
  for (auto& [id, member] : members_) {
    if (member.target != *target) {
      member.target = std::move(*target);
      rows.insert({Kind::target, id});
    }
    ++target;
  }
  target_epoch_ = epoch_;
  rows.insert({Kind::target_epoch, ""});
}

}  // namespace mq::core
