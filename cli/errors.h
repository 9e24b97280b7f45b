// SPDX-License-Identifier: Apache-2.0
// How a command ends: the exit classes, and what is said when it did not go well.
// One table maps every Kafka error to its class; `mq help exit-codes` prints the classes.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

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
  std::string message;  // lower case, no full stop: what, on what
  std::string kafka;    // "UNKNOWN_TOPIC_OR_PARTITION"; empty when Kafka had no part in it
  std::string target;   // the topic, group, file meant
  std::string broker;   // "2 at mq2:9092"
  std::string hint;     // what to do
  bool retriable = false;
  std::vector<std::string> details;  // further lines, e.g. one for each address tried
};

// Thrown by whoever finds the command line (or a local file) wrong, before anything was done: exit 2.
struct UsageError : std::runtime_error {
  explicit UsageError(const std::string& message, std::string what_to_do = {})
      : std::runtime_error(message), hint(std::move(what_to_do)) {}
  std::string hint;
};

// Thrown where a failure cannot be returned; main reports it and exits with its class.
struct FailureError : std::runtime_error {
  explicit FailureError(Failure what_failed)
      : std::runtime_error(what_failed.message), failure(std::move(what_failed)) {}
  Failure failure;
};

// A Kafka error code as it counts on the command line.
struct KafkaError {
  int code;
  std::string_view name;
  Exit exit;
  bool retriable;
};
std::span<const KafkaError> kafka_errors();
const KafkaError& kafka_error(int code);  // unknown codes count as UNKNOWN_SERVER_ERROR

// `topic "orders" does not exist` and its like, from the code and what it was about; `what` is "topic",
// "group", ….
Failure failure_from_kafka(int code, std::string_view what, std::string_view target,
                           std::string_view text = {});

}  // namespace mq::cli
