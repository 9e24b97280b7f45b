// SPDX-License-Identifier: Apache-2.0
// From text to tree, by recursive descent. Every mistake is told with the place where it was met.
#include <algorithm>
#include <charconv>
#include <utility>

#include "core/admin/expression.h"
#include "core/admin/expression_tree.h"
#include "core/admin/text.h"
#include "core/admin/usage_error.h"
#include "core/config/scalars.h"

namespace mq::admin {
namespace {

using Operator = ExpressionTree::Operator;
using From = Operand::From;

constexpr std::pair<std::string_view, Operator> comparisons[] = {  // the longer ones first
    {"==", Operator::equal}, {"!=", Operator::unequal}, {"<=", Operator::at_most}, {">=", Operator::at_least},
    {"=~", Operator::like},  {"!~", Operator::unlike},  {"<", Operator::less},     {">", Operator::more}};
constexpr std::pair<std::string_view, std::string_view> mistaken[] = {
    {"and", "and is written &&"},
    {"or", "or is written ||"},
    {"not", "not is written !"},
    {"AND", "and is written &&"},
    {"OR", "or is written ||"},
    {"NOT", "not is written !"},
    {"&", "and is written &&"},
    {"|", "or is written ||"},
    {"=", "equal is written =="},
    {"~", "matches is written =~"},
    {"/", "a regular expression is written as a text: \"^eu-\""}};
constexpr std::size_t told_characters = 20;

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || is_digit(c) || c == '_' || c == '-' || c == '$' || c == '@' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string printable(std::string_view text) {
  std::string shown;
  append_for_terminal(shown, text);
  return shown;
}

class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : text_(text) {}

  ExpressionTree run() {
    if (text_.size() > Expression::length_max)
      throw UsageError("an expression has at most " + std::to_string(Expression::length_max) + " bytes");
    if (!valid_utf8(text_)) throw UsageError("an expression is UTF-8");
    either();
    if (skip_blanks(); at_ < text_.size()) {
      if (text_[at_] == ')') fail(at_, "there is no \"(\" to it");
      fail(at_, mistake().value_or("&& or || is missing"));
    }
    return std::move(tree_);
  }

 private:
  // ---- conditions: each leaves its node as the last one, and says its number ----

  std::size_t either() {
    std::size_t left = both();
    while (accept("||")) {
      const std::size_t right = both();
      left = add({Operator::either, left, right});
    }
    return left;
  }
  std::size_t both() {
    std::size_t left = condition();
    while (accept("&&")) {
      const std::size_t right = condition();
      left = add({Operator::both, left, right});
    }
    return left;
  }
  std::size_t condition() {
    skip_blanks();
    const std::size_t begin = at_;
    const bool negated = !next_is("!=") && !next_is("!~") && accept("!");
    if (!negated && !accept("(")) return comparison();
    if (++depth_ > Expression::depth_max) fail(begin, "this is nested too deep");
    const std::size_t inner = negated ? condition() : either();
    depth_--;
    if (negated) return add({Operator::negation, inner, 0});
    if (!accept(")"))
      fail(at_, mistake().value_or("the \")\" is missing to \"(\" at character " +
                                   std::to_string(character(begin))));
    return inner;
  }
  std::size_t comparison() {
    const std::size_t begin = at_, left = operand();
    const auto what = comparison_sign();
    if (!what) return truth(begin, left);
    const bool is_pattern = *what == Operator::like || *what == Operator::unlike;
    const std::size_t right = is_pattern ? pattern() : operand();
    const std::size_t node = add({*what, left, right});
    skip_blanks();
    const std::size_t end = at_;
    if (comparison_sign()) fail(end, "one comparison at a time: join two with &&");
    return node;
  }
  std::size_t truth(std::size_t begin, std::size_t operand) {
    const Operand& alone = tree_.operands[operand];
    if (skip_blanks(); mistake() && alone.from != From::literal) fail(at_, *mistake());
    if (alone.from == From::literal && alone.kind != Comparable::Kind::boolean)
      fail(begin, mistake().value_or("this is compared with nothing"));
    return add({Operator::truth, operand, 0});
  }
  std::optional<Operator> comparison_sign() {
    for (const auto& [sign, what] : comparisons)
      if (accept(sign)) return what;
    return std::nullopt;
  }

  // ---- operands ----

