// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/named_set.h"

#include <algorithm>
#include <tuple>

#include "core/metrics/label_value.h"
#include "core/metrics/table.h"

namespace mq::core {
namespace {

std::size_t hash_of(std::string_view name) {
  return std::hash<std::string_view>()(name);
}

bool has_own_label(std::string_view name) {
  return name != other_label && label_value(name) == name;
}

}  // namespace

void NamedSet::choose(std::span<const Candidate> all, Time now) {
  if (!choice_due(now)) return;
  next_choice_ = now + choice_interval;
  end_idle(all, now);

  struct Wanted {
    std::uint64_t traffic;  // since the last choice
    const Candidate* candidate;
  };
  std::vector<Wanted> wanted;
  std::unordered_map<std::size_t, std::uint64_t> seen;
  const bool all_fit = all.size() <= names_max_;
  for (const Candidate& candidate : all) {
    const auto before = traffic_.find(hash_of(candidate.name));
    const bool is_new = before == traffic_.end();
    const std::uint64_t from = is_new || before->second > candidate.traffic ? 0 : before->second;
    const std::uint64_t traffic = candidate.traffic - from;
    seen[hash_of(candidate.name)] = candidate.traffic;
    if ((traffic > 0 || (is_new && all_fit)) && !named_.contains(candidate.name))
      if (has_own_label(candidate.name)) wanted.push_back({traffic, &candidate});
  }
  traffic_ = std::move(seen);

  const std::size_t places = std::min(names_max_ - named_.size(), wanted.size());
  std::ranges::partial_sort(
      wanted, wanted.begin() + static_cast<std::ptrdiff_t>(places), [](const Wanted& a, const Wanted& b) {
        return std::tie(b.traffic, a.candidate->name) < std::tie(a.traffic, b.candidate->name);
      });
  for (std::size_t i = 0; i < places; i++) promote(*wanted[i].candidate, now);
}

void NamedSet::created(const Candidate& candidate, std::size_t names, Time now) {
  if (names <= names_max_ && named_.size() < names_max_ && has_own_label(candidate.name))
    promote(candidate, now);
}

void NamedSet::removed(std::string_view name) {
  traffic_.erase(hash_of(name));
  if (const auto named = named_.find(name); named != named_.end()) end_series(named);
}

NamedSet::Series NamedSet::collect(const std::function<Counters(std::string_view)>& counted,
                                   const Counters& total) {
  Series series;
  Counters rest = total;
  for (auto& [name, named] : named_) {
    const Counters now = counted(name);
    Series::Named shown{name, {}};
    for (std::size_t i = 0; i < now.size(); i++) {
      if (now[i] < named.last[i])
        named.base[i] -= named.last[i] - now[i];  // counts anew: goes on, modulo 2^64
      shown.counted[i] = now[i] - named.base[i];
      rest[i] -= std::min(rest[i], shown.counted[i]);
    }
    named.last = now;
    series.named.push_back(shown);
  }
  for (std::size_t i = 0; i < rest.size(); i++) other_[i] = std::max(other_[i], rest[i]);
  series.other = other_;
  series.ended = ended_;
  return series;
}

void NamedSet::end_idle(std::span<const Candidate> all, Time now) {
  for (const Candidate& candidate : all) {
    const auto named = named_.find(candidate.name);
    if (named == named_.end() || candidate.traffic == named->second.traffic) continue;
    named->second.traffic = candidate.traffic;
    named->second.active = now;
  }
  for (auto named = named_.begin(); named != named_.end();)
    named = now - named->second.active >= idle_max ? end_series(named) : std::next(named);
}

NamedSet::NamedMap::iterator NamedSet::end_series(NamedMap::iterator named) {
  const auto& [base, last, traffic, active] = named->second;
  for (std::size_t i = 0; i < ended_.size(); i++) ended_[i] += last[i] - base[i];
  return named_.erase(named);
}

void NamedSet::promote(const Candidate& candidate, Time now) {
  named_.try_emplace(std::string(candidate.name),
                     Named{candidate.counted, candidate.counted, candidate.traffic, now});
}

}  // namespace mq::core
