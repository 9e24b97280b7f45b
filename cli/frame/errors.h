// SPDX-License-Identifier: Apache-2.0
// How a command ends: the exit classes, and what is said when it did not go well.
// One table maps every Kafka error to its class; `mq help exit-codes` prints the classes.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/admin/missing.h"
#include "core/admin/usage_error.h"
#include "core/client/failure.h"

namespace mq::cli {

enum class Exit : int {
  ok = 0,
  failed = 1,
  usage = 2,
  not_found = 3,
  denied = 4,
  unreachable = 5,
  timeout = 6,
  conflict = 7,
  partial = 8,
  condition = 9,
  refused = 10,
  interrupted = 130,  // main raises the signal instead of returning these two
  terminated = 143,
};

struct ExitClass {
  Exit exit;
  std::string_view name;  // "NOT_FOUND"
  std::string_view when;
};
std::span<const ExitClass> exit_classes();
std::string_view name_of(Exit exit);

// Everything that is known about what went wrong; printed once, by report() in command.h.
struct Failure {
  Exit exit = Exit::failed;
  std::string message = {};  // lower case, no full stop: what, on what
  std::string kafka = {};    // "UNKNOWN_TOPIC_OR_PARTITION"; empty when Kafka had no part in it
  std::string target = {};   // the topic, group, file meant
  std::string broker = {};   // "2 at mq2:9092"
  std::string hint = {};     // what to do
  bool retriable = false;
  std::vector<std::string> details = {};  // further lines, e.g. one for each address tried
};

// Thrown by whoever finds the command line (or a local file) wrong, before anything was done: exit 2.
using admin::UsageError;

// Thrown where a failure cannot be returned; main reports it and exits with its class.
struct FailureError : std::runtime_error {
  explicit FailureError(Failure what_failed)
      : std::runtime_error(what_failed.message), failure(std::move(what_failed)) {}
  Failure failure;
};

// Kafka's errors that do not simply count as `failed`; names and texts are Kafka's own, see
// core/client/failure.h.
struct KafkaClass {
  int code;
  Exit exit;
};
std::span<const KafkaClass> kafka_classes();
Exit exit_of_kafka(int code);

// What to do about addresses that no broker answered from: by what was met there.
std::string hint_for(const std::vector<client::Attempt>& attempts);

// What a cluster refused or could not do, as the command line says it; `what` is "topic", "group", ….
Failure failure_from(const client::Failure& failure, std::string_view what = "topic");

Failure failure_from(const admin::Missing& missing);

using admin::in_quotes;

}  // namespace mq::cli
