// SPDX-License-Identifier: Apache-2.0
// Any text as a condition on a record, and any bytes as that record: reading it ends with a condition or with
// what is wrong and where, and a record is like it or like its opposite. Input: the condition, a NUL, the
// value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/admin/filter.h"
#include "core/admin/text.h"
#include "core/admin/usage_error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mq::admin;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\0');
  const std::string_view text = input.substr(0, end);
  Record record;
  record.topic = "orders", record.partition = 2, record.offset = 17, record.timestamp = 1'795'352'659'123;
  record.key = "eu-42", record.headers = {{"trace", "ab"}};
  if (end != input.npos) record.value = input.substr(end + 1);
  try {
    FilterTexts texts;
    texts.where = {std::string(text)};
    const bool is_like = Filter(texts).matches(record);
    texts.invert = true;
    if (Filter(texts).matches(record) == is_like) std::abort();
  } catch (const UsageError& error) {
    const std::string_view why = error.what();
    if (!why.starts_with("where: ") && !why.ends_with("too large together")) std::abort();
    if (has_controls(why) || !valid_utf8(why)) std::abort();
  }
  try {
    FilterTexts texts;
    texts.grep = texts.key = texts.header = {std::string(text)};
    Filter(texts).matches(record);
  } catch (const UsageError&) {
  }
  return 0;
}
