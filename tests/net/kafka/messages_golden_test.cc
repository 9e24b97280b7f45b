// SPDX-License-Identifier: Apache-2.0
// Every message and version we serve, against bytes that Kafka's own serializer wrote.
#include <gtest/gtest.h>

#include "net/kafka/messages/every.h"
#include "net/kafka/print.h"
#include "tests/net/kafka/golden.h"
#include "tests/net/kafka/json_of.h"

namespace mq::kafka {

namespace {

namespace json = boost::json;

struct Vector {
  std::string name;
  Version version;
  json::value value;
  Bytes bytes;
  bool encodes;  // false: carries tags that nobody knows, which we read but do not keep
};

Vector vector_of(const json::object& from) {
  const auto* name = from.if_contains("name");
  const auto* kind = from.if_contains("kind");
  const std::string text(name ? name->as_string() : kind->as_string());
  return {text, static_cast<Version>(from.at("version").as_int64()), from.at("json_value"),
          golden::bytes_of_hex(from.at("hex").as_string()), text.find("unknown") == text.npos};
}

template <class M>
std::vector<Vector> vectors_of() {
  std::vector<Vector> out;
  const auto add = [&](const json::value& list) {
    for (const auto& entry : list.as_array())
      if (Describe<M>::valid.has(static_cast<Version>(entry.at("version").as_int64())))
        out.push_back(vector_of(entry.as_object()));
  };
  const std::string name(Describe<M>::name);
  for (const auto& file : std::filesystem::directory_iterator(golden::folder() / "vectors" / name))
    add(golden::load(file.path()).at("vectors"));
  add(golden::load(golden::folder() / "vectors-populated" / (name + ".json")));
  return out;
}

// A fetch response's records are never null on our side, so such a one does not come back as it was.
bool has_null_records(const json::value& value) {
  if (const auto* array = value.if_array()) return std::ranges::any_of(*array, has_null_records);
  const auto* object = value.if_object();
  if (!object) return false;
  const auto* records = object->if_contains("records");
  if (records && records->is_null()) return true;
  return std::ranges::any_of(*object, [](const auto& entry) { return has_null_records(entry.value()); });
}

// What a value says of a field that is not there.
bool is_absent(const json::value& value) {
  return value.is_null() || value == json::value(-1);
}

// Numbers of JSON may come as signed or unsigned; ours are signed. Theirs may name the fields of newer
// versions.
bool same(const json::value& ours, const json::value& theirs) {
  if (ours.is_int64() && theirs.is_number()) return ours.as_int64() == theirs.to_number<std::int64_t>();
  if (ours.is_array() && theirs.is_array())
    return std::ranges::equal(ours.as_array(), theirs.as_array(), same);
  if (!ours.is_object() || !theirs.is_object()) return ours == theirs;
  const auto& left = ours.as_object();
  const auto& right = theirs.as_object();
  for (const auto& [key, value] : left)
    if (const auto* other = right.if_contains(key); !other || !same(value, *other)) return false;
  return std::ranges::all_of(
      right, [&](const auto& entry) { return left.contains(entry.key()) || is_absent(entry.value()); });
}

template <class M>
class Golden : public testing::Test {};

struct Names {
  template <class M>
  static std::string GetName(int) {
    return std::string(Describe<M>::name);
  }
};

template <class... M>
testing::Types<M...> types_of(Messages<M...>);
TYPED_TEST_SUITE(Golden, decltype(types_of(EveryMessage{})), Names);

TYPED_TEST(Golden, BytesDecodeToTheirValuesAndEncodeBackToThemselves) {
  MQ_NEEDS_GOLDEN_BYTES();
  Versions seen{INT16_MAX, 0};
  for (const Vector& vector : vectors_of<TypeParam>()) {
    SCOPED_TRACE(vector.name + " v" + std::to_string(vector.version));
    seen = {std::min(seen.first, vector.version), std::max(seen.last, vector.version)};
    const auto message = decode<TypeParam>(vector.bytes, vector.version);
    ASSERT_TRUE(message);
    const auto ours = golden::json_of(*message, vector.version);
    EXPECT_TRUE(same(ours, vector.value)) << "ours   " << ours << "\ntheirs " << vector.value;
    EXPECT_EQ(size(*message, vector.version), encode(*message, vector.version).size());

    const bool rewritten = Describe<TypeParam>::name == "FetchResponse" && has_null_records(vector.value);
    if (!vector.encodes || rewritten) continue;
    EXPECT_EQ(golden::hex_of(encode(*message, vector.version)), golden::hex_of(vector.bytes));
  }
  EXPECT_EQ(seen, Describe<TypeParam>::valid) << "a version has no golden bytes";
}

TYPED_TEST(Golden, BytesCutOffAnywhereAreAnError) {
  MQ_NEEDS_GOLDEN_BYTES();
  for (const Vector& vector : vectors_of<TypeParam>()) {
    if (vector.name != "full" && vector.name != "nulls") continue;
    for (std::size_t n = 0; n < vector.bytes.size(); n++) {
      const Bytes cut(vector.bytes.begin(), vector.bytes.begin() + static_cast<std::ptrdiff_t>(n));
      ASSERT_FALSE(decode<TypeParam>(cut, vector.version))
          << "v" << vector.version << " after " << n << " bytes";
    }
  }
}

TYPED_TEST(Golden, BytesChangedAnywhereNeverBreakTheReader) {
  MQ_NEEDS_GOLDEN_BYTES();
  for (Vector& vector : vectors_of<TypeParam>()) {
    if (vector.name != "full") continue;
    for (std::byte& changed : vector.bytes) {
      const std::byte before = changed;
      for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
        changed = static_cast<std::byte>(value);
        const auto message = decode<TypeParam>(vector.bytes, vector.version);
        if (!message) continue;
        EXPECT_EQ(size(*message, vector.version), encode(*message, vector.version).size());
      }
      changed = before;
    }
  }
}

TYPED_TEST(Golden, MessagesPrintWithEveryFieldsName) {
  std::ostringstream text;
  print(text, TypeParam{});
  each_field<TypeParam>([&](const auto& f) { EXPECT_NE(text.str().find(f.name), std::string::npos); });
}

}  // namespace

}  // namespace mq::kafka
