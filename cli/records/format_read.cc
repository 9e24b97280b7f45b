// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <charconv>

#include "cli/records/format.h"
#include "core/admin/text.h"

namespace mq::cli {
namespace {

std::string compact_json(std::string_view json) {
  std::string text;
  admin::append_compact_json(text, json);
  return text;
}

}  // namespace

// Where the reading is. Every step answers whether it found what it wants; when the text ended first, `ended`
// says so.
struct FormatReader::State {
  std::string_view text;
  bool at_end;
  admin::Record& record;
  admin::Decoded& decoded;
  std::size_t at = 0;
  bool ended = false;                               // more text could change the outcome
  std::int64_t value_length = -2, key_length = -2;  // -2: not read
  std::int64_t header_count = -1;

  std::string_view left() const { return text.substr(at); }
  bool short_of_text() {
    ended = !at_end;
    return false;
  }

  bool literal(const std::string& wanted) {
    const auto have = left().substr(0, wanted.size());
    if (have == wanted) return at += wanted.size(), true;
    if (have.size() < wanted.size() && wanted.starts_with(have)) return short_of_text();
    return false;
  }

  bool number(const NumberForm& form, std::int64_t& n) {
    if (form.kind == NumberForm::Kind::decimal) return decimal(n);
    const std::size_t size = form.kind == NumberForm::Kind::hex ? 2 * form.bytes : form.bytes;
    if (left().size() < size) return short_of_text();
    std::string bytes(left().substr(0, size));
    if (form.kind == NumberForm::Kind::hex) {
      auto raw = admin::from_hex(bytes);
      if (!raw) return false;
      bytes = std::move(*raw);
    }
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < form.bytes; i++)
      bits = bits << 8 | static_cast<unsigned char>(bytes[form.little ? form.bytes - 1 - i : i]);
    const unsigned shift = static_cast<unsigned>(64 - 8 * form.bytes);
    n = form.is_signed ? static_cast<std::int64_t>(bits << shift) >> shift : static_cast<std::int64_t>(bits);
    at += size;
    return true;
  }
  bool decimal(std::int64_t& n) {
    const auto digits = left().find_first_not_of("0123456789", left().starts_with('-') ? 1 : 0);
    if (digits == std::string_view::npos && !at_end) return short_of_text();
    const auto word = left().substr(0, digits);
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
    if (error != std::errc{} || word.empty()) return false;
    at += static_cast<std::size_t>(end - word.data());
    return true;
  }

  // The bytes of a text: of a length read before, of a fixed length, of a regular expression, or up to
  // `next`.
  bool text_bytes(const FormatItem& item, std::int64_t length, const std::string* next,
                  std::string_view& bytes) {
    if (item.text == FormatItem::Text::exactly) length = static_cast<std::int64_t>(item.exactly);
    if (length >= 0) {
      if (left().size() < static_cast<std::size_t>(length)) return short_of_text();
      bytes = left().substr(0, static_cast<std::size_t>(length));
    } else if (item.regex) {
      std::match_results<std::string_view::const_iterator> match;
      const auto rest = left();
      if (!std::regex_search(rest.begin(), rest.end(), match, *item.regex,
                             std::regex_constants::match_continuous))
        return short_of_text();
      bytes = rest.substr(0, static_cast<std::size_t>(match.length()));
      if (bytes.size() == rest.size() && !at_end) return short_of_text();
    } else {
      const auto end = next ? left().find(*next) : std::string_view::npos;
      if (end == std::string_view::npos && !at_end) return short_of_text();
      bytes = left().substr(0, end);
    }
    at += bytes.size();
    return decode(item, bytes);
  }

  bool decode(const FormatItem& item, std::string_view& bytes) {
    std::optional<std::string> raw;
    if (item.text == FormatItem::Text::hex) {
      raw = admin::from_hex(bytes);
    } else if (item.text == FormatItem::Text::base64) {
      raw = admin::from_base64(bytes);
    } else if (item.text == FormatItem::Text::json) {
      boost::json::error_code error;
      const auto value = boost::json::parse(boost::json::string_view(bytes.data(), bytes.size()), error);
      if (error) return false;
      raw = value.is_string() ? std::string(value.get_string()) : compact_json(bytes);
    } else {
      return true;
    }
    if (!raw) return false;
    bytes = decoded.emplace_back(std::move(*raw));
    return true;
  }

