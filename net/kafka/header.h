// SPDX-License-Identifier: Apache-2.0
// What stands before a message in its frame. Pure functions, any thread.
#pragma once

#include "net/kafka/api.h"

namespace mq::kafka {

struct RequestHeader {
  std::int16_t api_key = 0;
  Version api_version = 0;
  std::int32_t correlation_id = 0;
  std::optional<std::string> client_id;  // empty too where the header's shape is not known
  const Api* api = nullptr;              // null: a key we do not know
  std::size_t body_at = 0;               // where the message begins in the frame
};

// `frame`: a request without its length. Of an unknown key, or a version outside of `api->valid`, only the
// first three fields are read: what follows may have any shape. (ApiVersions is answered even then.) An
// error: the frame is broken.
net::Result<RequestHeader> parse_request_header(net::Bytes frame);

// Of a request without its length; nothing where it is too short for one.
std::optional<std::int16_t> request_key(net::Bytes frame);

struct ResponseHeader {
  std::int32_t correlation_id = 0;
  std::size_t body_at = 0;
};

// `frame`: the answer, without its length, to a request of this key and version.
net::Result<ResponseHeader> parse_response_header(net::Bytes frame, std::int16_t api_key, Version version);

}  // namespace mq::kafka
