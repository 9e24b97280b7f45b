// SPDX-License-Identifier: Apache-2.0
// How a directory that was alone becomes one of a cluster: once, before anything of it is served. An empty
// one is enrolled; one with topics is adopted, and they become the cluster's. Lives on a loop.
#pragma once

#include <optional>
#include <string>

#include "core/loop/clock.h"
#include "core/metadata/store.h"

namespace mq::core {

struct Applicant {
  std::string cluster_id;  // that the cluster gets if it is new
  Uuid directory{};
  std::optional<BrokerId> broker;  // the id that was asked for; none: any
  bool has_topics = false;         // of its own
  std::string rack = {};
};

struct Enrolled {
  std::string cluster_id;
  BrokerId broker = -1;
};

// Makes a cluster of what this broker, `self`, has alone: its topics, configurations and producer ids, and
// states of its partitions in which it is the only replica. `own`: all that its embedded store holds.
// `incarnation`: as which run of it this is registered, unless it is already; which one is returned. Can be
// asked again when it ended early. Throws WrongStart: 5 as
// enrol; 7 when there is another cluster.
struct Adoption {
  BrokerId self = -1;
  Uuid incarnation{};
  MetadataUpdate own = {};
};
Task<Uuid> adopt(asio::io_context& loop, const Clock& clock, MetadataStore& store, Applicant applicant,
                 Adoption adoption, Time::duration patience);

// Makes the cluster if there is none, and reserves a broker id for the directory: the same one when it asks
// again. Throws WrongStart: 5 when the store cannot be worked with, or was not reached within `patience`; 7
// when the directory has topics of its own.
Task<Enrolled> enrol(asio::io_context& loop, const Clock& clock, MetadataStore& store, Applicant applicant,
                     Time::duration patience);

}  // namespace mq::core