  std::size_t operand() {
    skip_blanks();
    if (at_ == text_.size()) fail(at_, "a value is missing");
    const std::size_t begin = at_;
    const char c = text_[at_];
    if (c == '"' || c == '\'') return literal_text();
    if (is_digit(c) || c == '-') return literal_number();
    if (c == '.') return json_field(From::value, tree_.of_value);
    if (c == '(') fail(at_, "what is in parentheses is a condition, no value");
    if (!is_word(c)) fail(at_, mistake().value_or("a value is missing"));
    const std::string_view word = take_word();
    if (word == "true" || word == "false" || word == "null") return literal(word);
    if (word == "headers") return header();
    const bool goes_on = next_is(".") || next_is("[");
    if (word == "key" && goes_on) return json_field(From::key, tree_.of_key);
    if (word == "value" && goes_on) return json_field(From::value, tree_.of_value);
    return record_field(begin, word, goes_on);
  }
  std::size_t literal(std::string_view word) {
    Operand operand;
    operand.kind = word == "null" ? Comparable::Kind::null : Comparable::Kind::boolean;
    operand.truth = word == "true";
    return add(std::move(operand));
  }
  std::size_t literal_text() {
    const std::size_t begin = at_;
    Operand operand;
    operand.kind = Comparable::Kind::text;
    operand.text = unescaped(begin, quoted());
    return add(std::move(operand));
  }
  std::size_t literal_number() {
    const std::size_t begin = at_;
    for (at_++; at_ < text_.size(); at_++) {
      const bool sign = (text_[at_] == '+' || text_[at_] == '-') && (text_[at_ - 1] | 0x20) == 'e';
      if (!sign && text_[at_] != '.' && (!is_word(text_[at_]) || text_[at_] == '-')) break;
    }
    const std::string_view digits = text_.substr(begin, at_ - begin);
    auto number = Decimal::parse(digits);
    if (!number) {
      const auto size = core::parse_size(digits);
      if (!size) fail(begin, in_quotes(digits) + " is no number, nor a size such as 64k, 10M or 1GiB");
      number = Decimal(static_cast<std::int64_t>(*size));
    }
    Operand operand;
    operand.kind = Comparable::Kind::number;
    operand.number = std::move(*number);
    return add(std::move(operand));
  }
  std::size_t record_field(std::size_t begin, std::string_view word, bool goes_on) {
    Operand operand;
    operand.from = From::record;
    operand.field = find_record_field(word);
    if (!operand.field) unknown(begin, word);
    if (goes_on) fail(at_, std::string(word) + " has no fields");
    return add(std::move(operand));
  }
  [[noreturn]] void unknown(std::size_t begin, std::string_view word) {
    if (const auto why = mistake_in(word)) fail(begin, *why);
    if (skip_blanks(); next_is("(")) fail(begin, "there are no functions");
    std::vector<std::string_view> names = record_field_names();
    names.push_back("headers");
    const std::string_view near = core::closest(word, names);
    fail(begin, in_quotes(word) + " is no field of a record",
         near.empty() ? "a field of the value, as JSON, begins with a dot: ." + std::string(word)
                      : "did you mean " + in_quotes(near) + "?");
  }
  std::size_t header() {
    const std::size_t begin = at_;
    JsonFields::Path path = steps();
    if (path.empty() || !std::holds_alternative<std::string>(path[0]))
      fail(begin, "a header's name is missing: headers.trace");
    if (path.size() > 1)
      fail(begin, "a header has no fields; a name that has a dot is written headers[\"a.b\"]");
    Operand operand;
    operand.from = From::header;
    operand.text = std::get<std::string>(std::move(path[0]));
    return add(std::move(operand));
  }
  std::size_t json_field(From from, JsonFields& fields) {
    const std::size_t begin = at_;
    JsonFields::Path path = steps();
    if (path.size() >= JsonFields::depth_max) fail(begin, "this is nested too deep");
    if (fields.full())
      fail(begin, "an expression has at most " + std::to_string(JsonFields::paths_max) + " fields of JSON");
    Operand operand;
    operand.from = from;
    operand.path = fields.add(std::move(path));
    return add(std::move(operand));
  }

