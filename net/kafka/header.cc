// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/header.h"

#include "net/kafka/codec_definitions.h"

namespace mq::kafka {

namespace {

constexpr std::int16_t api_versions = 18;

const auto broken = make_error_code(boost::system::errc::bad_message);

constexpr std::size_t tags_max = 1000;  // nobody sends any; and each takes its time

void skip_tags(wire::Reader& from) {
  for (auto count = wire::get_varint(from); count > 0 && from.spend(1) && from.ok(); --count) {
    wire::get_varint(from);
    const auto size = wire::get_varint(from);
    from.bytes(size);
  }
}

}  // namespace

net::Result<RequestHeader> parse_request_header(net::Bytes frame) {
  wire::Reader reader(frame, tags_max);
  RequestHeader header;
  header.api_key = wire::get_fixed<std::int16_t>(reader);
  header.api_version = wire::get_fixed<Version>(reader);
  header.correlation_id = wire::get_fixed<std::int32_t>(reader);
  header.api = find_api(header.api_key);
  if (header.api && header.api->valid.has(header.api_version)) {
    wire::get(reader, wire::Format{header.api_version, false}, header.client_id);
    if (header.api->flexible.has(header.api_version)) skip_tags(reader);
  }
  if (!reader.ok()) return broken;
  header.body_at = frame.size() - reader.left();
  return header;
}

std::optional<std::int16_t> request_key(net::Bytes frame) {
  wire::Reader reader(frame);
  const auto key = wire::get_fixed<std::int16_t>(reader);
  return reader.ok() ? std::optional(key) : std::nullopt;
}

net::Result<ResponseHeader> parse_response_header(net::Bytes frame, std::int16_t api_key, Version version) {
  const Api* api = find_api(api_key);
  wire::Reader reader(frame, tags_max);
  ResponseHeader header;
  header.correlation_id = wire::get_fixed<std::int32_t>(reader);
  if (api && api->flexible.has(version) && api_key != api_versions) skip_tags(reader);
  if (!reader.ok()) return broken;
  header.body_at = frame.size() - reader.left();
  return header;
}

}  // namespace mq::kafka
