// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/print.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/config/scalars.h"

namespace mq::cli {

namespace {

const json::value* field_of(const json::object& row, std::string_view field) {
  const json::value* value = row.if_contains(field);
  return value && !value->is_null() ? value : nullptr;
}

std::int64_t whole(const json::value& value) {
  if (value.is_uint64()) return static_cast<std::int64_t>(value.get_uint64());
  return value.is_int64() ? value.get_int64() : static_cast<std::int64_t>(value.as_double());
}

// As programs read it: strings without quotes, lists and objects as JSON.
std::string exact_text(const json::value& value) {
  if (value.is_null()) return {};
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

std::string list_text(const json::array& list) {
  std::string text;
  for (const json::value& value : list) text += (text.empty() ? "" : ",") + exact_text(value);
  return text;
}

std::string for_people(const json::value* value, Unit unit, const Layout& layout) {
  if (!value) return layout.unicode ? "–" : "-";
  if (value->is_string()) return printable(value->get_string());
  if (value->is_array()) return printable(list_text(value->get_array()));
  if (!value->is_number()) return printable(exact_text(*value));
  switch (unit) {
    case Unit::count:
      return human_count(whole(*value), layout.exact);
    case Unit::bytes:
      return human_bytes(whole(*value), layout.exact);
    case Unit::milliseconds:
      if (layout.exact) return std::to_string(whole(*value));
      return human_ms(whole(*value));
    default:
      return exact_text(*value);
  }
}

std::size_t width_of(std::string_view text) {  // code points; good enough without combining characters
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string cut(const std::string& line, std::size_t width, bool unicode) {
  if (width_of(line) <= width || width == 0) return line;
  std::size_t at = 0, seen = 0;
  while (at < line.size() && seen + 1 <= width - 1) {
    at++;
    while (at < line.size() && (line[at] & 0xC0) == 0x80) at++;
    seen++;
  }
  return line.substr(0, at) + (unicode ? "…" : ">");
}

// ---- rows ----

bool before(const json::value* a, const json::value* b) {
  if (!a || !b) return !a && b;
  if (a->is_number() && b->is_number()) return a->to_number<double>() < b->to_number<double>();
  return exact_text(*a) < exact_text(*b);
}

void check_field(const std::string& field, const Table& table, const std::vector<json::object>& rows) {
  if (rows.empty()) return;
  std::vector<std::string_view> known;
  for (const Column& column : table.columns) known.push_back(column.field);
  for (const auto& [key, value] : rows.front()) known.push_back(key);
  const auto has = [&](const json::object& row) { return row.contains(field); };
  if (std::find(known.begin(), known.end(), field) != known.end() ||
      std::any_of(rows.begin(), rows.end(), has))
    return;
  const std::string_view near = core::closest(field, known);
  std::string all;
  for (const auto& [key, value] : rows.front()) all += (all.empty() ? "" : ", ") + std::string(key);
  throw UsageError("there is no field " + in_quotes(field),
                   near.empty() ? "fields: " + all : "did you mean " + in_quotes(near) + "?  fields: " + all);
}

void arrange(std::vector<json::object>& rows, const Table& table, const Layout& layout) {
  for (const std::string& field : layout.fields) check_field(field, table, rows);
  const bool descending = layout.sort.starts_with('-');
  const std::string key = descending ? layout.sort.substr(1) : layout.sort;
  if (!key.empty()) {
    check_field(key, table, rows);
    std::stable_sort(rows.begin(), rows.end(), [&](const json::object& a, const json::object& b) {
      return descending ? before(field_of(b, key), field_of(a, key))
                        : before(field_of(a, key), field_of(b, key));
    });
  }
  if (rows.size() > layout.limit) rows.resize(layout.limit);
}

std::vector<json::object> only(const std::vector<json::object>& rows,
                               const std::vector<std::string>& fields) {
  if (fields.empty()) return rows;
  std::vector<json::object> chosen;
  for (const json::object& row : rows) {
    json::object part;
    for (const std::string& field : fields)
      if (const json::value* value = row.if_contains(field)) part[field] = *value;
    chosen.push_back(std::move(part));
  }
  return chosen;
}

// ---- formats ----

std::vector<Column> shown(const Table& table, const Layout& layout) {
  std::vector<Column> columns;
  for (const Column& column : table.columns)
    if (layout.fields.empty() && (!column.wide || layout.format == "wide")) columns.push_back(column);
  for (const std::string& field : layout.fields) {
    const auto known = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&](const Column& column) { return column.field == field; });
    columns.push_back(known == table.columns.end() ? Column{field, field} : *known);
  }
  return columns;
}

std::string as_table(const Table& table, const std::vector<json::object>& rows, const Layout& layout) {
  const std::vector<Column> columns = shown(table, layout);
  std::vector<bool> right(columns.size(), false);
  std::vector<std::vector<std::string>> lines;
  if (layout.headers) {
    lines.emplace_back();
    for (const Column& column : columns) {
      std::string title(column.title);
      std::transform(title.begin(), title.end(), title.begin(),
                     [](unsigned char c) { return std::toupper(c); });
      lines.back().push_back(std::move(title));
    }
  }
  for (const json::object& row : rows) {
    lines.emplace_back();
    for (std::size_t i = 0; i < columns.size(); i++) {
      const json::value* value = field_of(row, columns[i].field);
      if (value && value->is_number()) right[i] = true;
      lines.back().push_back(for_people(value, columns[i].unit, layout));
    }
  }
  std::string text;
  const std::string all = aligned(lines, right);
  for (std::size_t from = 0, to; (to = all.find('\n', from)) != all.npos; from = to + 1)
    text += cut(all.substr(from, to - from), layout.width, layout.unicode) + '\n';
  return text;
}

// Fields of all rows in the order they are met, for formats with a header and no types.
std::vector<std::string> fields_of(const Table& table, const std::vector<json::object>& rows,
                                   const Layout& layout) {
  if (!layout.fields.empty()) return layout.fields;
  std::vector<std::string> fields;
  for (const json::object& row : rows)
    for (const auto& [key, value] : row)
      if (std::find(fields.begin(), fields.end(), key) == fields.end()) fields.emplace_back(key);
  if (rows.empty())
    for (const Column& column : table.columns) fields.emplace_back(column.field);
  return fields;
}

std::string as_separated(const Table& table, const std::vector<json::object>& rows, const Layout& layout) {
  const bool csv = layout.format == "csv";
  const std::vector<std::string> fields = fields_of(table, rows, layout);
  const auto cell = [&](const std::string& text) { return csv ? csv_cell(text) : tsv_cell(text); };
  std::string text;
  const auto end_line = [&] { text.back() = '\n'; };  // over the last separator
  if (layout.headers && !fields.empty()) {
    for (const std::string& field : fields) text += cell(field) + (csv ? ',' : '\t');
    end_line();
  }
  for (const json::object& row : rows) {
    for (const std::string& field : fields) {
      const json::value* value = field_of(row, field);
      text += cell(value ? exact_text(*value) : std::string{}) + (csv ? ',' : '\t');
    }
    end_line();
  }
  return text;
}

json::value document(const std::vector<json::object>& rows, Shape shape) {
  if (shape == Shape::single && rows.size() == 1) return rows.front();
  return json::array(rows.begin(), rows.end());
}

std::string as_pages(const Table& table, const std::vector<json::object>& rows, const Layout& layout,
                     const Context& context) {
  std::string text;
  for (const json::object& row : rows) {
    if (table.apart && !text.empty()) text += '\n';
    text += table.page(context, row, layout.exact || layout.format == "wide");
  }
  return text;
}

}  // namespace

bool is_human(std::string_view format) {
  return format == "table" || format == "wide";
}

Layout Layout::from(const Context& context, const Arguments& arguments) {
  Layout layout;
  layout.format = context.output;
  const std::string columns = arguments.text("columns");  // the fields look into it
  for (std::string_view field : core::split(columns, ',')) layout.fields.emplace_back(field);
  layout.sort = arguments.text("sort");
  if (arguments.given("limit")) {
    if (arguments.number("limit") < 0) throw UsageError("--limit: it cannot be negative");
    layout.limit = static_cast<std::size_t>(arguments.number("limit"));
  }
  layout.headers = arguments.on("headers");
  layout.exact = arguments.on("exact") || layout.format == "wide";
  layout.indent = context.out_tty;
  if (context.out_tty) layout.width = context.width;
  layout.unicode = context.unicode;
  return layout;
}

std::string render(const Table& table, std::vector<json::object> rows, const Layout& layout, Shape shape,
                   const Context& context) {
  arrange(rows, table, layout);
  if (layout.format == "csv" || layout.format == "tsv") return as_separated(table, rows, layout);
  if (layout.format == "name") {
    std::string names;
    for (const json::object& row : rows)
      if (const json::value* value = field_of(row, table.name)) names += exact_text(*value) + "\n";
    return names;
  }
  if (is_human(layout.format)) {
    if (table.page && layout.fields.empty()) return as_pages(table, rows, layout, context);
    return as_table(table, rows, layout);
  }
  const std::vector<json::object> chosen = only(rows, layout.fields);
  if (layout.format == "yaml") return to_yaml(document(chosen, shape));
  if (layout.format == "json") return to_json(document(chosen, shape), layout.indent) + "\n";
  std::string lines;
  for (const json::object& row : chosen) lines += json::serialize(row) + "\n";
  return lines;
}

Exit print(Context& context, const Arguments& arguments, const Table& table, std::vector<json::object> rows,
           Shape shape, Exit exit) {
  context.write(render(table, std::move(rows), Layout::from(context, arguments), shape, context));
  return exit;
}

std::string aligned(const std::vector<std::vector<std::string>>& lines, const std::vector<bool>& right) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); i++) widths[i] = std::max(widths[i], width_of(line[i]));
  }
  std::string text;
  for (const auto& line : lines) {
    std::string whole_line;
    for (std::size_t i = 0; i < line.size(); i++) {
      const std::string gap(widths[i] - width_of(line[i]), ' ');
      const bool to_right = i < right.size() && right[i];
      whole_line += (i ? "  " : "") + (to_right ? gap + line[i] : line[i] + gap);
    }
    whole_line.erase(whole_line.find_last_not_of(' ') + 1);
    text += whole_line + '\n';
  }
  return text;
}

