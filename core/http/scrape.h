// SPDX-License-Identifier: Apache-2.0
// What Prometheus is told: a bounded number of series, whatever there is (core/metrics). Lives on the web
// thread.
#pragma once

#include <map>
#include <string>

#include "core/handlers/context.h"
#include "core/http/door.h"
#include "core/metrics/named_set.h"
#include "net/server.h"

namespace mq::http {

struct Backend;

class Scrape {
 public:
  static constexpr std::size_t topics_max = 300;

  // Text format 0.0.4.
  Task<std::string> text(Backend& backend);

 private:
  struct Topic {
    std::string name;
    core::Uuid id{};
    core::NamedSet::Counters counted{};  // records in, bytes in, records out, bytes out
  };
  struct Topics {
    std::vector<Topic> some;
    core::NamedSet::Counters total{};
    std::size_t count = 0;  // of all there are
    bool are_all = false;   // `some`
  };

  Task<Topics> ask_topics(Backend& backend, bool all);
  core::NamedSet::Series series_of(const Topics& topics);

  core::NamedSet named_{topics_max};
  std::map<std::string, core::Uuid, std::less<>> ids_;  // of those that have series
};

}  // namespace mq::http
