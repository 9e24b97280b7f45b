// SPDX-License-Identifier: Apache-2.0
// Reading the envelope, and what kcat -J and rpk topic consume print when it can be nothing else. A field
// that is not understood is a mistake, never an absent one: a misspelt "value" would write a tombstone.
#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <span>
#include <vector>

#include "core/admin/envelope.h"
#include "core/admin/position.h"
#include "core/admin/text.h"
#include "core/admin/usage_error.h"

namespace mq::admin {
namespace {

namespace json = boost::json;

enum class Origin { envelope, kcat, rpk };
using Fields = std::span<const std::string_view>;

constexpr std::string_view envelope_fields[] = {
    "topic",       "partition",      "offset",      "timestamp",     "ts",      "timestamp_type",
    "key",         "key_b64",        "value",       "value_b64",     "headers", "leader_epoch",
    "producer_id", "producer_epoch", "sequence",    "transactional", "control", "compression",
    "key_size",    "value_size",     "batch_offset"};
constexpr std::string_view kcat_fields[] = {"topic",  "partition", "offset", "tstype", "ts",
                                            "broker", "headers",   "key",    "payload"};
constexpr std::string_view rpk_fields[] = {"topic",   "key",       "value",     "value_size",
                                           "headers", "timestamp", "partition", "offset"};
constexpr std::string_view header_fields[] = {"key", "key_b64", "value", "value_b64"};

json::string_view json_name(std::string_view name) {
  return {name.data(), name.size()};
}

bool is_among(Fields fields, std::string_view name) {
  return std::ranges::find(fields, name) != fields.end();
}

// The first member that is none of these.
const json::key_value_pair* stranger(const json::object& object, Fields fields) {
  const auto found = std::find_if(object.begin(), object.end(), [&](const auto& member) {
    return !is_among(fields, std::string_view(member.key()));
  });
  return found == object.end() ? nullptr : &*found;
}

bool has_all(const json::object& object, std::initializer_list<std::string_view> names) {
  return std::ranges::all_of(names, [&](std::string_view name) { return object.contains(json_name(name)); });
}

Origin origin_of(const json::object& object) {
  if (!has_all(object, {"topic", "partition", "offset"})) return Origin::envelope;
  if (has_all(object, {"key", "payload"}) && !stranger(object, kcat_fields)) return Origin::kcat;
  const json::value* time = object.if_contains("timestamp");
  const bool rpk = time && time->is_int64() && !stranger(object, rpk_fields);
  return rpk ? Origin::rpk : Origin::envelope;
}

std::string no_such_field(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string_view near = core::closest(lower, {std::begin(envelope_fields), std::end(envelope_fields)});
  if (name == "payload") near = "value";
  std::string text = in_quotes(name) + " is no field of a record";
  if (!near.empty()) text += "; did you mean " + in_quotes(near) + "?";
  return text;
}

class EnvelopeReader {
 public:
  EnvelopeReader(std::string_view line, const json::object& object, Record& record, Decoded& decoded)
      : object_(object),
        written_(values_in_json(line)),
        origin_(origin_of(object)),
        record_(record),
        decoded_(decoded) {}

  // What is wrong, or "".
  std::string read() {
    const bool understood =
        fields() && bytes("key", record_.key) && value() && headers() && time() && place();
    return understood ? "" : wrong_;
  }

 private:
  bool fail(std::string why) {
    wrong_ = std::move(why);
    return false;
  }

  const json::value* find(std::string_view name) const { return object_.if_contains(json_name(name)); }

  bool fields() {
    if (written_.size() != object_.size()) return fail("a field stands twice in it");
    if (origin_ != Origin::envelope) return true;
    if (const auto* other = stranger(object_, envelope_fields))
      return fail(no_such_field(std::string_view(other->key())));
    const json::value* control = find("control");
    if (control && control->is_bool() && control->get_bool())
      return fail("a control record, which only a broker writes");
    return true;
  }

  bool value() {
    if (origin_ == Origin::kcat) return bytes("payload", record_.value);
    if (find("value") || find("value_b64")) return bytes("value", record_.value);
    return fail(find("value_size") ? "there is no \"value\" in it, only its size"
                                   : "there is no \"value\" in it; a tombstone says \"value\":null");
  }

  // Takes what `name` or `name_b64` says. What is JSON itself stays as it was written, less the blanks.
  bool bytes(std::string_view name, std::optional<std::string_view>& to) {
    if (find(name) && find(std::string(name) + "_b64"))
      return fail(in_quotes(name) + " and \"" + std::string(name) + "_b64\" exclude each other");
    const json::value* value = find(name);
    if (!value || value->is_string()) return text(object_, name, to);
    if (value->is_null()) return true;
    const auto at = static_cast<std::size_t>(object_.find(json_name(name)) - object_.begin());
    std::string& compact = decoded_.emplace_back();
    append_compact_json(compact, written_[at]);
    to = compact;
    return true;
  }

