// SPDX-License-Identifier: Apache-2.0
// What an expression is when it has been read: nodes that know each other by number. Data only; of
// expression.h alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/admin/decimal.h"
#include "core/admin/json_fields.h"
#include "core/admin/record.h"
#include "core/metadata/pattern.h"

namespace mq::admin {

// A value while it is compared.
struct Comparable {
  using Kind = JsonField::Kind;
  Kind kind = Kind::missing;
  bool truth = false;
  bool is_bytes = false;  // a text that may as well be a number
  std::string_view text;
  Decimal number;
};

// A field of the record itself. `memory`: for a text that has to be made.
struct RecordField {
  std::string_view name;
  Comparable (*of)(const Record& record, std::string& memory);
};
const RecordField* find_record_field(std::string_view name);
std::vector<std::string_view> record_field_names();

struct Operand {
  enum class From { literal, record, header, key, value };  // key, value: a field of the JSON there
  From from = From::literal;
  Comparable::Kind kind = Comparable::Kind::null;
  bool truth = false;
  std::string text;  // of a literal; a header's name
  Decimal number;
  const RecordField* field = nullptr;
  std::size_t path = 0;  // of the JSON
};

struct ExpressionTree {
  enum class Operator {
    both,
    either,
    negation,
    truth,
    equal,
    unequal,
    less,
    at_most,
    more,
    at_least,
    like,
    unlike
  };
  struct Node {
    Operator what = Operator::truth;
    std::size_t left = 0, right = 0;  // nodes, or operands; of like and unlike `right` is a pattern
  };

  JsonFields of_key, of_value;
  std::vector<Operand> operands;
  std::vector<core::Pattern> patterns;
  std::vector<Node> nodes;  // a node comes behind those it is made of; the last one is the whole
};

// Throws UsageError.
ExpressionTree parse_expression(std::string_view text);

}  // namespace mq::admin
