// SPDX-License-Identifier: Apache-2.0
// Requests, counted by what was asked: how many, for how long, with which errors. Recorded on the loop,
// copied there; a copy is anybody's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/metrics/histogram.h"

namespace mq::core {

class RequestMetrics {
 public:
  static constexpr std::size_t errors_max =
      200;  // pairs; beyond, an error counts as `other_error` of its route
  static constexpr std::int16_t other_error = INT16_MIN;

  explicit RequestMetrics(std::size_t routes) : routes_(routes) {}

  // `route`: its place in the table. `took`: without what it waited for records to come.
  void answered(std::size_t route, std::chrono::nanoseconds took) {
    routes_[route].answered++;
    routes_[route].duration.record(took);
  }
  // An error inside an answer: a partition's, a topic's, or that of the whole.
  void failed(std::size_t route, std::int16_t code) {
    const auto known = errors_.find({route, code});
    if (known != errors_.end())
      known->second++;
    else
      errors_[{route, errors_.size() < errors_max ? code : other_error}]++;
  }

  struct Counts {
    struct Route {
      std::uint64_t answered = 0;
      DurationCounts duration;
    };
    std::vector<Route> routes;
    std::map<std::pair<std::size_t, std::int16_t>, std::uint64_t> errors;
  };
  Counts counts() const {
    Counts copy;
    copy.errors = errors_;
    for (const Route& route : routes_) copy.routes.push_back({route.answered, route.duration.counts()});
    return copy;
  }

 private:
  struct Route {
    std::uint64_t answered = 0;
    DurationHistogram duration;
  };
  std::vector<Route> routes_;
  std::map<std::pair<std::size_t, std::int16_t>, std::uint64_t> errors_;
};

}  // namespace mq::core