  // A string, base64 or null.
  bool text(const json::object& object, std::string_view name, std::optional<std::string_view>& to) {
    const std::string packed_name = std::string(name) + "_b64";
    if (const json::value* packed = object.if_contains(packed_name)) {
      auto raw = packed->is_string() ? from_base64(std::string_view(packed->get_string())) : std::nullopt;
      if (!raw) return fail(in_quotes(packed_name) + " is not base64");
      to = decoded_.emplace_back(std::move(*raw));
      return true;
    }
    const json::value* value = object.if_contains(json_name(name));
    if (!value || value->is_null()) return true;
    if (!value->is_string()) return fail(in_quotes(name) + " is not a string");
    to = decoded_.emplace_back(value->get_string());
    return true;
  }

  bool headers() {
    const json::value* list = find("headers");
    if (!list || list->is_null()) return true;
    const bool pairs = origin_ == Origin::kcat;  // name, value, name, value
    if (!list->is_array() || (pairs && list->get_array().size() % 2 != 0)) return fail(no_headers());
    const json::array& all = list->get_array();
    for (std::size_t i = 0; i < all.size(); i += pairs ? 2 : 1)
      if (!(pairs ? header(all[i], all[i + 1]) : header(all[i]))) return fail(no_headers());
    return true;
  }

  bool header(const json::value& name, const json::value& value) {
    if (!name.is_string() || !(value.is_string() || value.is_null())) return false;
    RecordHeader& one = record_.headers.emplace_back();
    one.key = decoded_.emplace_back(name.get_string());
    if (value.is_string()) one.value = decoded_.emplace_back(value.get_string());
    return true;
  }

  bool header(const json::value& value) {
    const json::object* one = value.if_object();
    if (!one || stranger(*one, header_fields)) return false;
    const bool valued = one->contains("value") != one->contains("value_b64");  // not both, and not neither
    const bool named = one->contains("key") != one->contains("key_b64");
    std::optional<std::string_view> key;
    RecordHeader read;
    if (!valued || !named || !text(*one, "key", key) || !key || !text(*one, "value", read.value))
      return false;
    read.key = *key;
    record_.headers.push_back(read);
    return true;
  }

  std::string no_headers() const {
    return origin_ == Origin::kcat ? "\"headers\" is not an array of names and values"
                                   : "\"headers\" is not an array of {\"key\", \"value\"}";
  }

  bool time() {
    const json::value* ms = origin_ == Origin::rpk ? find("timestamp") : find("ts");
    if (ms && !ms->is_null() && !milliseconds(*ms)) return false;
    const json::value* text = find("timestamp");
    if (origin_ == Origin::rpk || !text || text->is_null()) return true;
    if (text->is_number()) return fail("\"timestamp\" is a number; milliseconds are called \"ts\"");
    if (!text->is_string()) return fail("\"timestamp\" is not RFC 3339");
    return written_time(std::string_view(text->get_string()));
  }

  bool milliseconds(const json::value& ms) {
    if (!ms.is_int64()) return fail("\"ts\" is not a number of milliseconds");
    if (ms.get_int64() < -1) return fail("a time before 1970");
    record_.timestamp = ms.get_int64();
    return true;
  }

  bool written_time(std::string_view text) {
    std::string same;
    if (record_.timestamp >= 0) append_iso_time(same, record_.timestamp);
    if (same == text) return true;
    const auto at = parse_time(text, Now::here(true));
    if (!at) return fail("\"timestamp\" is not RFC 3339");
    if (*at < 0) return fail("a time before 1970");
    if (record_.timestamp >= 0 && record_.timestamp != *at)
      return fail("\"ts\" and \"timestamp\" are two different times");
    record_.timestamp = *at;
    return true;
  }

  bool place() {
    const json::value* partition = find("partition");
    if (partition && !partition->is_null()) {
      const bool number =
          partition->is_int64() && partition->get_int64() >= 0 && partition->get_int64() <= INT32_MAX;
      if (!number) return fail("\"partition\" is not the number of a partition");
      record_.partition = static_cast<std::int32_t>(partition->get_int64());
    }
    const json::value* topic = find("topic");
    if (!topic || topic->is_null()) return true;
    if (!topic->is_string()) return fail("\"topic\" is not a string");
    record_.topic = decoded_.emplace_back(topic->get_string());
    return true;
  }

  const json::object& object_;
  const std::vector<std::string_view> written_;
  const Origin origin_;
  Record& record_;
  Decoded& decoded_;
  std::string wrong_;
};

}  // namespace

std::string read_envelope(std::string_view line, Record& record, Decoded& decoded) {
  decoded.clear();
  record = {};
  json::error_code error;
  json::monotonic_resource memory;
  const auto value = json::parse(json_name(line), error, &memory);
  if (error) return "not JSON: " + error.message();
  if (!value.is_object()) return "not a JSON object";
  return EnvelopeReader(line, value.get_object(), record, decoded).read();
}

}  // namespace mq::admin
