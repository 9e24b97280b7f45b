// SPDX-License-Identifier: Apache-2.0
#include "cli/records/printer.h"

#include <boost/json.hpp>

#include "cli/frame/notation.h"
#include "core/admin/text.h"

namespace mq::cli {
namespace {

bool is_json(std::string_view text) {
  if (text.find_first_of("{[") != 0) return false;
  boost::json::error_code error;
  boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  return !error;
}

}  // namespace

Printer::Printer(PrinterOptions options) : options_(std::move(options)) {
  if (!options_.format) return;
  options_.format->null_text = options_.null_text.value_or("");
  options_.format->for_terminal = options_.for_terminal;
}

void Printer::print(Output& out, const admin::FoundRecord& found) {
  using What = PrinterOptions::What;
  const bool as_it_is = options_.what == What::value && !options_.for_terminal;
  if (as_it_is || options_.what == What::raw) {
    if (found.record.value) out.append(admin::text_of(*found.record.value));
    if (options_.what == What::value) out.append(options_.delimiter);
  } else if (options_.what != What::none) {
    text_.clear();
    write(text_, found);
    out.append(text_);
  }
  out.end_record();
}

void Printer::write(std::string& to, const admin::FoundRecord& found) {
  using What = PrinterOptions::What;
  admin::fill(record_, found);
  const std::string_view null =
      options_.null_text ? std::string_view(*options_.null_text) : std::string_view{};
  switch (options_.what) {
    case What::none:
      return;
    case What::value:
      text(to, record_.value.value_or(""));
      to += options_.delimiter;
      return;
    case What::raw:
      to += record_.value.value_or("");
      return;
    case What::kv:
      text(to, record_.key.value_or(null));
      to += options_.key_separator;
      text(to, record_.value.value_or(null));
      to += options_.delimiter;
      return;
    case What::json:
      envelope(to);
      to += '\n';
      return;
    case What::pretty:
      return pretty(to);
    case What::hex:
      return dump(to);
    case What::format:
      return options_.format->write(to, record_, options_.utc);
  }
}

void Printer::envelope(std::string& to) {
  const std::size_t from = to.size();
  options_.envelope.write(to, record_);
  if (!options_.over_lines) return;
  boost::json::error_code error;
  const auto value = boost::json::parse(boost::json::string_view(to.data() + from, to.size() - from), error);
  if (!error) to.replace(from, to.npos, to_json(value, true));
}

void Printer::text(std::string& to, std::string_view bytes) {
  options_.for_terminal ? admin::append_for_terminal(to, bytes) : void(to += bytes);
}

// 13:04:19.123  orders[2]@17  key=u-42  81 B  trace=ab12
void Printer::metadata(std::string& to) {
  if (record_.timestamp >= 0) {
    to += admin::format_clock(record_.timestamp, admin::Now::here(options_.utc));
    to += "  ";
  }
  to += record_.topic;
  to += '[';
  admin::append_number(to, record_.partition);
  to += "]@";
  admin::append_number(to, record_.offset);
  if (record_.key) {
    to += "  key=";
    admin::append_escaped(to, *record_.key);
  }
  to += "  ";
  admin::append_number(to, record_.value ? static_cast<std::int64_t>(record_.value->size()) : 0);
  to += " B";
  for (const admin::RecordHeader& header : record_.headers) {
    to += "  ";
    admin::append_escaped(to, header.key);
    to += '=';
    admin::append_escaped(to, header.value.value_or("null"));
  }
}

void Printer::pretty(std::string& to) {
  if (options_.color) to += "\033[2m";
  metadata(to);
  if (options_.color) to += "\033[0m";
  to += '\n';
  if (!record_.value) {
    to += options_.color ? "\033[2mnull\033[0m" : "null";
  } else if (is_json(*record_.value) && admin::valid_utf8(*record_.value) &&
             !admin::has_controls(*record_.value)) {
    to += *record_.value;
  } else {
    admin::append_escaped(to, *record_.value);
  }
  to += '\n';
}

void Printer::dump(std::string& to) {
  metadata(to);
  to += '\n';
  admin::append_dump(to, record_.value.value_or(""));
}

}  // namespace mq::cli
