// SPDX-License-Identifier: Apache-2.0
#include "core/client/failure.h"

namespace mq::client {

std::string Broker::address() const {
  const bool v6 = host.find(':') != host.npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Failure::retriable() const {
  switch (what) {
    case What::refused:
      return kafka::retriable(error);
    case What::unreachable:
    case What::lost:
    case What::timed_out:
      return true;
    case What::unsupported:
    case What::malformed:
    case What::stopped:
      return false;
  }
  return false;
}

std::string Failure::name() const {
  if (what == What::refused) return std::string(kafka::name_of(error));
  return what == What::timed_out ? "REQUEST_TIMED_OUT" : "";
}

std::string Failure::where() const {
  if (broker.host.empty()) return "";
  if (broker.id < 0) return "broker at " + broker.address();
  return "broker " + std::to_string(broker.id) + " at " + broker.address();
}

std::string Failure::text() const {
  const auto sentence = [&]() -> std::string {
    if (!message.empty()) return message;
    switch (what) {
      case What::refused:
        return std::string(kafka::text_of(error));
      case What::unreachable:
        return "no broker could be reached";
      case What::lost:
        return "the connection broke before the answer came";
      case What::timed_out:
        return "no answer in time";
      case What::unsupported:
        return "the broker does not support this request";
      case What::malformed:
        return "the broker's answer cannot be understood";
      case What::stopped:
        return "stopped";
    }
    return "";
  };
  std::string text = target.empty() ? sentence() : target + ": " + sentence();
  const std::string kafka = name(), at = where();
  if (kafka.empty() && at.empty()) return text;
  return text + " (" + kafka + (kafka.empty() || at.empty() ? "" : ", ") + at + ")";
}

Failure refused(kafka::Error error, Broker by, std::string target, std::string message) {
  Failure failure;
  failure.error = error;
  failure.broker = std::move(by);
  failure.target = std::move(target);
  failure.message = std::move(message);
  return failure;
}

}  // namespace mq::client
