// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/records.h"

#include <boost/describe.hpp>
#include <boost/json.hpp>

#include "net/kafka/uuid.h"
#include "storage/error.h"

namespace mq::core {

BOOST_DESCRIBE_STRUCT(TopicRecord, (), (id, partitions, configs))

std::string to_json(const TopicRecord& record) {
  return boost::json::serialize(boost::json::value_from(record));
}

Result<TopicRecord> parse_topic(std::string_view json) {
  error_code error;
  const auto value = boost::json::parse(boost::json::string_view(json.data(), json.size()), error);
  if (error) return make_error_code(storage::Errc::corrupt);
  auto record = boost::json::try_value_to<TopicRecord>(value);
  if (!record) return make_error_code(storage::Errc::corrupt);
  return std::move(*record);
}

Uuid random_uuid(const Clock& clock) {
  for (;;) {
    Uuid id;
    for (std::size_t i = 0; i < id.size(); i += 8) {
      const std::uint64_t bits = clock.random();
      for (std::size_t k = 0; k < 8; k++) id[i + k] = static_cast<std::byte>(bits >> 8 * k);
    }
    id[6] = (id[6] & std::byte{0x0f}) | std::byte{0x40};  // RFC 9562, version 4
    id[8] = (id[8] & std::byte{0x3f}) | std::byte{0x80};
    if (kafka::text_of(id).front() != '-') return id;
  }
}

}  // namespace mq::core
