// SPDX-License-Identifier: Apache-2.0
#include "cli/records/format.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "cli/frame/print.h"
#include "core/admin/text.h"

namespace mq::cli {
namespace {

enum class Value { text, number, time, headers, length4 };

struct Verb {
  char letter;
  Value value;
  bool reads;  // known to formats for input
};
constexpr Verb verbs[] = {
    {'v', Value::text, true},    {'V', Value::number, true},  {'k', Value::text, true},
    {'K', Value::number, true},  {'t', Value::text, true},    {'p', Value::number, true},
    {'o', Value::number, true},  {'d', Value::time, true},    {'T', Value::time, false},
    {'h', Value::headers, true}, {'H', Value::number, true},  {'e', Value::number, false},
    {'i', Value::number, false}, {'x', Value::number, false}, {'y', Value::number, false},
    {'a', Value::number, false}, {'L', Value::number, false}, {'l', Value::number, false},
    {'W', Value::number, false}, {'R', Value::length4, true},
};

const Verb* find_verb(char letter) {
  const auto* found = std::ranges::find(verbs, letter, &Verb::letter);
  return found == std::end(verbs) ? nullptr : found;
}

std::optional<std::size_t> whole(std::string_view text) {
  std::size_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

bool text_modifier(std::string_view name, Format::Direction direction, FormatItem& item) {
  using Text = FormatItem::Text;
  const bool read = direction == Format::Direction::read;
  constexpr std::pair<std::string_view, Text> names[] = {
      {"raw", Text::raw},       {"hex", Text::hex},     {"base64", Text::base64}, {"json", Text::json},
      {"pretty", Text::pretty}, {"esc", Text::escaped}, {"q", Text::quoted},      {"len", Text::length}};
  for (const auto& [known, text] : names)
    if (name == known && (!read || text <= Text::json)) return item.text = text, true;
  if (!read && name.starts_with("unpack:")) {
    item.text = Text::unpack, item.parameter = name.substr(7);
    return item.parameter.find_first_not_of("<> xbBhHiIqQc.s$") == item.parameter.npos;
  }
  if (read && name.starts_with("re:")) {
    try {
      item.text = Text::regex, item.regex.emplace(std::string(name.substr(3)));
    } catch (const std::regex_error&) {
      return false;
    }
    return true;
  }
  const auto n = read ? whole(name) : std::nullopt;
  if (!n) return false;
  return item.text = Text::exactly, item.exactly = *n, true;
}

bool number_modifier(std::string_view name, FormatItem& item) {
  NumberForm& form = item.number;
  if (name.starts_with("hex")) {
    const auto bits = whole(name.substr(3));
    form = {NumberForm::Kind::hex, bits.value_or(0) / 8, false, false};
    return bits == 8u || bits == 16u || bits == 32u || bits == 64u;
  }
  form = {NumberForm::Kind::binary, 0, name.starts_with('i'), name.ends_with("le")};
  if (!name.starts_with('i') && !name.starts_with('u')) return false;
  name.remove_prefix(1);
  if (name.ends_with("le") || name.ends_with("be")) name.remove_suffix(2);
  const auto bits = whole(name);
  form.bytes = bits.value_or(0) / 8;
  return bits == 8u || bits == 16u || bits == 32u || bits == 64u;
}

bool time_modifier(std::string_view name, FormatItem& item) {
  using When = FormatItem::When;
  constexpr std::pair<std::string_view, When> names[] = {
      {"ms", When::ms}, {"s", When::s}, {"iso", When::iso}, {"local", When::local}};
  for (const auto& [known, when] : names)
    if (name == known) return item.when = when, true;
  if (!name.starts_with("strftime:")) return false;
  item.when = When::pattern, item.parameter = name.substr(9);
  return true;
}

// Compiles one level: the whole text, or what is between the braces of %h{…}.
struct Compiler {
  std::string_view text;
  Format::Direction direction;
  bool inner;
  std::string wrong = {};

  std::vector<FormatItem> run() {
    std::vector<FormatItem> items;
    for (std::size_t i = 0; i < text.size() && wrong.empty();) {
      if (text[i] == '%') {
        i = verb(i + 1, items);
      } else if (text[i] == '\\') {
        const std::size_t n = i + 1 < text.size() && text[i + 1] == 'x' ? 4 : 2;
        const auto byte = admin::unescape(text.substr(i, n));
        if (!byte) return fail("unknown escape \"" + std::string(text.substr(i, n)) + "\""), items;
        literal(items, *byte), i += n;
      } else {
        literal(items, text.substr(i, 1)), i++;
      }
    }
    return items;
  }

  void fail(std::string why) {
    if (wrong.empty()) wrong = std::move(why);
  }
  static void literal(std::vector<FormatItem>& items, std::string_view bytes) {
    if (items.empty() || items.back().verb != 0) items.emplace_back();
    items.back().literal += bytes;
  }

  // From behind the percent sign; returns where to go on.
  std::size_t verb(std::size_t i, std::vector<FormatItem>& items) {
    if (i == text.size()) return fail("\"%\" at the end; a percent sign is %%"), i;
    char letter = text[i];
    if (letter == '%' || letter == '{' || letter == '}') return literal(items, {&letter, 1}), i + 1;
    if (letter == 's') letter = 'v';
    if (letter == 'S') letter = 'V';
    const Verb* known = find_verb(letter);
    const bool fits = known && (!inner || letter == 'k' || letter == 'v' || letter == 'K' || letter == 'V');
    if (!fits) return fail("unknown verb \"%" + std::string(1, text[i]) + "\""), i;
    if (direction == Format::Direction::read && !known->reads)
      return fail("\"%" + std::string(1, text[i]) + "\" cannot be read, only written"), i;
    FormatItem item;
    item.verb = letter;
    if (known->value == Value::length4)
      item.verb = 'V', item.number = {NumberForm::Kind::binary, 4, true, false};
    i++;
    if (i < text.size() && text[i] == '{') i = braces(*known, i, item);
    items.push_back(std::move(item));
    return i;
  }

  std::size_t braces(const Verb& known, std::size_t open, FormatItem& item) {
    std::size_t close = open + 1;
    for (int depth = 1; close < text.size(); close++) {
      if (text[close] == '%' && close + 1 < text.size())
        close++;  // %{ and %} are literals
      else if (text[close] == '\\' && close + 1 < text.size())
        close++;
      else if (text[close] == '{')
        depth++;
      else if (text[close] == '}' && --depth == 0)
        break;
    }
    if (close >= text.size()) return fail("\"{\" without \"}\""), close;
    const auto name = text.substr(open + 1, close - open - 1);
    bool ok = false;
    switch (known.value) {
      case Value::text:
        ok = text_modifier(name, direction, item);
        break;
      case Value::number:
        ok = number_modifier(name, item);
        break;
      case Value::time:
        ok = time_modifier(name, item);
        break;
      case Value::headers: {
        Compiler within{name, direction, true};
        item.inner = within.run();
        if (!within.wrong.empty()) fail(within.wrong);
        ok = true;
        break;
      }
      case Value::length4:
        break;
    }
    if (!ok)
      fail("\"{" + std::string(name) + "}\" does not go with \"%" + std::string(1, known.letter) + "\"");
    return close + 1;
  }
};

void write_number(std::string& to, const NumberForm& form, std::int64_t n) {
  if (form.kind == NumberForm::Kind::decimal) return admin::append_number(to, n);
  std::string bytes(form.bytes, '\0');
  for (std::size_t i = 0; i < form.bytes; i++)
    bytes[form.little ? i : form.bytes - 1 - i] =
        static_cast<char>(static_cast<std::uint64_t>(n) >> (8 * i) & 255);
  if (form.kind == NumberForm::Kind::hex) return admin::append_hex(to, bytes);
  to += bytes;
}

// Numbers and characters inside a value, one after the other, parted by blanks.
void write_unpacked(std::string& to, std::string_view pattern, std::string_view value) {
  bool little = false, first = true;
  for (const char c : pattern) {
    if (c == ' ') continue;
    if (c == '<' || c == '>') {
      little = c == '<';
      continue;
    }
    if (c == '$') return;
    const auto at = std::string_view("bBhHiIqQxc.s").find(c);
    const std::size_t size = c == 's' ? value.size() : at < 8 ? std::size_t{1} << at / 2 : 1;
    const auto part = value.substr(0, std::min(size, value.size()));
    value.remove_prefix(part.size());
    if (c == 'x') continue;
    if (!first) to += ' ';
    first = false;
    if (part.size() < size) {
      to += '?';  // the value is shorter than the pattern
    } else if (at < 8) {
      std::uint64_t n = 0;
      for (std::size_t i = 0; i < size; i++)
        n = n << 8 | static_cast<unsigned char>(part[little ? size - 1 - i : i]);
      const unsigned shift = static_cast<unsigned>(64 - 8 * size);
      if (at % 2 == 0) {
        admin::append_number(to, static_cast<std::int64_t>(n << shift) >> shift);
      } else {
        to += std::to_string(n);
      }
    } else {
      to += part;
    }
  }
}

void write_pretty(std::string& to, std::string_view bytes) {
  boost::json::error_code error;
  const auto value = boost::json::parse(boost::json::string_view(bytes.data(), bytes.size()), error);
  if (error || admin::has_controls(bytes)) return admin::append_escaped(to, bytes);
  to += to_json(value, true);
}

void write_text(std::string& to, const FormatItem& item, std::string_view bytes) {
  using Text = FormatItem::Text;
  switch (item.text) {
    case Text::raw:
    case Text::regex:
    case Text::exactly:
      to += bytes;
      return;
    case Text::hex:
      return admin::append_hex(to, bytes);
    case Text::base64:
      return admin::append_base64(to, bytes);
    case Text::json:
      return admin::append_json(to, bytes);
    case Text::pretty:
      return write_pretty(to, bytes);
    case Text::escaped:
      return admin::append_escaped(to, bytes);
    case Text::quoted:
      return admin::append_quoted(to, bytes);
    case Text::length:
      return admin::append_number(to, static_cast<std::int64_t>(bytes.size()));
    case Text::unpack:
      return write_unpacked(to, item.parameter, bytes);
  }
}

void write_time(std::string& to, const FormatItem& item, std::int64_t ms, bool utc) {
  using When = FormatItem::When;
  switch (item.when) {
    case When::ms:
      return admin::append_number(to, ms);
    case When::s:
      return admin::append_number(to, ms < 0 ? ms : ms / 1000);
    case When::iso:
      return admin::append_iso_time(to, ms);
    case When::local:
      to += admin::format_time(ms, false);
      return;
    case When::pattern:
      to += admin::format_time(ms, item.parameter.c_str(), utc);
      return;
  }
}

std::int64_t length_of(const std::optional<std::string_view>& bytes) {
  return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
}

struct ItemWriter {
  std::string& to;
  const admin::Record& record;
  const Format& format;
  bool utc;

  void text(const FormatItem& item, std::string_view bytes) {
    if (!format.for_terminal) return write_text(to, item, bytes);
    std::string written;
    write_text(written, item, bytes);
    const bool made_safe = item.text == FormatItem::Text::pretty || item.text == FormatItem::Text::escaped;
    made_safe ? void(to += written) : admin::append_for_terminal(to, written);
  }

  void optional_text(const FormatItem& item, const std::optional<std::string_view>& bytes) {
    if (bytes) return text(item, *bytes);
    to += item.text == FormatItem::Text::json     ? "null"
          : item.text == FormatItem::Text::length ? "-1"
                                                  : format.null_text;
  }

  void headers(const FormatItem& item) {
    bool first = true;
    for (const admin::RecordHeader& header : record.headers) {
      if (!item.inner.empty()) {
        admin::Record inner;
        inner.key = header.key, inner.value = header.value;
        for (const FormatItem& part : item.inner) ItemWriter{to, inner, format, utc}.write(part);
        continue;
      }
      if (!first) to += ',';
      first = false;
      text(FormatItem{}, header.key);
      to += '=';
      text(FormatItem{}, header.value.value_or(format.null_text));
    }
  }

  std::int64_t number(char verb) const {
    switch (verb) {
      case 'V':
        return length_of(record.value);
      case 'K':
        return length_of(record.key);
      case 'p':
        return record.partition;
      case 'o':
        return record.offset;
      case 'H':
        return static_cast<std::int64_t>(record.headers.size());
      case 'e':
        return record.leader_epoch;
      case 'i':
        return record.number;
      case 'x':
        return record.producer_id;
      case 'y':
        return record.producer_epoch;
      case 'a':
        return record.attributes;
      case 'L':
        return record.log_start;
      case 'l':
        return record.left;
      default:
        return record.high_watermark;
    }
  }

  void write(const FormatItem& item) {
    switch (item.verb) {
      case 0:
        to += item.literal;
        return;
      case 'v':
        return optional_text(item, record.value);
      case 'k':
        return optional_text(item, record.key);
      case 't':
        return text(item, record.topic);
      case 'd':
      case 'T':
        return write_time(to, item, record.timestamp, utc);
      case 'h':
        return headers(item);
      default:
        return write_number(to, item.number, number(item.verb));
    }
  }
};

// What is read up to the next literal needs one.
std::string missing_literal(const std::vector<FormatItem>& items) {
  std::string lengths;
  for (std::size_t i = 0; i < items.size(); i++) {
    const FormatItem& item = items[i];
    if (item.verb == 'V' || item.verb == 'K') lengths += item.verb;
    const bool open_text = item.verb == 'v' || item.verb == 'k' || item.verb == 't' || item.verb == 'd';
    const char length = item.verb == 'v' ? 'V' : 'K';
    const bool measured = item.verb != 'd' && item.verb != 't' && lengths.find(length) != lengths.npos;
    if (!open_text || measured || item.text == FormatItem::Text::exactly ||
        item.text == FormatItem::Text::regex)
      continue;
    if (i + 1 < items.size() && items[i + 1].verb != 0)
      return "\"%" + std::string(1, item.verb) + "\" needs its length or a literal behind it to be read";
  }
  return "";
}

}  // namespace

core::Parsed<Format> Format::compile(std::string_view text, Direction direction) {
  Compiler compiler{text, direction, false};
  Format format;
  format.items_ = compiler.run();
  if (compiler.wrong.empty() && direction == Direction::read) compiler.wrong = missing_literal(format.items_);
  if (compiler.wrong.empty() && format.items_.empty()) compiler.wrong = "the format is empty";
  if (!compiler.wrong.empty()) return core::Wrong{compiler.wrong};
  return format;
}

void Format::write(std::string& to, const admin::Record& record, bool utc) const {
  ItemWriter writer{to, record, *this, utc};
  for (const FormatItem& item : items_) writer.write(item);
}

}  // namespace mq::cli
