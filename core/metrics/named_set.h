// SPDX-License-Identifier: Apache-2.0
// Which topics, or groups, have series of their own; all others are counted as `_other`. Whoever counts has a
// few numbers per topic that only grow, and the same numbers for all topics, those deleted included, counted
// in the same turn. The set remembers from where the series of a name began:
//
//   series of a name   what was counted since it was promoted
//   `_other`           what was counted at all, less that
//
// So a series only grows while it is there, `_other` always, and together they are all that was counted. Time
// and memory of a choice grow with the topics, those of a scrape with the named ones. Pure; one owner, any
// thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/types.h"

namespace mq::core {

class NamedSet {
 public:
  static constexpr std::chrono::minutes choice_interval{10};
  static constexpr std::chrono::hours idle_max{24};

  using Counters = std::array<std::uint64_t, 4>;  // who counts less leaves the rest at 0
  struct Candidate {
    std::string_view name;
    Counters counted{};
    std::uint64_t traffic = 0;  // by which it is chosen; only grows, in any unit
  };

  explicit NamedSet(std::size_t names_max = 300) : names_max_(names_max) {}

  // A choice may be made: the first one at once, then one every choice_interval.
  bool choice_due(Time now) const { return !next_choice_ || now >= *next_choice_; }

  // `all`: of whatever there is now, one each. Names without traffic for idle_max lose their series; places
  // that are free go to those with most traffic since the last choice, or, when all fit, to whatever is new.
  // A name that is not the same as a label's value never gets one: two of them could become one series.
  // Called before collect(), so that no series ends and begins again between two; does nothing before it is
  // due.
  void choose(std::span<const Candidate> all, Time now);

  // It was created just now; there are `names` with it. Has its series at once, when all fit.
  void created(const Candidate& candidate, std::size_t names, Time now);
  // It was deleted, its series ends. Before another one of that name is created.
  void removed(std::string_view name);

  std::size_t size() const { return named_.size(); }
  bool contains(std::string_view name) const { return named_.contains(name); }

  struct Series {
    struct Named {
      std::string_view name;  // until the set changes
      Counters counted{};
    };
    std::vector<Named> named;  // by name
    Counters other{};
    // What of `other` had been in series that ended. Without it `other` only grows, too, and by nothing but
    // what was counted then: it does not jump, which a rate() would take for traffic, when a series ends.
    Counters ended{};
  };
  // What to export. `counted` is asked for each name that has a series; `total`: for all there are, and were.
  Series collect(const std::function<Counters(std::string_view)>& counted, const Counters& total);

 private:
  struct Named {
    Counters base{};  // at promotion
    Counters last{};  // as last collected
    std::uint64_t traffic = 0;
    Time active;  // when a choice last saw traffic
  };
  using NamedMap = std::map<std::string, Named, std::less<>>;

  void end_idle(std::span<const Candidate> all, Time now);
  NamedMap::iterator end_series(NamedMap::iterator named);
  void promote(const Candidate& candidate, Time now);

  const std::size_t names_max_;
  NamedMap named_;
  // Traffic at the last choice, by a hash: names may be long, and two that share one are only chosen worse.
  std::unordered_map<std::size_t, std::uint64_t> traffic_;
  std::optional<Time> next_choice_;
  Counters other_{}, ended_{};
};

}  // namespace mq::core
