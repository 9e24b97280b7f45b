// SPDX-License-Identifier: Apache-2.0
// From any error to the code that a Kafka client understands: the one map.
#pragma once

#include <stdexcept>
#include <string>

#include "core/types.h"
#include "net/kafka/error.h"

namespace mq::core {

// A Kafka error is itself; storage's become KAFKA_STORAGE_ERROR, CORRUPT_MESSAGE or OFFSET_OUT_OF_RANGE; a
// timeout is REQUEST_TIMED_OUT. Anything else is UNKNOWN_SERVER_ERROR, and is logged here, because nobody
// expected it.
kafka::Error to_kafka(error_code error);

// Why a request is not done. `message` is for people; it may be empty. Error::none: it is.
struct Refusal {
  kafka::Error error = kafka::Error::none;
  std::string message;
};

// A start that cannot succeed: a whole sentence for people and the exit code of the process.
class WrongStart : public std::runtime_error {
 public:
  WrongStart(int code, const std::string& sentence) : std::runtime_error(sentence), exit_code(code) {}
  const int exit_code;
};

}  // namespace mq::core
