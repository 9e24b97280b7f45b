// SPDX-License-Identifier: Apache-2.0
// What a broker that is to be one of a cluster needs of the machine, made as its configuration says. At the
// start; blocks.
#pragma once

#include "core/broker/broker.h"
#include "core/cluster/enrolment.h"

namespace mq::core {

// The store over etcd or Consul, connections over TCP. Throws WrongStart.
World::Cluster cluster_of(const Config& config, const Clock& clock, asio::any_io_executor workers);

// Runs until the store has said whether the directory is enrolled (core/cluster/enrolment.h).
Enrolled enrol_now(const World::Cluster& cluster, const Clock& clock, const Identity& identity,
                   Applicant applicant, Time::duration patience);

// Whether the configured store can be worked with, as it is now.
StoreCheck check_cluster(const Config& config);

bool has_topics(storage::Store& meta);  // of a broker that was alone

// `mq cluster adopt`: what the directory has becomes a cluster's, of which it is the only broker. Returns who
// it is now. Opens the directory, which nobody else may have open, and closes it. Throws WrongStart.
Identity adopt_directory(const Config& config);

// `mq cluster accept-restore` (core/cluster/restored_store.h). Throws WrongStart.
std::size_t accept_restored_store(const Config& config);

// The listener for other brokers, unless there is one of that name.
void add_internal_listener(Config& config);
// As others are told: what it advertises; or the address itself; or, where that is all interfaces, the one
// that the store is reached from.
Endpoint endpoint_of(const Listener& listener, const Config& config);

}  // namespace mq::core
