// SPDX-License-Identifier: Apache-2.0
// How a directory that was alone becomes one of a cluster: once, before anything of it is served. Lives on a
// loop.
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

// Makes the cluster if there is none, and reserves a broker id for the directory: the same one when it asks
// again. Throws WrongStart: 5 when the store cannot be worked with, or was not reached within `patience`; 7
// when the directory has topics of its own.
Task<Enrolled> enrol(asio::io_context& loop, const Clock& clock, MetadataStore& store, Applicant applicant,
                     Time::duration patience);

}  // namespace mq::core