  // .user.id, .items[0], ."a b", ["a b"], or a dot alone.
  JsonFields::Path steps() {
    JsonFields::Path path;
    for (;;) {
      if (next_is("[")) {
        path.push_back(in_brackets());
      } else if (next_is(".")) {
        at_++;
        const char c = at_ < text_.size() ? text_[at_] : ' ';
        if (c == '"' || c == '\'') {
          const std::size_t begin = at_;
          path.emplace_back(unescaped(begin, quoted()));
        } else if (is_word(c)) {
          path.emplace_back(std::string(take_word()));
        } else if (!path.empty()) {
          fail(at_, "a field's name is missing");
        } else if (c != '[') {
          return path;
        }
      } else {
        return path;
      }
    }
  }
  JsonFields::Step in_brackets() {
    const std::size_t begin = at_++;
    JsonFields::Step step;
    if (next_is("\"") || next_is("'")) {
      const std::size_t name = at_;
      step = unescaped(name, quoted());
    } else {
      std::size_t place = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), place);
      if (error != std::errc{}) fail(begin, "in brackets is a place, from 0, or a name: [0], [\"a b\"]");
      at_ = static_cast<std::size_t>(end - text_.data());
      step = place;
    }
    if (!next_is("]")) fail(at_, "the \"]\" is missing");
    at_++;
    return step;
  }
  std::size_t pattern() {
    skip_blanks();
    const std::size_t begin = at_;
    if (!next_is("\"") && !next_is("'"))
      fail(at_, mistake().value_or("a regular expression is missing, as a text: \"^eu-\""));
    core::Pattern pattern(quoted());
    if (!pattern.trouble().empty()) fail(begin, pattern.trouble());
    tree_.patterns.push_back(std::move(pattern));
    return tree_.patterns.size() - 1;
  }

  // ---- words ----

  // What is between the quotes; a backslash before a quote is gone, others are there.
  std::string quoted() {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    std::string text;
    for (; at_ < text_.size() && text_[at_] != quote; at_++) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size() && text_[++at_] != quote) text += '\\';
      text += text_[at_];
    }
    if (at_ == text_.size()) fail(begin, std::string("the text does not end: its ") + quote + " is missing");
    at_++;
    return text;
  }
  std::string unescaped(std::size_t begin, const std::string& text) {
    auto plain = unescape(text);
    if (!plain) fail(begin, "of escapes, \\n \\t \\r \\0 \\\\ \\xNN and those of quotes are understood");
    return std::move(*plain);
  }
  std::string_view take_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) at_++;
    return text_.substr(begin, at_ - begin);
  }
  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      at_++;
  }
  bool next_is(std::string_view sign) const { return text_.substr(at_).starts_with(sign); }
  bool accept(std::string_view sign) {
    skip_blanks();
    if (!next_is(sign)) return false;
    at_ += sign.size();
    return true;
  }

  // What somebody who knows other languages may have meant here.
  std::optional<std::string> mistake() const {
    const std::string_view rest = text_.substr(at_);
    const auto end = std::ranges::find_if_not(rest, is_word) - rest.begin();
    return mistake_in(rest.substr(0, static_cast<std::size_t>(std::max<std::ptrdiff_t>(end, 1))));
  }
  std::optional<std::string> mistake_in(std::string_view word) const {
    if (next_is("&&") || next_is("||")) return std::nullopt;
    for (const auto& [written, why] : mistaken)
      if (word == written) return std::string(why);
    return std::nullopt;
  }

  std::size_t add(Operand operand) {
    tree_.operands.push_back(std::move(operand));
    return tree_.operands.size() - 1;
  }
  std::size_t add(ExpressionTree::Node node) {
    if (tree_.nodes.size() == Expression::nodes_max)
      fail(at_, "an expression has at most " + std::to_string(Expression::nodes_max) + " conditions");
    tree_.nodes.push_back(node);
    return tree_.nodes.size() - 1;
  }

  std::size_t character(std::size_t at) const {
    return static_cast<std::size_t>(std::ranges::count_if(text_.substr(0, at), begins_character)) + 1;
  }
  [[noreturn]] void fail(std::size_t at, const std::string& why, const std::string& hint = {}) const {
    std::string message = "character " + std::to_string(character(at)) + ", ";
    std::size_t end = at;
    for (std::size_t shown = 0; end < text_.size(); end++)
      if (begins_character(text_[end]) && shown++ == told_characters) break;
    if (at == text_.size()) {
      message += "at the end";
    } else {
      message.append("at \"").append(text_.substr(at, end - at)).append(end < text_.size() ? "…\"" : "\"");
    }
    throw UsageError(printable(message + ": " + why), printable(hint));
  }

  std::string_view text_;
  std::size_t at_ = 0, depth_ = 0;
  ExpressionTree tree_;
};

}  // namespace

ExpressionTree parse_expression(std::string_view text) {
  return ExpressionParser(text).run();
}

}  // namespace mq::admin
