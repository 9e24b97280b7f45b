// SPDX-License-Identifier: Apache-2.0
#include "core/partition/transactions.h"

#include <algorithm>

namespace mq::core {

void Transactions::begin(ProducerId producer, Offset first) {
  if (open_by_producer_.try_emplace(producer, first).second) open_[first] = {producer, -1, false};
}

void Transactions::end(ProducerId producer, bool commit, Offset marker) {
  const auto found = open_by_producer_.find(producer);
  if (found == open_by_producer_.end()) return;  // it had written nothing here
  Open& transaction = open_[found->second];
  transaction.marker = marker;
  transaction.commit = commit;
  ending_.push_back(found->second);
  open_by_producer_.erase(found);
}

bool Transactions::advance(Offset high_watermark) {
  bool some = false;
  while (!ending_.empty()) {
    const auto found = open_.find(ending_.front());
    const auto [first, ended] = *found;
    if (ended.marker >= high_watermark) break;
    open_.erase(found);
    ending_.pop_front();
    if (!ended.commit) aborted_.push_back({ended.producer, first, ended.marker, stable(ended.marker + 1)});
    some = true;
  }
  return some;
}

// A transaction whose marker went is open again.
void Transactions::truncate(Offset end) {
  for (auto at = open_.lower_bound(end); at != open_.end(); at = open_.erase(at)) {
    const auto current = open_by_producer_.find(at->second.producer);
    if (current != open_by_producer_.end() && current->second == at->first) open_by_producer_.erase(current);
  }
  const auto gone =
      std::remove_if(ending_.begin(), ending_.end(), [end](Offset first) { return first >= end; });
  ending_.erase(gone, ending_.end());
  while (!ending_.empty()) {
    const Offset first = ending_.back();
    Open& transaction = open_[first];
    if (transaction.marker < end) break;
    transaction.marker = -1;
    transaction.commit = false;
    open_by_producer_[transaction.producer] = first;
    ending_.pop_back();
  }
}

void Transactions::trim(Offset start) {
  while (!aborted_.empty() && aborted_.front().last < start) aborted_.pop_front();
}

std::optional<Offset> Transactions::open(ProducerId producer) const {
  const auto found = open_by_producer_.find(producer);
  return found == open_by_producer_.end() ? std::nullopt : std::optional(found->second);
}

// Behind one after which everything before `until` was decided, none can begin before `until`.
std::vector<Transactions::Aborted> Transactions::aborted(Offset from, Offset until) const {
  std::vector<Aborted> found;
  const auto ends_before = [](const Aborted& aborted, Offset offset) { return aborted.last < offset; };
  for (auto at = std::lower_bound(aborted_.begin(), aborted_.end(), from, ends_before); at != aborted_.end();
       ++at) {
    if (at->first < until) found.push_back(*at);
    if (at->stable >= until) break;
  }
  std::sort(found.begin(), found.end(), [](const Aborted& a, const Aborted& b) { return a.first < b.first; });
  return found;
}

std::vector<std::pair<ProducerId, Offset>> Transactions::all_open() const {
  std::vector<std::pair<ProducerId, Offset>> all;
  for (const auto& [first, transaction] : open_)
    if (transaction.marker < 0) all.emplace_back(transaction.producer, first);
  return all;
}

std::vector<Transactions::Ending> Transactions::all_ending() const {
  std::vector<Ending> all;
  for (const Offset first : ending_) {
    const Open& transaction = open_.at(first);
    all.push_back({transaction.producer, first, transaction.marker, transaction.commit});
  }
  return all;
}

}  // namespace mq::core
