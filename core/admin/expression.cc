// SPDX-License-Identifier: Apache-2.0
#include "core/admin/expression.h"

#include <algorithm>
#include <array>
#include <compare>
#include <optional>

#include "core/admin/expression_tree.h"
#include "core/admin/position.h"

namespace mq::admin {
namespace {

using Kind = Comparable::Kind;
using Operator = ExpressionTree::Operator;
using Bytes = std::optional<std::string_view>;

Comparable number(std::int64_t n) {
  return {.kind = Kind::number, .text = {}, .number = Decimal(n)};
}
Comparable number_or_missing(std::int64_t n) {
  return n < 0 ? Comparable{} : number(n);
}
Comparable text(std::string_view bytes) {
  return {.kind = Kind::text, .text = bytes, .number = {}};
}
Comparable bytes(const Bytes& bytes) {
  if (!bytes) return {.kind = Kind::null, .text = {}, .number = {}};
  return {.kind = Kind::text, .is_bytes = true, .text = *bytes, .number = {}};
}
std::int64_t size(const Bytes& bytes) {
  return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
}

// By the names that the envelope has for them.
constexpr std::array<RecordField, 15> record_fields{{
    {"topic", [](const Record& r, std::string&) { return text(r.topic); }},
    {"partition", [](const Record& r, std::string&) { return number_or_missing(r.partition); }},
    {"offset", [](const Record& r, std::string&) { return number_or_missing(r.offset); }},
    {"timestamp",
     [](const Record& r, std::string& memory) {
       if (r.timestamp < 0) return Comparable{};
       memory.clear();
       append_iso_time(memory, r.timestamp);
       return text(memory);
     }},
    {"ts", [](const Record& r, std::string&) { return number_or_missing(r.timestamp); }},
    {"key", [](const Record& r, std::string&) { return bytes(r.key); }},
    {"value", [](const Record& r, std::string&) { return bytes(r.value); }},
    {"key_size", [](const Record& r, std::string&) { return number(size(r.key)); }},
    {"value_size", [](const Record& r, std::string&) { return number(size(r.value)); }},
    {"leader_epoch", [](const Record& r, std::string&) { return number(r.leader_epoch); }},
    {"producer_id", [](const Record& r, std::string&) { return number(r.producer_id); }},
    {"producer_epoch", [](const Record& r, std::string&) { return number(r.producer_epoch); }},
    {"sequence", [](const Record& r, std::string&) { return number(r.sequence); }},
    {"batch_offset", [](const Record& r, std::string&) { return number_or_missing(r.batch_offset); }},
    {"transactional",
     [](const Record& r, std::string&) {
       return Comparable{
           .kind = Kind::boolean, .truth = (r.attributes & 1 << 4) != 0, .text = {}, .number = {}};
     }},
}};

// Without order where the two have nothing to do with each other.
std::partial_ordering compare(const Comparable& a, const Comparable& b) {
  if (a.kind != b.kind) {
    const Comparable& said = a.kind == Kind::text ? a : b;
    const Comparable& other = a.kind == Kind::text ? b : a;
    if (!said.is_bytes || other.kind != Kind::number) return std::partial_ordering::unordered;
    const auto number = Decimal::parse(said.text);
    if (!number) return std::partial_ordering::unordered;
    return a.kind == Kind::text ? *number <=> b.number : a.number <=> *number;
  }
  switch (a.kind) {
    case Kind::missing:
    case Kind::structure:
      return std::partial_ordering::unordered;
    case Kind::null:
      return std::partial_ordering::equivalent;
    case Kind::boolean:
      return a.truth == b.truth ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
    case Kind::number:
      return a.number <=> b.number;
    case Kind::text:
      return a.text <=> b.text;
  }
  return std::partial_ordering::unordered;
}

Comparable header(const Record& record, std::string_view name) {
  const auto last = std::find_if(record.headers.rbegin(), record.headers.rend(),
                                 [&](const RecordHeader& header) { return header.key == name; });
  return last == record.headers.rend() ? Comparable{} : bytes(last->value);
}

// Of one record. What was found in JSON is kept for the next operand that asks.
class Evaluation {
 public:
  Evaluation(const ExpressionTree& tree, const Record& record) : tree_(tree), record_(record) {}

