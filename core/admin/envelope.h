// SPDX-License-Identifier: Apache-2.0
// A record as one JSON object: what `consume -o json` writes and `produce --input json` reads, byte for byte
// the same record. Bytes that are no UTF-8 travel as base64 in a field of another name. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/admin/record.h"

namespace mq::admin {

struct Envelope {
  enum class Level { min, normal, full };
  Level level = Level::normal;
  bool meta_only = false;   // no value, its size instead
  bool json_value = false;  // a value that is JSON is embedded as such
  bool json_key = false;

  void write(std::string& to, const Record& record) const;  // without a newline behind it
};

// Fills `record` with views into `decoded`. What is wrong with the line, or "": a field that nobody knows is,
// and so is a value that is not there. What kcat -J and rpk print is read as well, where it can be nothing
// else.
std::string read_envelope(std::string_view line, Record& record, Decoded& decoded);

}  // namespace mq::admin