  bool optional_bytes(const FormatItem& item, std::int64_t length, const std::string* next,
                      std::optional<std::string_view>& to) {
    to.reset();
    if (length == -1) return true;  // null: nothing to read
    std::string_view bytes;
    if (!text_bytes(item, length, next, bytes)) return false;
    to = bytes;
    return true;
  }

  bool time(const FormatItem& item, const std::string* next) {
    std::string_view bytes;
    if (!text_bytes(item, -2, next, bytes)) return false;
    if (item.when == FormatItem::When::ms || item.when == FormatItem::When::s) {
      std::int64_t n = 0;
      const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), n);
      if (error == std::errc{} && end == bytes.data() + bytes.size()) {
        const std::int64_t unit = item.when == FormatItem::When::s ? 1000 : 1;
        if (n < -1 || n > INT64_MAX / unit) return false;  // -1: it has none
        record.timestamp = n < 0 ? -1 : n * unit;
        return true;
      }
      if (item.when == FormatItem::When::s) return false;
    }
    admin::Now now = admin::Now::here(item.when != FormatItem::When::local);
    const auto when = admin::parse_time(bytes, now);
    if (!when || *when < 0) return false;
    record.timestamp = *when;
    return true;
  }

  bool inner_header(const FormatItem& item) {
    admin::Record header;
    State one{text, at_end, header, decoded, at};
    for (std::size_t i = 0; i < item.inner.size(); i++)
      if (!one.item(item.inner, i)) return ended = one.ended, false;
    if (one.at == at) return false;
    at = one.at;
    record.headers.push_back({header.key.value_or(""), header.value});
    return true;
  }

  bool headers(const FormatItem& item, const std::string* next) {
    if (!item.inner.empty()) {
      for (std::int64_t n = 0; n != header_count; n++) {
        if (header_count < 0 && left().empty()) return at_end || short_of_text();
        if (header_count < 0 && left().starts_with('\n')) return true;
        if (!inner_header(item)) return false;
      }
      return true;
    }
    std::string_view list;
    if (!text_bytes(FormatItem{}, -2, next, list)) return false;
    while (!list.empty()) {
      const auto one = list.substr(0, list.find(','));
      list.remove_prefix(std::min(one.size() + 1, list.size()));
      const auto equals = one.find('=');
      if (equals == one.npos) return false;
      record.headers.push_back({one.substr(0, equals), one.substr(equals + 1)});
    }
    return true;
  }

  bool item(const std::vector<FormatItem>& items, std::size_t i) {
    const FormatItem& one = items[i];
    const std::string* next =
        i + 1 < items.size() && items[i + 1].verb == 0 ? &items[i + 1].literal : nullptr;
    std::int64_t n = 0;
    std::string_view bytes;
    switch (one.verb) {
      case 0:
        return literal(one.literal) || (at_end && left().empty() && i + 1 == items.size());
      case 'v':
        return optional_bytes(one, value_length, next, record.value);
      case 'k':
        return optional_bytes(one, key_length, next, record.key);
      case 't':
        if (!text_bytes(one, -2, next, bytes)) return false;
        record.topic = bytes;
        return true;
      case 'd':
        return time(one, next);
      case 'h':
        return headers(one, next);
      case 'V':
        return number(one.number, value_length) && value_length >= -1;
      case 'K':
        return number(one.number, key_length) && key_length >= -1;
      case 'H':
        return number(one.number, header_count) && header_count >= 0;
      case 'p':
        if (!number(one.number, n) || n < 0 || n > INT32_MAX) return false;
        record.partition = static_cast<std::int32_t>(n);
        return true;
      default:
        return number(one.number, n);  // an offset: it cannot be chosen
    }
  }
};

FormatReader::Result FormatReader::read(std::string_view text, bool at_end, admin::Record& record) {
  decoded_.clear();
  record = {};
  State state{text, at_end, record, decoded_};
  const auto& items = format_.items();
  for (std::size_t i = 0; i < items.size(); i++) {
    if (state.item(items, i)) continue;
    return {state.ended ? Outcome::more : Outcome::broken, state.at};
  }
  return {Outcome::record, state.at};
}

}  // namespace mq::cli