  bool holds(std::size_t number) {
    const ExpressionTree::Node& node = tree_.nodes[number];
    switch (node.what) {
      case Operator::both:
        return holds(node.left) && holds(node.right);
      case Operator::either:
        return holds(node.left) || holds(node.right);
      case Operator::negation:
        return !holds(node.left);
      case Operator::truth:
        return is_true(node.left);
      case Operator::like:
        return is_like(node);
      case Operator::unlike:
        return !is_like(node);
      default:
        return compares(node);
    }
  }

 private:
  bool is_true(std::size_t operand) {
    const Comparable value = value_of(operand, memory_[0]);
    return value.kind == Kind::boolean ? value.truth
                                       : value.kind != Kind::missing && value.kind != Kind::null;
  }
  bool is_like(const ExpressionTree::Node& node) {
    const Comparable value = value_of(node.left, memory_[0]);
    return value.kind == Kind::text && tree_.patterns[node.right].found_in(value.text);
  }
  bool compares(const ExpressionTree::Node& node) {
    const auto order = compare(value_of(node.left, memory_[0]), value_of(node.right, memory_[1]));
    switch (node.what) {
      case Operator::equal:
        return order == 0;
      case Operator::unequal:
        return order != 0;
      case Operator::less:
        return order < 0;
      case Operator::at_most:
        return order <= 0;
      case Operator::more:
        return order > 0;
      default:
        return order >= 0;
    }
  }

  Comparable value_of(std::size_t number, std::string& memory) {
    const Operand& operand = tree_.operands[number];
    switch (operand.from) {
      case Operand::From::literal:
        return {.kind = operand.kind, .truth = operand.truth, .text = operand.text, .number = operand.number};
      case Operand::From::record:
        return operand.field->of(record_, memory);
      case Operand::From::header:
        return header(record_, operand.text);
      case Operand::From::key:
        return of_json(tree_.of_key, record_.key, key_, operand.path);
      case Operand::From::value:
        return of_json(tree_.of_value, record_.value, value_, operand.path);
    }
    return {};
  }
  static Comparable of_json(const JsonFields& fields, const Bytes& json, std::vector<JsonField>& found,
                            std::size_t path) {
    if (!json) return {};
    if (found.empty()) found = fields.find(*json);
    const JsonField& field = found[path];
    Comparable value{.kind = field.kind, .truth = field.truth, .text = field.text, .number = {}};
    if (field.kind == Kind::number) value.number = Decimal::parse(field.text).value_or(Decimal{});
    return value;
  }

  const ExpressionTree& tree_;
  const Record& record_;
  std::vector<JsonField> key_, value_;
  std::string memory_[2];  // of the left and the right side of a comparison
};

}  // namespace

const RecordField* find_record_field(std::string_view name) {
  const auto* found = std::ranges::find(record_fields, name, &RecordField::name);
  return found == record_fields.end() ? nullptr : found;
}

std::vector<std::string_view> record_field_names() {
  std::vector<std::string_view> names;
  for (const RecordField& field : record_fields) names.push_back(field.name);
  return names;
}

Expression::Expression(std::string_view text)
    : tree_(std::make_shared<const ExpressionTree>(parse_expression(text))) {}

bool Expression::matches(const Record& record) const {
  return Evaluation(*tree_, record).holds(tree_->nodes.size() - 1);
}

std::size_t Expression::patterns_size() const {
  std::size_t sum = 0;
  for (const core::Pattern& pattern : tree_->patterns) sum += pattern.size();
  return sum;
}

}  // namespace mq::admin
