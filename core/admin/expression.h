// SPDX-License-Identifier: Apache-2.0
// A condition on a record as somebody wrote it, `.user.id == 42 && key =~ "^eu-"`: data for a small
// evaluator, without loops and without calls. Immutable; any thread.
//
//   condition   comparisons joined by && and ||, negated by !, in parentheses
//   comparison  FIELD ==|!=|<|<=|>|>= FIELD|42|1M|"text"|true|false|null, FIELD =~|!~ "regular expression"
//   (RE2),
//               or a FIELD alone: it is there, and neither null nor false
//   FIELD       .user.id, .items[0], ."a b", . alone: of the value as JSON; key.user.id of the key;
//               key, value, topic, partition, offset, timestamp, ts, headers.NAME, … as in the envelope
//
// A field that is missing is equal to nothing, and neither are values of different kinds: what begins with
// `!` says the opposite. Of numbers every digit counts, however many there are. Bytes that have no kind of
// their own (key, value, headers) are compared with a number as one if that is what they say. Of a header
// that is there twice it is the last.
#pragma once

#include <memory>
#include <string_view>

#include "core/admin/record.h"

namespace mq::admin {

struct ExpressionTree;

class Expression {
 public:
  static constexpr std::size_t length_max = 4096, nodes_max = 128, depth_max = 32;

  // Throws UsageError: `character 5, at "= 42": equal is written ==`.
  explicit Expression(std::string_view text);

  // In time linear in the record: key and value are read as JSON at most once each, and only when it matters.
  bool matches(const Record& record) const;
  std::size_t patterns_size() const;  // of its regular expressions, as Pattern::size() has it

 private:
  std::shared_ptr<const ExpressionTree> tree_;
};

}  // namespace mq::admin
