// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"

#include <spdlog/spdlog.h>

#include "net/error.h"
#include "storage/error.h"

namespace mq::core {

namespace {

kafka::Error from_storage(storage::Errc error) {
  switch (error) {
    case storage::Errc::corrupt:
      return kafka::Error::corrupt_message;
    case storage::Errc::offset_out_of_range:
      return kafka::Error::offset_out_of_range;
    default:
      return kafka::Error::kafka_storage_error;
  }
}

}  // namespace

kafka::Error to_kafka(error_code error) {
  if (!error) return kafka::Error::none;
  if (error.category() == kafka::make_error_code(kafka::Error::none).category())
    return static_cast<kafka::Error>(error.value());
  if (error.category() == storage::make_error_code(storage::Errc::io).category())
    return from_storage(static_cast<storage::Errc>(error.value()));
  if (error == asio::error::timed_out) return kafka::Error::request_timed_out;
  spdlog::error("unexpected error: {} ({})", error.message(), error.category().name());
  return kafka::Error::unknown_server_error;
}

}  // namespace mq::core
