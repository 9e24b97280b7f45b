// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <charconv>

#include "core/base64.h"
#include "core/metadata/etcd_wire.h"

namespace mq::core {

namespace {

namespace json = boost::json;

// Of gRPC, as the gateway tells them; etcd's own words for them differ from version to version.
enum class GrpcCode {
  invalid_argument = 3,
  not_found = 5,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  out_of_range = 11,
  unimplemented = 12,
  unauthenticated = 16,
};

std::optional<json::object> object_in(std::string_view text) {
  error_code error;
  auto value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

const json::value* member_of(const json::object& from, std::string_view name) {
  return from.if_contains(json::string_view(name.data(), name.size()));
}

EtcdVerdict verdict_of(std::int64_t code, std::string_view message) {
  const auto says = [&](std::string_view words) { return message.find(words) != message.npos; };
  if (says("user name is empty") || says("invalid auth token") || says("revision of auth store is old"))
    return EtcdVerdict::token_wanted;
  if (says("authentication is not enabled")) return EtcdVerdict::auth_is_off;
  if (says("requested lease not found")) return EtcdVerdict::no_lease;
  switch (static_cast<GrpcCode>(code)) {
    case GrpcCode::unauthenticated:
      return EtcdVerdict::token_wanted;
    case GrpcCode::out_of_range:
      return EtcdVerdict::compacted;
    case GrpcCode::resource_exhausted:
      return says("too many requests") ? EtcdVerdict::unknown : EtcdVerdict::refused;
    case GrpcCode::unimplemented:
      return EtcdVerdict::no_gateway;
    case GrpcCode::invalid_argument:
    case GrpcCode::not_found:
    case GrpcCode::permission_denied:
    case GrpcCode::failed_precondition:
      return EtcdVerdict::refused;
  }
  return EtcdVerdict::unknown;
}

std::string sentence_of(std::int64_t code, std::string_view message) {
  if (message.find("database space exceeded") != message.npos)
    return "etcd's database is full (NOSPACE): compact and defragment it, then disarm the alarm";
  if (message.find("too large") != message.npos || message.find("larger than max") != message.npos)
    return "too large for etcd (--max-request-bytes): " + std::string(message);
  if (static_cast<GrpcCode>(code) == GrpcCode::permission_denied)
    return "etcd does not allow it to this user: " + std::string(message);
  return "etcd says: " + std::string(message);
}

// {"error":"…","message":"…","code":3}, or the same as an object in "error", with "grpc_code".
EtcdAnswer failure_of(const json::object& body) {
  const json::object& inner = object_of(body, "error");
  const json::object& from = inner.empty() ? body : inner;
  const std::int64_t code = number_of(from, inner.empty() ? "code" : "grpc_code");
  std::string_view message = text_of(from, "message");
  if (message.empty()) message = text_of(from, "error");
  return {verdict_of(code, message), sentence_of(code, message), {}};
}

EtcdAnswer failure_without_words(unsigned status) {
  const std::string why = "HTTP status " + std::to_string(status) + " without etcd's JSON";
  switch (status) {
    case 404:
      return {EtcdVerdict::no_gateway,
              "etcd's JSON gateway is switched off (--enable-grpc-gateway), or it is not etcd",
              {}};
    case 401:
      return {EtcdVerdict::token_wanted, why, {}};
    case 403:
    case 413:
      return {EtcdVerdict::refused, why, {}};
    default:
      return {EtcdVerdict::unknown, why, {}};
  }
}

}  // namespace

EtcdAnswer parse_answer(unsigned status, std::string_view body) {
  std::optional<json::object> object = object_in(body);
  if (status == 200 && object) {
    if (member_of(*object, "error")) return failure_of(*object);
    if (const json::object& result = object_of(*object, "result"); !result.empty())
      return {EtcdVerdict::ok, {}, result};  // of a call that could stream
    return {EtcdVerdict::ok, {}, std::move(*object)};
  }
  if (status == 200) return {EtcdVerdict::unknown, "the answer is not etcd's JSON", {}};
  if (object && (member_of(*object, "code") || member_of(*object, "error"))) return failure_of(*object);
  return failure_without_words(status);
}

std::int64_t number_of(const json::object& from, std::string_view name) {
  const json::value* value = member_of(from, name);
  if (!value) return 0;
  if (value->is_int64()) return value->get_int64();
  if (!value->is_string()) return 0;
  const json::string& text = value->get_string();
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string_view text_of(const json::object& from, std::string_view name) {
  const json::value* value = member_of(from, name);
  if (!value || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

const json::object& object_of(const json::object& from, std::string_view name) {
  static const json::object none;
  const json::value* value = member_of(from, name);
  return value && value->is_object() ? value->get_object() : none;
}

const json::array& array_of(const json::object& from, std::string_view name) {
  static const json::array none;
  const json::value* value = member_of(from, name);
  return value && value->is_array() ? value->get_array() : none;
}

EtcdHeader header_of(const json::object& answer) {
  const json::object& header = object_of(answer, "header");
  return {std::string(text_of(header, "cluster_id")), number_of(header, "revision")};
}

MetadataEntry entry_of(const json::object& kv) {
  return {from_base64(text_of(kv, "value")).value_or(""), number_of(kv, "mod_revision")};
}

EtcdPage page_of(const json::object& answer, const EtcdRequests& requests) {
  EtcdPage page;
  page.revision = header_of(answer).revision;
  for (const json::value& kv : array_of(answer, "kvs")) {
    if (!kv.is_object()) continue;
    const auto key = requests.key_of(kv.get_object());
    if (!key) continue;
    page.last = *key;
    page.entries.emplace_hint(page.entries.end(), *key, entry_of(kv.get_object()));
  }
  const json::value* more = member_of(answer, "more");
  page.more = more && more->is_bool() && more->get_bool() && !page.entries.empty();
  return page;
}

Committed committed_of(const json::object& answer, const MetadataChange& change) {
  Committed committed;
  committed.revision = header_of(answer).revision;
  const json::value* succeeded = member_of(answer, "succeeded");
  if (succeeded && succeeded->is_bool() && succeeded->get_bool()) {
    committed.outcome = Committed::Outcome::done;
    return committed;
  }
  committed.outcome = Committed::Outcome::conflict;
  committed.revision = 0;
  committed.why = "it was changed meanwhile";
  const json::array& responses = array_of(answer, "responses");
  std::size_t at = 0;
  for (const Guard& guard : change.guards) {
    if (committed.found.contains(guard.key)) continue;
    if (at == responses.size() || !responses[at].is_object()) break;
    const json::array& kvs = array_of(object_of(responses[at++].get_object(), "response_range"), "kvs");
    std::optional<MetadataEntry>& found = committed.found[guard.key];
    if (!kvs.empty() && kvs[0].is_object()) found = entry_of(kvs[0].get_object());
  }
  return committed;
}

EtcdEvents parse_events(std::string_view message, const EtcdRequests& requests) {
  EtcdEvents events;
  const std::optional<json::object> whole = object_in(message);
  if (!whole) return {EtcdEvents::Kind::again, "the answer is not etcd's JSON"};
  if (member_of(*whole, "error") || member_of(*whole, "code")) {
    EtcdAnswer failure = failure_of(*whole);
    const bool unallowed = failure.verdict == EtcdVerdict::token_wanted;
    return {unallowed ? EtcdEvents::Kind::unallowed : EtcdEvents::Kind::again, std::move(failure.why)};
  }
  const json::object& result = object_of(*whole, "result");
  if (result.empty()) return {EtcdEvents::Kind::again, "the answer is not a watch's"};
  events.header = header_of(result);
  if (member_of(result, "canceled")) {
    const std::string reason(text_of(result, "cancel_reason"));
    const bool compacted = number_of(result, "compact_revision") > 0;
    const bool denied = !compacted && !reason.empty();
    events.kind = compacted ? EtcdEvents::Kind::compacted
                  : denied  ? EtcdEvents::Kind::unallowed
                            : EtcdEvents::Kind::again;
    events.why = compacted ? "compacted" : reason;
    return events;
  }
  for (const json::value& event : array_of(result, "events")) {
    if (!event.is_object()) continue;
    const json::object& kv = object_of(event.get_object(), "kv");
    auto key = requests.key_of(kv);
    if (!key) continue;
    EtcdEvents::Event& made = events.events.emplace_back();
    made.key = std::move(*key);
    made.version = number_of(kv, "mod_revision");
    if (text_of(event.get_object(), "type") != "DELETE") made.entry = entry_of(kv);
  }
  return events;
}

}  // namespace mq::core
