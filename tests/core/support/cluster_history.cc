// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support/cluster_history.h"

#include <algorithm>

namespace mq::core {

namespace {

std::string offset_name(const ClusterHistory::Place& at, Offset offset) {
  return "offset " + std::to_string(offset) + " of " + at.first + "-" + std::to_string(at.second);
}

// "p0-12": the twelfth that p0 sent.
std::pair<std::string, int> sender_of(const std::string& value) {
  const std::size_t dash = value.rfind('-');
  return {value.substr(0, dash), std::stoi(value.substr(dash + 1))};
}

}  // namespace

std::size_t ClusterHistory::acknowledged() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(sent_, [](const auto& sent) { return sent.second.offset.has_value(); }));
}

void ClusterHistory::see(const Place& at, Offset offset, const std::string& value, bool stable) {
  const auto [known, is_new] = seen_[at].emplace(offset, value);
  if (!is_new && known->second != value)
    violated(value + " was read at " + offset_name(at, offset) + ", where " + known->second + " was before");
  if (stable) seen_stable_.insert(value);
}

void ClusterHistory::check(const Place& at, Offset start, const std::vector<Found>& found) {
  std::map<std::string, Offset> offsets;
  std::map<std::string, int> newest;  // of each sender
  for (const auto& [offset, value, stable] : found) {
    if (!offsets.emplace(value, offset).second)
      violated(value + " is there twice, at " + offset_name(at, offset));
    const auto [sender, number] = sender_of(value);
    const auto [last, is_first] = newest.emplace(sender, number);
    const bool in_order = at.first.front() != 'd';  // who sends those does not number them
    if (in_order && !is_first && number < last->second)
      violated(value + " at " + offset_name(at, offset) + " comes behind what was sent after it");
    last->second = std::max(last->second, number);
    const auto sent = sent_.find(value);
    if (sent == sent_.end() || Place(sent->second.topic, sent->second.partition) != at)
      violated(value + " at " + offset_name(at, offset) + " was not sent there");
    else if (stable && sent->second.fate == Fate::gone)
      violated(value + " at " + offset_name(at, offset) + " was aborted");
    else if (!stable && sent->second.fate == Fate::there)
      violated(value + " at " + offset_name(at, offset) + " was committed, and counts as aborted");
    if (!stable && seen_stable_.contains(value))
      violated(value + " at " + offset_name(at, offset) + " was read as committed, and counts as aborted");
  }
  const Offset kept_from = asked_to_delete_[at];
  for (const auto& [value, sent] : sent_) {
    if (Place(sent.topic, sent.partition) != at || !sent.offset) continue;
    const auto there = offsets.find(value);
    const bool may_be_gone = *sent.offset < kept_from || sent.fate == Fate::unknown;
    if (there == offsets.end() ? !may_be_gone : there->second != *sent.offset)
      violated(value + " was acknowledged at " + offset_name(at, *sent.offset) + " and is not there");
  }
  for (const auto& [offset, value] : seen_[at]) {
    const auto there = offsets.find(value);
    if (there == offsets.end() ? offset >= kept_from : there->second != offset)
      violated(value + " was read at " + offset_name(at, offset) + " and is not there");
  }
  if (start > kept_from) violated("the log begins behind what was to go: at " + offset_name(at, start));
}

}  // namespace mq::core