std::string text_of(const json::object& row, std::string_view field) {
  const json::value* value = row.if_contains(field);
  if (!value || value->is_null()) return "–";
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

std::string human_count(std::int64_t n, bool exact) {
  if (exact || (n < 1'000'000 && n > -1'000'000)) return std::to_string(n);
  double value = static_cast<double>(n) / 1e6;
  const char* unit = "M";
  for (const char* next : {"G", "T", "P"}) {
    if (std::abs(value) < 1000) break;
    value /= 1000;
    unit = next;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, unit);
  return text;
}

std::string human_bytes(std::int64_t n, bool exact) {
  if (exact) return std::to_string(n);
  return n < 0 ? std::to_string(n) + " B" : core::human_size(static_cast<std::uint64_t>(n));
}

std::string human_ms(std::int64_t ms) {
  char text[32];
  if (ms < 1000) return std::to_string(ms) + " ms";
  if (ms < 60'000) {
    std::snprintf(text, sizeof text, "%.1f s", std::floor(static_cast<double>(ms) / 100) / 10);
    return text;
  }
  const std::int64_t minutes = ms / 60'000, hours = minutes / 60;
  if (hours == 0) return std::to_string(minutes) + " m " + std::to_string(ms / 1000 % 60) + " s";
  if (hours < 48) return std::to_string(hours) + " h " + std::to_string(minutes % 60) + " m";
  return std::to_string(hours / 24) + " d " + std::to_string(hours % 24) + " h";
}

std::string counted(std::int64_t n, std::string_view what, bool exact) {
  const std::string_view ending = n == 1 ? "" : what.ends_with("ch") ? "es" : "s";
  return human_count(n, exact) + " " + std::string(what) + std::string(ending);
}

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      shown += c;
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
    shown += escaped;
  }
  return shown;
}

}  // namespace mq::cli
