// SPDX-License-Identifier: Apache-2.0
// What a cluster refused or could not do, with the story that people need to hear: which broker, which
// address, which error, and what the broker said about it. A plain value; any thread.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/types.h"
#include "net/kafka/error.h"

namespace mq::client {

namespace asio = boost::asio;
using core::BrokerId;
using core::error_code;
using Milliseconds = std::int64_t;  // since 1970, as records carry them
using core::Offset;
using core::Task;
using core::Time;
using core::TopicPartition;
using Duration = std::chrono::steady_clock::duration;

struct Broker {
  BrokerId id = -1;  // -1: a bootstrap address that has not said its id yet
  std::string host;
  std::uint16_t port = 0;
  std::string rack;

  std::string address() const;  // "host:port", IPv6 in brackets
};

// One address that was tried, and why it was not the one. `reason` reads after a colon: "connection refused".
struct Attempt {
  // How far it came; the later ones tell more about what is there.
  enum class Outcome {
    unreachable,   // no way there, or no sign from there
    unknown_host,  // the name has no address
    refused,       // the machine is there, and nobody listens
    silent,        // somebody took the connection, and then said nothing
    closed,        // somebody took the connection, and closed it before the first answer
    tls,           // somebody answered that this is a port for TLS
    not_kafka,     // somebody answered, in another protocol
  };
  std::string address;
  std::string reason;
  Outcome outcome = Outcome::unreachable;
};

struct Failure {
  enum class What {
    refused,      // the broker answered with `error`
    unreachable,  // no connection could be made; `attempts` says why for each address
    lost,         // the connection broke after the request had left: it may have been carried out, or not
    timed_out,    // connected, and no answer in time
    unsupported,  // the broker does not speak any version of the request that we do
    malformed,    // the broker's answer made no sense
    stopped,      // we were told to stop
  };
  What what = What::refused;
  kafka::Error error = kafka::Error::none;
  std::string message;  // the broker's own words, or what we know beyond the code; may be empty
  std::string target;   // the topic, partition or group it was about; may be empty
  Broker broker;        // who answered, or should have; host empty when nobody in particular
  std::vector<Attempt> attempts;

  bool retriable() const;
  std::string name() const;   // "UNKNOWN_TOPIC_OR_PARTITION"; "" when Kafka had no part in it
  std::string where() const;  // "broker 2 at mq2:9092"; "" when unknown
  std::string text()
      const;  // one sentence without full stop: message or what happened, (NAME, where) behind it
};

template <class T>
using Answer = boost::system::result<T, Failure>;

struct Nothing {};  // an Answer<Nothing> is yes or a Failure

Failure refused(kafka::Error error, Broker by = {}, std::string target = {}, std::string message = {});
inline Failure refused(std::int16_t code, Broker by = {}, std::string target = {}, std::string message = {}) {
  return refused(kafka::error_of(code), std::move(by), std::move(target), std::move(message));
}

}  // namespace mq::client
