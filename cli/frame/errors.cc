// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/errors.h"

#include <algorithm>

namespace mq::cli {

namespace {

constexpr ExitClass classes[] = {
    {Exit::ok, "OK", "everything asked for was done"},
    {Exit::failed, "FAILED", "it failed; a record was not acknowledged; input or output failed"},
    {Exit::usage, "USAGE",
     "unknown command or flag, bad value, bad local file, flags that exclude each other"},
    {Exit::not_found, "NOT_FOUND",
     "a topic, group or broker named does not exist; a pattern matched nothing"},
    {Exit::denied, "DENIED", "authentication failed, or not authorized"},
    {Exit::unreachable, "UNREACHABLE", "no broker could be reached"},
    {Exit::timeout, "TIMEOUT", "connected, but it did not finish in time"},
    {Exit::conflict, "CONFLICT", "it exists already, the group has members, the data directory is in use"},
    {Exit::partial, "PARTIAL", "of several targets some succeeded and some failed; the output says which"},
    {Exit::condition, "CONDITION",
     "it worked, but what was tested is not so: damage found, differences found"},
    {Exit::refused, "REFUSED", "a question was answered with no, or could not be asked and -y was not given"},
    {Exit::interrupted, "SIGINT", "ended by Ctrl-C"},
    {Exit::terminated, "SIGTERM", "ended by SIGTERM"},
};

constexpr KafkaClass kafka_table[] = {
    {3, Exit::not_found},     // UNKNOWN_TOPIC_OR_PARTITION
    {7, Exit::timeout},       // REQUEST_TIMED_OUT
    {8, Exit::unreachable},   // BROKER_NOT_AVAILABLE
    {13, Exit::unreachable},  // NETWORK_EXCEPTION
    {17, Exit::usage},        // INVALID_TOPIC_EXCEPTION
    {24, Exit::usage},        // INVALID_GROUP_ID
    {26, Exit::usage},        // INVALID_SESSION_TIMEOUT
    {27, Exit::conflict},     // REBALANCE_IN_PROGRESS
    {29, Exit::denied},       // TOPIC_AUTHORIZATION_FAILED
    {30, Exit::denied},       // GROUP_AUTHORIZATION_FAILED
    {31, Exit::denied},       // CLUSTER_AUTHORIZATION_FAILED
    {33, Exit::denied},       // UNSUPPORTED_SASL_MECHANISM
    {34, Exit::denied},       // ILLEGAL_SASL_STATE
    {36, Exit::conflict},     // TOPIC_ALREADY_EXISTS
    {37, Exit::usage},        // INVALID_PARTITIONS
    {38, Exit::usage},        // INVALID_REPLICATION_FACTOR
    {39, Exit::usage},        // INVALID_REPLICA_ASSIGNMENT
    {40, Exit::usage},        // INVALID_CONFIG
    {51, Exit::conflict},     // CONCURRENT_TRANSACTIONS
    {53, Exit::denied},       // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    {57, Exit::not_found},    // LOG_DIR_NOT_FOUND
    {58, Exit::denied},       // SASL_AUTHENTICATION_FAILED
    {60, Exit::conflict},     // REASSIGNMENT_IN_PROGRESS
    {62, Exit::not_found},    // DELEGATION_TOKEN_NOT_FOUND
    {63, Exit::denied},       // DELEGATION_TOKEN_OWNER_MISMATCH
    {64, Exit::denied},       // DELEGATION_TOKEN_REQUEST_NOT_ALLOWED
    {65, Exit::denied},       // DELEGATION_TOKEN_AUTHORIZATION_FAILED
    {66, Exit::denied},       // DELEGATION_TOKEN_EXPIRED
    {68, Exit::conflict},     // NON_EMPTY_GROUP
    {69, Exit::not_found},    // GROUP_ID_NOT_FOUND
    {82, Exit::conflict},     // FENCED_INSTANCE_ID
    {85, Exit::not_found},    // NO_REASSIGNMENT_IN_PROGRESS
    {86, Exit::conflict},     // GROUP_SUBSCRIBED_TO_TOPIC
    {91, Exit::not_found},    // RESOURCE_NOT_FOUND
    {92, Exit::usage},        // DUPLICATE_RESOURCE
    {93, Exit::usage},        // UNACCEPTABLE_CREDENTIAL
    {100, Exit::not_found},   // UNKNOWN_TOPIC_ID
    {101, Exit::conflict},    // DUPLICATE_BROKER_REGISTRATION
    {102, Exit::not_found},   // BROKER_ID_NOT_REGISTERED
    {105, Exit::not_found},   // TRANSACTIONAL_ID_NOT_FOUND
    {111, Exit::conflict},    // UNRELEASED_INSTANCE_ID
};

std::string sentence(const client::Failure& failure, std::string_view what) {
  const std::string about = std::string(what) + " " + in_quotes(failure.target);
  const int code = static_cast<int>(failure.error);
  const bool known = !failure.target.empty();
  if (known && failure.error == kafka::Error::unknown_topic_id)
    return about + " is another one now: it was deleted and created anew";
  if (known && exit_of_kafka(code) == Exit::not_found) return about + " does not exist";
  if (known && code == 36) return about + " exists already";
  if (known && code == 68) return about + " has active members";
  if (known && exit_of_kafka(code) == Exit::denied) return "not authorized for " + about;
  const std::string text(kafka::text_of(failure.error));
  if (failure.message.empty()) return known ? about + ": " + text : text;
  const bool named = failure.message.find(failure.target) != failure.message.npos;
  return known && !named ? about + ": " + failure.message : failure.message;
}

using Met = client::Attempt::Outcome;

// What was met at the address that let us come furthest.
Met furthest(const std::vector<client::Attempt>& attempts) {
  Met furthest = Met::unreachable;
  for (const client::Attempt& attempt : attempts) furthest = std::max(furthest, attempt.outcome);
  return furthest;
}

std::string_view meeting(Met outcome) {
  switch (outcome) {
    case Met::silent:
      return "connected, but nothing answered in time";
    case Met::closed:
      return "connected, but the connection was closed before an answer came";
    case Met::tls:
    case Met::not_kafka:
      return "connected, but what answers is no Kafka broker";
    default:
      return "no broker could be reached";
  }
}

Exit exit_of(const client::Failure& failure) {
  using What = client::Failure::What;
  switch (failure.what) {
    case What::refused:
      return exit_of_kafka(static_cast<int>(failure.error));
    case What::unreachable:
      return furthest(failure.attempts) == Met::silent ? Exit::timeout : Exit::unreachable;
    case What::timed_out:
      return Exit::timeout;
    case What::stopped:
      return Exit::interrupted;
    case What::lost:
    case What::unsupported:
    case What::malformed:
      return Exit::failed;
  }
  return Exit::failed;
}

}  // namespace

std::span<const ExitClass> exit_classes() {
  return classes;
}

std::string_view name_of(Exit exit) {
  for (const ExitClass& row : classes)
    if (row.exit == exit) return row.name;
  return "FAILED";
}

std::span<const KafkaClass> kafka_classes() {
  return kafka_table;
}

Exit exit_of_kafka(int code) {
  if (code == 0) return Exit::ok;
  const auto row = std::find_if(std::begin(kafka_table), std::end(kafka_table),
                                [&](const KafkaClass& r) { return r.code == code; });
  return row == std::end(kafka_table) ? Exit::failed : row->exit;
}

std::string hint_for(const std::vector<client::Attempt>& attempts) {
  switch (furthest(attempts)) {
    case Met::unreachable:
      return "is that machine up, and no firewall between?  Another address: -b HOST:PORT";
    case Met::unknown_host:
      return "is the name right?  Another address: -b HOST:PORT";
    case Met::refused:
      return "is one running?  Start one with: mq serve   Another address: -b HOST:PORT";
    case Met::silent:
      return "does a Kafka broker listen there, without TLS?  More time: --timeout 30s";
    case Met::closed:
      return "a listener that wants TLS does so, or one of another protocol; here Kafka's is spoken, without "
             "TLS";
    case Met::tls:
      return "Kafka's protocol is spoken here without TLS: which port is the broker's plaintext one?  -b "
             "HOST:PORT";
    case Met::not_kafka:
      return "which port is the broker's?  Another address: -b HOST:PORT";
  }
  return "";
}

Failure failure_from(const client::Failure& failure, std::string_view what) {
  Failure told;
  told.exit = exit_of(failure);
  told.target = failure.target;
  told.kafka = failure.name();
  told.retriable = failure.retriable();
  if (!failure.broker.host.empty()) told.broker = failure.where();
  switch (failure.what) {
    case client::Failure::What::refused:
      told.message = sentence(failure, what);
      break;
    case client::Failure::What::unreachable:
      told.message = meeting(furthest(failure.attempts));
      told.broker.clear();
      told.hint = hint_for(failure.attempts);
      for (const client::Attempt& attempt : failure.attempts)
        told.details.push_back(attempt.address + ": " + attempt.reason);
      break;
    default:
      told.message = failure.text();
      told.broker.clear();  // the text names it
      told.kafka.clear();
  }
  return told;
}

Failure failure_from(const admin::Missing& missing) {
  using What = admin::Missing::What;
  Failure told{.exit = Exit::not_found, .message = missing.text(), .target = missing.name};
  if (missing.what == What::topic) told = failure_from(missing.why);
  if (told.exit != Exit::not_found) return told;
  if (missing.what == What::partition) {
    told.hint = "those it has: mq topic describe " + missing.name;
    return told;
  }
  const bool group = missing.what == What::group || missing.what == What::groups;
  if (group) told.kafka = "GROUP_ID_NOT_FOUND";
  const std::string listed = group ? "groups with: mq group list" : "topics with: mq topic list";
  told.hint = missing.near.empty() ? "list " + listed
                                   : "did you mean " + in_quotes(missing.near) + "?  List " + listed;
  return told;
}

}  // namespace mq::cli
