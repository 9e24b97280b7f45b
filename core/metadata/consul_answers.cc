// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>

#include "core/base64.h"
#include "core/metadata/consul_wire.h"

namespace mq::core {

namespace {

namespace json = boost::json;

constexpr std::size_t told_bytes_max = 300;  // of what Consul says, for people

const json::value* member_in(const json::value& from, const char* name) {
  return from.is_object() ? from.get_object().if_contains(name) : nullptr;
}

std::int64_t number_in(const json::value& from, const char* name) {
  const json::value* value = member_in(from, name);
  if (!value) return 0;
  if (value->is_int64()) return value->get_int64();
  return value->is_uint64() ? static_cast<std::int64_t>(value->get_uint64()) : 0;
}

std::string_view text_in(const json::value& from, const char* name) {
  const json::value* value = member_in(from, name);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

const json::array& array_in(const json::value& from, const char* name) {
  static const json::array none;
  const json::value* value = member_in(from, name);
  return value && value->is_array() ? value->get_array() : none;
}

bool says(std::string_view text, std::string_view words) {
  return text.find(words) != text.npos;
}

// Older versions say so with 500, and transactions with 409.
bool is_of_acls(std::string_view text) {
  return says(text, "ermission denied") || says(text, "ACL not found") || says(text, "ACL support disabled");
}

std::string told(std::string_view text) {
  std::string said(text.substr(0, told_bytes_max));
  while (!said.empty() && (said.back() == '\n' || said.back() == '.')) said.pop_back();
  for (char& letter : said)
    if (static_cast<unsigned char>(letter) < ' ') letter = ' ';
  return said;
}

ConsulAnswer not_allowed(std::string_view text) {
  return {ConsulVerdict::refused, "Consul does not allow it to this token: " + told(text)};
}

// A transaction that was rolled back.
ConsulAnswer rolled_back(json::value body) {
  ConsulAnswer answer{ConsulVerdict::conflict};
  for (const json::value& error : array_in(body, "Errors")) {
    const std::string_view what = text_in(error, "What");
    if (is_of_acls(what)) return not_allowed(what);
    if (says(what, "invalid session")) return {ConsulVerdict::no_session, told(what)};
    if (says(what, "unknown KV verb")) return {ConsulVerdict::refused, "Consul says: " + told(what)};
    answer.failed.push_back(static_cast<std::size_t>(number_in(error, "OpIndex")));
    if (answer.why.empty()) answer.why = told(what);
  }
  if (answer.failed.empty()) return {ConsulVerdict::unknown, "a conflict without a reason"};
  answer.body = std::move(body);
  return answer;
}

}  // namespace

ConsulAnswer parse_consul_answer(unsigned status, std::string_view text) {
  if (status == 200 || status == 409) {
    error_code error;
    json::value body = json::parse(json::string_view(text.data(), text.size()), error);
    if (error) return {ConsulVerdict::unknown, "no answer of Consul's"};
    if (status == 409) return rolled_back(std::move(body));
    return {ConsulVerdict::ok, {}, std::move(body)};
  }
  const std::string said = "Consul says: " + (text.empty() ? "status " + std::to_string(status) : told(text));
  if (status == 403 || (status == 500 && is_of_acls(text))) return not_allowed(text);
  if (status == 404) return {ConsulVerdict::nothing, said};
  if (status == 413) return {ConsulVerdict::refused, "too large for Consul (txn_max_req_len): " + told(text)};
  if (status == 500 && says(text, "No cluster leader"))
    return {ConsulVerdict::unknown, "Consul has no leader"};
  if (status == 400 || status == 405) return {ConsulVerdict::refused, said};
  return {ConsulVerdict::unknown, said};
}

ConsulEntries entries_of(const json::value& answer, const ConsulRequests& requests) {
  ConsulEntries entries;
  const json::array& all = answer.is_array() ? answer.get_array() : array_in(answer, "Results");
  for (const json::value& one : all) {
    const json::value* in_txn = member_in(one, "KV");
    const json::value& kv = in_txn ? *in_txn : one;
    const auto key = requests.key_of(text_in(kv, "Key"));
    auto value = from_base64(text_in(kv, "Value"));
    if (!key || !value) continue;
    entries[*key] = {{std::move(*value), number_in(kv, "ModifyIndex")}, std::string(text_in(kv, "Session"))};
  }
  return entries;
}

std::map<std::size_t, std::int64_t> written_by(const json::value& answer, const ConsulRequests& requests) {
  std::map<std::size_t, std::int64_t> written;
  for (const json::value& one : array_in(answer, "Results")) {
    const json::value* kv = member_in(one, "KV");
    const auto key = kv ? requests.key_of(text_in(*kv, "Key")) : std::nullopt;
    if (!key) continue;
    std::int64_t& index = written[ConsulRequests::area_of(*key)];
    index = std::max(index, number_in(*kv, "ModifyIndex"));
  }
  return written;
}

}  // namespace mq::core
