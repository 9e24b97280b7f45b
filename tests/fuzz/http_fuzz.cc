// SPDX-License-Identifier: Apache-2.0
// Any bytes as the target of a request, and as a line of NDJSON: taken apart, found among the routes, refused
// or not, without a fault. What is encoded again is the same.
#include <cstdlib>
#include <string>

#include "core/admin/envelope.h"
#include "core/http/guard.h"
#include "core/http/routes.h"
#include "net/http/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto target = mq::net::http::parse_target(text)) {
    std::string again = "/";
    for (const std::string& segment : target->path) again += mq::net::http::percent_encoded(segment) + "/";
    const auto same = mq::net::http::parse_target(again);
    if (!same || same->path != target->path) std::abort();
    for (const char* method : {"GET", "POST", "DELETE"}) {
      const auto match = mq::http::find_route(method, target->path);
      if (match.route && match.allowed.empty()) std::abort();
    }
  }
  mq::net::http::RequestHead head;
  const std::size_t third = size / 3;
  head.fields.set("Host", std::string(text.substr(0, third)));
  head.fields.set("Origin", std::string(text.substr(third, third)));
  head.fields.set("Content-Type", std::string(text.substr(2 * third)));
  const mq::http::GuardRules rules{{"mq.example"}, false};
  const auto refused = mq::http::refusal(head, {.changes = true}, rules);
  if (refused && (refused->status < 400 || refused->detail.empty())) std::abort();
  mq::admin::Record record;
  mq::admin::Decoded decoded;
  if (mq::admin::read_envelope(text, record, decoded).empty()) {
    record.topic = "t", record.partition = 0, record.offset = 0,
    record.timestamp = 0;  // it was read somewhere
    std::string written;
    mq::admin::Envelope{}.write(written, record);
    mq::admin::Record again;
    mq::admin::Decoded decoded_again;
    if (!mq::admin::read_envelope(written, again, decoded_again).empty() || again.value != record.value)
      std::abort();
  }
  return 0;
}
